// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// fakeMaster answers operators with what a test says, and keeps what they asked.
type fakeMaster struct {
	link.UnimplementedOperatorsServer
	answers     map[operator.Call_Type][]*operator.Response // one after the other, the last for ever
	refusal     error                                       // of a call without an answer
	explanation *link.ExplainResponse

	asked   []proto.Message
	address string
}

func (f *fakeMaster) Call(_ context.Context, c *operator.Call) (*operator.Response, error) {
	f.asked = append(f.asked, c)
	answers := f.answers[c.GetType()]
	if len(answers) == 0 {
		return new(operator.Response), f.refusal
	}
	if len(answers) > 1 {
		f.answers[c.GetType()] = answers[1:]
	}
	return answers[0], nil
}

func (f *fakeMaster) Explain(_ context.Context, q *link.ExplainRequest) (*link.ExplainResponse, error) {
	f.asked = append(f.asked, q)
	return f.explanation, f.refusal
}

// serve serves until the test ends.
func (f *fakeMaster) serve(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.address = l.Addr().String()
	server := grpc.NewServer()
	link.RegisterOperatorsServer(server, f)
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
}

// orders are the calls that are not questions.
func (f *fakeMaster) orders() (orders []proto.Message) {
	for _, m := range f.asked {
		if c, ok := m.(*operator.Call); !ok || !strings.HasPrefix(c.GetType().String(), "GET_") {
			orders = append(orders, m)
		}
	}
	return orders
}

// operate runs a command against the master.
func (f *fakeMaster) operate(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	env := func(name string) (string, bool) { return f.address, name == "TEPUI_MASTER" }
	status = Main(args, env, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func someAgents() []*operator.Response {
	agent := func(id, host string) *operator.Response_GetAgents_Agent {
		return &operator.Response_GetAgents_Agent{
			AgentInfo: &mesos.AgentInfo{Id: &mesos.AgentID{Value: &id}, Hostname: &host}, Active: new(true), Version: new("1"),
			RegisteredTime:     &mesos.TimeInfo{Nanoseconds: new(time.Date(2026, 5, 4, 3, 2, 1, 0, time.Local).UnixNano())},
			TotalResources:     resource.MustParse("cpus:4;mem:1024").Proto(),
			AllocatedResources: resource.MustParse("cpus:1.5;mem:64").Proto(),
			OfferedResources:   resource.MustParse("cpus:2").Proto(),
		}
	}
	draining, deactivated, lost := agent("m-S1", "b"), agent("m-S2", "c\n"), agent("m-S11", "c\n")
	draining.DrainInfo = &mesos.DrainInfo{State: mesos.DrainState_DRAINING.Enum(), Config: &mesos.DrainConfig{}}
	deactivated.Deactivated, deactivated.Active = new(true), new(false)
	lost.Active = new(false)
	return []*operator.Response{{GetAgents: &operator.Response_GetAgents{
		Agents: []*operator.Response_GetAgents_Agent{agent("m-S0", "a"), draining, deactivated, lost},
		RecoveredAgents: []*mesos.AgentInfo{
			{Id: &mesos.AgentID{Value: new("l-S0")}, Hostname: new("d")},
		},
	}}}
}

func someFrameworks() []*operator.Response {
	framework := func(id, name string) *operator.Response_GetFrameworks_Framework {
		return &operator.Response_GetFrameworks_Framework{
			FrameworkInfo: &mesos.FrameworkInfo{Id: &mesos.FrameworkID{Value: &id}, Name: &name, User: new("u")},
			Active:        new(true), Connected: new(true), Recovered: new(false),
			AllocatedResources: resource.MustParse("cpus:1;mem:64").Proto(),
		}
	}
	away, multi := framework("m-0002", "two"), framework("m-0003", "two")
	away.Connected, away.Active = new(false), new(false)
	multi.FrameworkInfo.Roles = []string{"x", "y/z"}
	multi.FrameworkInfo.Capabilities = []*mesos.FrameworkInfo_Capability{{Type: mesos.FrameworkInfo_Capability_MULTI_ROLE.Enum()}}
	return []*operator.Response{{GetFrameworks: &operator.Response_GetFrameworks{
		Frameworks:          []*operator.Response_GetFrameworks_Framework{framework("m-0001", "one"), away, multi},
		CompletedFrameworks: []*operator.Response_GetFrameworks_Framework{framework("l-0009", "old")},
	}}}
}

func newFakeMaster(t *testing.T) *fakeMaster {
	t.Helper()
	f := &fakeMaster{answers: map[operator.Call_Type][]*operator.Response{
		operator.Call_GET_AGENTS:     someAgents(),
		operator.Call_GET_FRAMEWORKS: someFrameworks(),
	}}
	f.serve(t)
	return f
}

func TestOrdersOfOperators(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string // of the only call, as text
		says string
	}{
		"drain by host": {
			[]string{"agent", "drain", "a", "--max_grace_period", "1mins"},
			`type: DRAIN_AGENT drain_agent: { agent_id: { value: "m-S0" } max_grace_period: { seconds: 60 } mark_gone: false }`,
			"agent m-S0 is draining\n",
		},
		"drain without grace": {
			[]string{"agent", "drain", "a", "--max_grace_period", "0secs", "--mark_gone"},
			`type: DRAIN_AGENT drain_agent: { agent_id: { value: "m-S0" } max_grace_period: {} mark_gone: true }`,
			"agent m-S0 is draining\n",
		},
		"drain with the grace of each": {
			[]string{"agent", "drain", "a"},
			`type: DRAIN_AGENT drain_agent: { agent_id: { value: "m-S0" } mark_gone: false }`,
			"agent m-S0 is draining\n",
		},
		"deactivate by the end of the id": {
			[]string{"agent", "deactivate", "S1"},
			`type: DEACTIVATE_AGENT deactivate_agent: { agent_id: { value: "m-S1" } }`,
			"agent m-S1 is deactivated\n",
		},
		"reactivate by id": {
			[]string{"agent", "reactivate", "m-S2"},
			`type: REACTIVATE_AGENT reactivate_agent: { agent_id: { value: "m-S2" } }`,
			"agent m-S2 is active\n",
		},
		"gone, one that is not listed": {
			[]string{"agent", "gone", "k-S5"},
			`type: MARK_AGENT_GONE mark_agent_gone: { agent_id: { value: "k-S5" } }`,
			"agent k-S5 is gone\n",
		},
		"gone, one that is awaited": {
			[]string{"agent", "gone", "d"},
			`type: MARK_AGENT_GONE mark_agent_gone: { agent_id: { value: "l-S0" } }`,
			"agent l-S0 is gone\n",
		},
		"teardown by name": {
			[]string{"framework", "teardown", "one"},
			`type: TEARDOWN teardown: { framework_id: { value: "m-0001" } }`,
			"framework m-0001 is torn down\n",
		},
		"quota": {
			[]string{"quota", "set", "web", "--guarantee", "cpus:4; mem:8192", "--limit", "gpus:0;cpus:8.5"},
			`type: UPDATE_QUOTA update_quota: { force: false quota_configs: { role: "web"
				guarantees: { key: "cpus" value: { value: 4 } } guarantees: { key: "mem" value: { value: 8192 } }
				limits: { key: "cpus" value: { value: 8.5 } } limits: { key: "gpus" value: { value: 0 } } } }`,
			"role web has a quota\n",
		},
		"no quota": {
			[]string{"quota", "remove", "web"},
			`type: UPDATE_QUOTA update_quota: { force: false quota_configs: { role: "web" } }`,
			"role web has no quota\n",
		},
		"machines down": {
			[]string{"maintenance", "start", "a", "10.0.0.1", "b/10.0.0.2"},
			`type: START_MAINTENANCE start_maintenance: {
				machines: { hostname: "a" } machines: { ip: "10.0.0.1" } machines: { hostname: "b" ip: "10.0.0.2" } }`,
			"machine a is down\nmachine 10.0.0.1 is down\nmachine b/10.0.0.2 is down\n",
		},
		"machines up": {
			[]string{"maintenance", "stop", "a"},
			`type: STOP_MAINTENANCE stop_maintenance: { machines: { hostname: "a" } }`,
			"machine a is up\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeMaster(t)
			code, out, errs := f.operate(tc.args...)
			if code != 0 || out != tc.says || errs != "" {
				t.Errorf("exit status %d, it prints %q and says %q", code, out, errs)
			}
			want := new(operator.Call)
			if err := prototext.Unmarshal([]byte(tc.want), want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]proto.Message{want}, f.orders(), protocmp.Transform()); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOperatorsAreToldWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no such agent":       {[]string{"agent", "gone", "x"}, 1, `agent "x": there is none with this id or name: 'tepui agents' shows them`},
		"two agents":          {[]string{"agent", "drain", "c\n"}, 1, `agent "c\n": 2 are called so (m-S2, m-S11): give the id`},
		"two frameworks":      {[]string{"explain", "offers", "two"}, 1, `framework "two": 2 are called so (m-0002, m-0003): give the id`},
		"no such framework":   {[]string{"framework", "teardown", "x"}, 1, `framework "x": there is none with this id or name: 'tepui frameworks' shows them`},
		"no agent":            {[]string{"agent", "drain"}, 2, "AGENT is missing"},
		"an argument more":    {[]string{"agent", "drain", "a", "b"}, 2, `argument "b": one too many`},
		"no limit":            {[]string{"explain", "offers", "one", "--limit", "0"}, 2, "--limit 0: must be from 1 to 1000"},
		"no weight":           {[]string{"weights", "web"}, 2, `"web": must be ROLE=WEIGHT, such as web=2`},
		"a weight of nothing": {[]string{"weights", "web=0"}, 2, `"web=0": the weight must be a number greater than 0`},
		"a weight of NaN":     {[]string{"weights", "web=nan"}, 2, `"web=nan": the weight must be a number greater than 0`},
		"no quota":            {[]string{"quota", "set", "web"}, 2, "--guarantee or --limit must be given: 'tepui quota remove' removes a quota"},
		"a quota of ports":    {[]string{"quota", "set", "web", "--limit", "ports:[1-2]"}, 2, `--limit "ports:[1-2]": must be amounts without roles, such as cpus:4;mem:8192`},
		"a quota twice":       {[]string{"quota", "set", "web", "--limit", "cpus:1;cpus:2"}, 2, `--limit "cpus:1;cpus:2": cpus is named twice`},
		"a negative quota":    {[]string{"quota", "set", "web", "--guarantee", "cpus:-1"}, 2, `--guarantee "cpus:-1": must be amounts`},
		"no machine":          {[]string{"maintenance", "start"}, 2, "MACHINE is missing"},
		"a window of nothing": {[]string{"maintenance", "schedule", "--start", "1hrs"}, 2, "MACHINE is missing"},
		"no address":          {[]string{"maintenance", "stop", "a/b"}, 2, `"a/b": must be a hostname, an IP address, or both as HOST/IP`},
		"no time":             {[]string{"maintenance", "schedule", "a", "--start", "soon"}, 2, `--start "soon": must be a time such as '2026-12-31 23:00', or the time until then such as 2hrs`},
		"not planned":         {[]string{"maintenance", "schedule", "a", "--cancel"}, 1, "a: not in the schedule: 'tepui maintenance schedule' shows it"},
		"no form":             {[]string{"agents", "-o", "yaml"}, 2, `--output "yaml": must be table or json`},
		"no command":          {[]string{"agent", "dance"}, 2, `argument "dance": none is expected`},
		"no group's command":  {[]string{"quota", "dance"}, 2, `unknown command "dance"`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeMaster(t)
			code, out, errs := f.operate(tc.args...)
			if code != tc.code || out != "" || !strings.Contains(errs, tc.says) || strings.Count(errs, "\n") != 1 {
				t.Errorf("exit status %d, it prints %q and says %q", code, out, errs)
			}
			if len(f.orders()) > 0 {
				t.Errorf("it orders %v", f.orders())
			}
		})
	}
}

func TestOperatorsAreToldWhatTheMasterSays(t *testing.T) {
	for name, tc := range map[string]struct {
		refusal error
		says    string
	}{
		"a conflict":      {status.Error(codes.FailedPrecondition, "agent_id m-S0: is draining"), "tepui agent reactivate: agent_id m-S0: is draining\n"},
		"an older master": {status.Error(codes.Unimplemented, "type REACTIVATE_AGENT: not supported"), ": this master cannot do that: type REACTIVATE_AGENT: not supported\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeMaster(t)
			f.refusal = tc.refusal
			if code, out, errs := f.operate("agent", "reactivate", "a"); code != 1 || out != "" || !strings.HasSuffix(errs, tc.says) {
				t.Errorf("exit status %d, it prints %q and says %q", code, out, errs)
			}
		})
	}
	nobody := &fakeMaster{address: "127.0.0.1:1"}
	if code, _, errs := nobody.operate("agents"); code != 1 || !strings.HasPrefix(errs, "tepui agents: --master 127.0.0.1:1: no master answers there: dial tcp 127.0.0.1:1: ") {
		t.Errorf("exit status %d, it says %q", code, errs)
	}
}
