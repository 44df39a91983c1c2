// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

func TestEnvironment(t *testing.T) {
	key := newSecret()
	e := environment{
		endpoint: netip.MustParseAddrPort("10.0.0.1:5051"), socket: "/run/agent.sock", mesosHome: "/opt/tepui", secret: &key,
	}
	base := []string{
		"LIBPROCESS_PORT=0", "MESOS_AGENT_ENDPOINT=10.0.0.1:5051", "MESOS_CHECKPOINT=0", "MESOS_DIRECTORY=/box",
		"MESOS_EXECUTOR_ID=e", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=5secs", "MESOS_FRAMEWORK_ID=f", "MESOS_HOME=/opt/tepui",
		"MESOS_HTTP_COMMAND_EXECUTOR=0", "MESOS_SANDBOX=/box", "MESOS_SLAVE_ID=a", "MESOS_SLAVE_PID=slave(1)@10.0.0.1:5051",
		"PATH=" + defaultPath,
	}
	for name, c := range map[string]struct {
		mod func(*core.Launch)
		add []string
	}{
		"a command": {func(*core.Launch) {}, nil},
		"an executor": {func(l *core.Launch) { l.Custom = true }, []string{
			"MESOS_DOMAIN_SOCKET=/run/agent.sock", "MESOS_EXECUTOR_AUTHENTICATION_TOKEN=" + key.token("c"),
		}},
		"a framework that checkpoints": {func(l *core.Launch) { l.Checkpoint = true }, []string{
			"MESOS_CHECKPOINT=1", "MESOS_RECOVERY_TIMEOUT=15mins", "MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs",
		}},
		"what the command brings": {func(l *core.Launch) {
			l.Command.Environment = variables("PATH", "/bin", "A", "b=c", "A", "last")
		}, []string{"PATH=/bin", "A=last"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := core.Launch{
				Container: "c", Agent: "a", Framework: "f", Executor: "e",
				Command: &mesos.CommandInfo{}, ShutdownGrace: 5 * time.Second,
			}
			c.mod(&l)
			got, err := e.of(&l, "/box")
			if err != nil {
				t.Fatal(err)
			}
			want := slices.DeleteFunc(slices.Clone(base), func(kv string) bool {
				key, _, _ := strings.Cut(kv, "=")
				return slices.ContainsFunc(c.add, func(a string) bool { return strings.HasPrefix(a, key+"=") })
			})
			want = slices.Sorted(slices.Values(append(want, c.add...)))
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func variables(pairs ...string) *mesos.Environment {
	e := &mesos.Environment{}
	for i := 0; i < len(pairs); i += 2 {
		e.Variables = append(e.Variables, &mesos.Environment_Variable{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return e
}

func TestBadVariables(t *testing.T) {
	secretive := variables("S", "")
	secretive.Variables[0].Type = mesos.Environment_Variable_SECRET.Enum()
	for name, e := range map[string]*mesos.Environment{
		"no name":      variables("", "x"),
		"= in a name":  variables("a=b", "x"),
		"NUL":          variables("a\x00", "x"),
		"NUL as value": variables("a", "x\x00y"),
		"a secret":     secretive,
	} {
		if err := addVariables(map[string]string{}, e); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ns", 5 * time.Second: "5secs", 90 * time.Second: "90secs", 2 * time.Minute: "2mins", 3 * time.Hour: "3hrs",
		1500 * time.Millisecond: "1500ms", 7 * time.Microsecond: "7us", 1001: "1001ns",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for name, c := range map[string]struct {
		command *mesos.CommandInfo
		want    []string
	}{
		"a shell's":           {&mesos.CommandInfo{Value: new("a b")}, []string{"/bin/sh", "-c", "a b"}},
		"a program":           {&mesos.CommandInfo{Shell: new(false), Value: new("p")}, []string{"p"}},
		"a program's":         {&mesos.CommandInfo{Shell: new(false), Value: new("p"), Arguments: []string{"name", "x", "y"}}, []string{"p", "x", "y"}},
		"arguments only":      {&mesos.CommandInfo{Shell: new(false), Arguments: []string{"p", "x"}}, []string{"p", "x"}},
		"a shell's arguments": {&mesos.CommandInfo{Value: new("a"), Arguments: []string{"ignored"}}, []string{"/bin/sh", "-c", "a"}},
	} {
		if diff := cmp.Diff(c.want, arguments(c.command)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
