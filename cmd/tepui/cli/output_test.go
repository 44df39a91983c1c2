// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/allocator"
	"github.com/tepui/tepui/api/v1/maintenance"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// prints checks what a command prints, without spaces at ends of lines.
func (f *fakeMaster) prints(t *testing.T, want string, args ...string) {
	t.Helper()
	code, out, errs := f.operate(args...)
	if code != 0 || errs != "" {
		t.Errorf("exit status %d, it says %q", code, errs)
	}
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if diff := cmp.Diff(strings.Split(strings.Trim(want, "\n"), "\n"), lines); diff != "" {
		t.Errorf("it prints (-want +got):\n%s\n%s", diff, out)
	}
}

func TestAgentsAreListed(t *testing.T) {
	newFakeMaster(t).prints(t, `
ID     HOST  STATE         CPUS     MEM        DISK  GPUS  SINCE
m-S0   a     active        1.5/2/4  64/0/1024  -     -     2026-05-04 03:02:01
m-S1   b     draining      1.5/2/4  64/0/1024  -     -     2026-05-04 03:02:01
m-S2   c?    deactivated   1.5/2/4  64/0/1024  -     -     2026-05-04 03:02:01
m-S11  c?    disconnected  1.5/2/4  64/0/1024  -     -     2026-05-04 03:02:01
l-S0   d     awaited       -        -          -     -     -`, "agents")
}

func TestFrameworksAreListed(t *testing.T) {
	f := newFakeMaster(t)
	const table = `
ID      NAME  ROLES  STATE         USED           OFFERED
m-0001  one   *      active        cpus:1;mem:64  -
m-0002  two   *      disconnected  cpus:1;mem:64  -
m-0003  two   x,y/z  active        cpus:1;mem:64  -
`
	f.prints(t, table, "frameworks")
	f.prints(t, table+"l-0009  old   *      completed     cpus:1;mem:64  -", "frameworks", "--completed")
}

func TestJSONHasTheNamesAndNumbersOfTheWire(t *testing.T) {
	f := newFakeMaster(t)
	f.answers[operator.Call_GET_AGENTS] = []*operator.Response{{GetAgents: &operator.Response_GetAgents{
		Agents: []*operator.Response_GetAgents_Agent{{
			AgentInfo: &mesos.AgentInfo{Hostname: new("h")}, Active: new(false), Version: new("1"),
			RegisteredTime: &mesos.TimeInfo{Nanoseconds: new(int64(1) << 60)},
			DrainInfo:      &mesos.DrainInfo{State: mesos.DrainState_DRAINED.Enum(), Config: &mesos.DrainConfig{}},
		}},
	}}}
	f.prints(t, `
{
  "agents": [
    {
      "active": false,
      "agent_info": {
        "hostname": "h"
      },
      "drain_info": {
        "config": {},
        "state": "DRAINED"
      },
      "registered_time": {
        "nanoseconds": 1152921504606846976
      },
      "version": "1"
    }
  ]
}`, "agents", "-o", "json")
	f.answers[operator.Call_GET_QUOTA] = []*operator.Response{{GetQuota: &operator.Response_GetQuota{Status: &quota.QuotaStatus{
		Configs: []*quota.QuotaConfig{{Role: new("r"), Limits: map[string]*mesos.Value_Scalar{"cpus": {Value: new(1.5)}}}},
	}}}}
	f.prints(t, `
{
  "configs": [
    {
      "limits": {
        "cpus": {
          "value": 1.5
        }
      },
      "role": "r"
    }
  ]
}`, "quota", "get", "r", "--output", "json")
}

func TestRolesWeightsAndQuotaAreListed(t *testing.T) {
	f := newFakeMaster(t)
	f.answers[operator.Call_GET_ROLES] = []*operator.Response{{GetRoles: &operator.Response_GetRoles{Roles: []*mesos.Role{
		{Name: new("*"), Weight: new(1.0)},
		{Name: new("web"), Weight: new(2.5), Frameworks: []*mesos.FrameworkID{{Value: new("m-0001")}, {Value: new("m-0002")}}, Resources: resource.MustParse("cpus:1").Proto()},
	}}}}
	f.prints(t, `
ROLE  WEIGHT  FRAMEWORKS  RESOURCES
*     1       0           -
web   2.5     2           cpus:1`, "roles")
	f.answers[operator.Call_GET_WEIGHTS] = []*operator.Response{{GetWeights: &operator.Response_GetWeights{WeightInfos: []*mesos.WeightInfo{
		{Role: new("web"), Weight: new(2.125)},
	}}}}
	f.prints(t, `
ROLE  WEIGHT
web   2.125`, "weights", "web=2.125", "a/b=1e3")
	want := new(operator.Call)
	if err := prototext.Unmarshal([]byte(`type: UPDATE_WEIGHTS update_weights: {
		weight_infos: { role: "web" weight: 2.125 } weight_infos: { role: "a/b" weight: 1000 } }`), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]proto.Message{want}, f.orders(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	f.answers[operator.Call_GET_QUOTA] = []*operator.Response{{GetQuota: &operator.Response_GetQuota{Status: &quota.QuotaStatus{
		Configs: []*quota.QuotaConfig{
			{Role: new("batch"), Guarantees: map[string]*mesos.Value_Scalar{"mem": {Value: new(64.0)}, "cpus": {Value: new(0.5)}}},
			{Role: new("web"), Limits: map[string]*mesos.Value_Scalar{"cpus": {Value: new(0.0)}}},
		},
	}}}}
	f.prints(t, `
ROLE   PROMISED         LIMIT
batch  cpus:0.5;mem:64  -
web    -                cpus:0`, "quota", "get")
	f.prints(t, `
ROLE  PROMISED  LIMIT
web   -         cpus:0`, "quota", "get", "web")
}

func TestOffersAreExplained(t *testing.T) {
	f := newFakeMaster(t)
	f.explanation = &link.ExplainResponse{Roles: []*link.RoleExplanation{
		{
			Role: new("web"), Share: new(0.41999), RoleShare: new(0.11), DominantResource: new("cpus"), Weight: new(2.0),
			Quota: &quota.QuotaConfig{
				Role:       new("web"),
				Guarantees: map[string]*mesos.Value_Scalar{"cpus": {Value: new(4.0)}},
				Limits:     map[string]*mesos.Value_Scalar{"cpus": {Value: new(8.0)}},
			},
			Consumed: map[string]*mesos.Value_Scalar{"cpus": {Value: new(6.0)}},
			Offered:  resource.MustParse("cpus:2;mem:64").Proto(), Used: resource.MustParse("cpus:4;mem:128").Proto(),
			Verdicts: []*link.VerdictCount{{Verdict: new("filtered"), Agents: new(uint32(120))}, {Verdict: new("share"), Agents: new(uint32(1))}},
			Agents: []*link.AgentExplanation{
				{
					AgentId: &mesos.AgentID{Value: new("m-S0")}, Hostname: new("a"), Verdict: new("filtered"),
					Text: new("until 12:00:05 (4.2s left)"), Free: resource.MustParse("cpus:1").Proto(),
				},
				{AgentId: &mesos.AgentID{Value: new("m-S1")}, Hostname: new("b"), Verdict: new("share"), Text: new("0.42 against 0.11 of m-0001")},
			},
		},
		{Role: new("x"), Silent: new("suppressed"), Share: new(0.0), RoleShare: new(0.0), Weight: new(1.0)},
	}}
	f.prints(t, `
framework one (m-0001)

role web
  share     0.42 of cpus within the role; the role 0.11, at weight 2
  used      cpus:4;mem:128
  offered   cpus:2;mem:64
  promised  cpus:4
  limit     cpus:8, of which cpus:6 are taken
  agents    120 filtered, 1 share

  AGENT  HOST  FREE    VERDICT   WHY
  m-S0   a     cpus:1  filtered  until 12:00:05 (4.2s left)
  m-S1   b     -       share     0.42 against 0.11 of m-0001
  and 119 more: --limit 121 shows them, --agent any one

role x
  no offers: suppressed
  share     0 within the role; the role 0, at weight 1
  agents    there is none`, "explain", "offers", "one")
	if diff := cmp.Diff([]proto.Message{&link.ExplainRequest{
		FrameworkId: &mesos.FrameworkID{Value: new("m-0001")}, Limit: new(uint32(20)),
	}}, f.orders(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	f.asked, f.explanation = nil, new(link.ExplainResponse)
	f.prints(t, `
framework one (m-0001)

It has no role, and so gets no offers: it must subscribe to one.`, "explain", "offers", "m-0001", "--role", "web", "--agent", "a", "--limit", "3")
	if diff := cmp.Diff([]proto.Message{&link.ExplainRequest{
		FrameworkId: &mesos.FrameworkID{Value: new("m-0001")}, Limit: new(uint32(3)),
		Role: new("web"), AgentId: &mesos.AgentID{Value: new("m-S0")},
	}}, f.orders(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestTheScheduleIsShownAndChanged(t *testing.T) {
	f := newFakeMaster(t)
	start := time.Date(2026, 5, 4, 3, 0, 0, 0, time.Local)
	window := func(hosts ...string) *maintenance.Window {
		w := &maintenance.Window{Unavailability: &mesos.Unavailability{
			Start: &mesos.TimeInfo{Nanoseconds: new(start.UnixNano())}, Duration: mesos.NewDuration(90 * time.Minute),
		}}
		for _, h := range hosts {
			w.MachineIds = append(w.MachineIds, &mesos.MachineID{Hostname: &h})
		}
		return w
	}
	planned := func(windows ...*maintenance.Window) *maintenance.Schedule {
		return &maintenance.Schedule{Windows: windows}
	}
	f.answers[operator.Call_GET_MAINTENANCE_SCHEDULE] = []*operator.Response{{
		GetMaintenanceSchedule: &operator.Response_GetMaintenanceSchedule{Schedule: planned(window("A", "b"), window("c"))},
	}}
	f.prints(t, `
MACHINE  START                DURATION
A        2026-05-04 03:00:00  90mins
b        2026-05-04 03:00:00  90mins
c        2026-05-04 03:00:00  90mins`, "maintenance", "schedule")
	for args, want := range map[string]*maintenance.Schedule{
		"a d --start 2026-05-04T03:00:00" + start.Format("Z07:00") + " --duration 90mins": planned(window("b"), window("c"), window("a", "d")),
		"c --cancel":     planned(window("A", "b")),
		"a b c --cancel": planned(),
	} {
		f.asked = nil
		if code, _, errs := f.operate(append([]string{"maintenance", "schedule"}, strings.Fields(args)...)...); code != 0 {
			t.Errorf("%s: exit status %d, it says %q", args, code, errs)
		}
		if diff := cmp.Diff([]proto.Message{&operator.Call{
			Type:                      operator.Call_UPDATE_MAINTENANCE_SCHEDULE.Enum(),
			UpdateMaintenanceSchedule: &operator.Call_UpdateMaintenanceSchedule{Schedule: want},
		}}, f.orders(), protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}

func TestTheStartOfMaintenanceIsATimeOrHowLongUntilThen(t *testing.T) {
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.FixedZone("CET", 3600))
	for text, want := range map[string]time.Time{
		"2026-12-31 23:00":     time.Date(2026, 12, 31, 23, 0, 0, 0, now.Location()),
		"2026-12-31 23:00:07":  time.Date(2026, 12, 31, 23, 0, 7, 0, now.Location()),
		"2026-12-31T23:00:00Z": time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC),
		"2hrs":                 now.Add(2 * time.Hour),
		"0secs":                now,
	} {
		if got, err := parseStart(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, error %v, want %v", text, got, err, want)
		}
	}
}

func TestTheStatusOfMaintenanceIsShown(t *testing.T) {
	f := newFakeMaster(t)
	at := &mesos.TimeInfo{Nanoseconds: new(time.Date(2026, 5, 4, 3, 2, 1, 0, time.Local).UnixNano())}
	f.answers[operator.Call_GET_MAINTENANCE_STATUS] = []*operator.Response{{GetMaintenanceStatus: &operator.Response_GetMaintenanceStatus{
		Status: &maintenance.ClusterStatus{
			DrainingMachines: []*maintenance.ClusterStatus_DrainingMachine{
				{Id: &mesos.MachineID{Hostname: new("a"), Ip: new("10.0.0.1")}, Statuses: []*allocator.InverseOfferStatus{
					{Status: allocator.InverseOfferStatus_DECLINE.Enum(), FrameworkId: &mesos.FrameworkID{Value: new("m-0001")}, Timestamp: at},
					{Status: allocator.InverseOfferStatus_UNKNOWN.Enum(), FrameworkId: &mesos.FrameworkID{Value: new("m-0002")}, Timestamp: at},
				}},
				{Id: &mesos.MachineID{Ip: new("10.0.0.2")}},
			},
			DownMachines: []*mesos.MachineID{{Hostname: new("c")}},
		},
	}}}
	f.prints(t, `
MACHINE     MODE      FRAMEWORK  ANSWER   AT
a/10.0.0.1  draining  m-0001     decline  2026-05-04 03:02:01
a/10.0.0.1  draining  m-0002     unknown  2026-05-04 03:02:01
10.0.0.2    draining  -          -        -
c           down      -          -        -`, "maintenance", "status")
}

func TestADrainIsWaitedFor(t *testing.T) {
	drain := func(state mesos.DrainState) *operator.Response {
		agents := someAgents()[0]
		agents.GetAgents.Agents[0].DrainInfo = &mesos.DrainInfo{State: &state, Config: &mesos.DrainConfig{}}
		return agents
	}
	draining, drained := drain(mesos.DrainState_DRAINING), drain(mesos.DrainState_DRAINED)
	without := someAgents()[0]
	without.GetAgents.Agents = without.GetAgents.Agents[1:]
	plain := someAgents()[0]
	for name, tc := range map[string]struct {
		gone    bool
		answers []*operator.Response // the first is for the name
		code    int
		says    string
	}{
		"until it is drained":        {false, []*operator.Response{plain, draining, drained}, 0, "agent m-S0 is drained\n"},
		"until it is gone":           {true, []*operator.Response{plain, draining, drained, without}, 0, "agent m-S0 is drained and gone\n"},
		"until it is lost":           {false, []*operator.Response{plain, draining, without}, 1, "tepui agent drain: agent m-S0: it is no longer registered: it drains when it comes back\n"},
		"until it is active again":   {false, []*operator.Response{plain, draining, plain}, 1, "tepui agent drain: agent m-S0: it is active: somebody else has ended the drain\n"},
		"not when it is at once":     {false, []*operator.Response{plain, drained}, 0, "agent m-S0 is drained\n"},
		"also where it is gone soon": {true, []*operator.Response{plain, without}, 0, "agent m-S0 is drained and gone\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeMaster(t)
			f.answers[operator.Call_GET_AGENTS] = tc.answers
			args := []string{"agent", "drain", "a", "--wait"}
			if tc.gone {
				args = append(args, "--mark_gone")
			}
			if code, out, errs := f.operate(args...); code != tc.code || out+errs != tc.says {
				t.Errorf("exit status %d, it says %q", code, out+errs)
			}
		})
	}
}
