// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/executor/command"
)

const (
	exited0 = syscall.WaitStatus(0)
	exited3 = syscall.WaitStatus(3 << 8)
	sigterm = syscall.WaitStatus(syscall.SIGTERM)
	sigkill = syscall.WaitStatus(syscall.SIGKILL)
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func grace(d time.Duration) *mesos.KillPolicy {
	return &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(d))}}
}

func task(mod ...func(*mesos.TaskInfo)) *mesos.TaskInfo {
	t := &mesos.TaskInfo{Name: new("t"), TaskId: &mesos.TaskID{Value: new("t")}}
	for _, m := range mod {
		m(t)
	}
	return t
}

// said is one line per effect: what the tables compare.
func said(effects []command.Effect) []string {
	var lines []string
	for _, e := range effects {
		switch e := e.(type) {
		case command.Update:
			line := strings.TrimPrefix(e.State.String(), "TASK_")
			if e.Reason != nil {
				line += " " + strings.TrimPrefix(e.Reason.String(), "REASON_")
			}
			if e.Message != "" {
				line += ": " + e.Message
			}
			lines = append(lines, line)
		case command.Signal:
			lines = append(lines, fmt.Sprintf("signal %d", e.Sig))
		case command.Destroy:
			lines = append(lines, "destroy")
		}
	}
	return lines
}

func TestCommand(t *testing.T) {
	type ex = *command.Executor
	type step func(e ex) []command.Effect
	at := func(d time.Duration) time.Time { return start.Add(d) }
	started := func(e ex) []command.Effect { return e.Started(start) }
	exits := func(s syscall.WaitStatus) step {
		return func(e ex) []command.Effect { return e.Exited(start, s) }
	}
	kill := func(d time.Duration, p *mesos.KillPolicy) step {
		return func(e ex) []command.Effect { return e.Kill(at(d), p) }
	}
	shutdown := func(e ex) []command.Effect { return e.Shutdown(start) }
	tick := func(d time.Duration) step {
		return func(e ex) []command.Effect { return e.Tick(at(d)) }
	}
	overtime := func(t *mesos.TaskInfo) {
		t.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: new(int64(time.Minute))}
	}

	for _, c := range []struct {
		name  string
		task  *mesos.TaskInfo
		opts  []command.Option
		steps []step
		want  []string
	}{
		{
			name: "exit 0 is FINISHED", steps: []step{started, exits(exited0)},
			want: []string{"RUNNING", "FINISHED: command exited with status 0"},
		},
		{
			name: "another status is FAILED, without a reason", steps: []step{started, exits(exited3)},
			want: []string{"RUNNING", "FAILED: command exited with status 3"},
		},
		{
			name: "a signal is FAILED", steps: []step{started, exits(sigkill)},
			want: []string{"RUNNING", "FAILED: command terminated by signal SIGKILL (9)"},
		},
		{
			name: "a kill is KILLED whatever the status", steps: []step{started, kill(0, nil), exits(exited0)},
			want: []string{"RUNNING", "signal 15", "KILLED: command exited with status 0"},
		},
		{
			name: "a shutdown is KILLED", steps: []step{started, shutdown, exits(sigterm)},
			want: []string{"RUNNING", "signal 15", "KILLED: command terminated by signal SIGTERM (15)"},
		},
		{
			name: "TASK_KILLING comes first for a framework that wants it", opts: []command.Option{command.ReportKilling()},
			steps: []step{started, kill(0, nil), exits(sigterm)},
			want:  []string{"RUNNING", "KILLING", "signal 15", "KILLED: command terminated by signal SIGTERM (15)"},
		},
		{
			name: "when the default grace is over, the container is destroyed, once", steps: []step{
				started, kill(0, nil), tick(5*time.Second - 1), tick(5 * time.Second), tick(time.Hour), exits(sigkill),
			},
			want: []string{"RUNNING", "signal 15", "destroy", "KILLED: command terminated by signal SIGKILL (9)"},
		},
		{
			name: "the task's kill policy", task: task(func(t *mesos.TaskInfo) { t.KillPolicy = grace(time.Minute) }),
			steps: []step{started, kill(0, nil), tick(time.Minute - 1), exits(sigterm)},
			want:  []string{"RUNNING", "signal 15", "KILLED: command terminated by signal SIGTERM (15)"},
		},
		{
			name: "the kill's policy goes before the task's", task: task(func(t *mesos.TaskInfo) { t.KillPolicy = grace(time.Minute) }),
			steps: []step{started, kill(0, grace(time.Second)), tick(time.Second)},
			want:  []string{"RUNNING", "signal 15", "destroy"},
		},
		{
			name:  "no grace: SIGTERM and the end at once",
			steps: []step{started, kill(0, grace(0))},
			want:  []string{"RUNNING", "signal 15", "destroy"},
		},
		{
			name:  "a negative grace is none",
			steps: []step{started, kill(0, grace(-time.Hour))},
			want:  []string{"RUNNING", "signal 15", "destroy"},
		},
		{
			name: "a second kill shortens", steps: []step{
				started, kill(0, grace(time.Hour)), kill(time.Second, grace(time.Second)), tick(2 * time.Second),
			},
			want: []string{"RUNNING", "signal 15", "destroy"},
		},
		{
			name: "a second kill does not lengthen", steps: []step{
				started, kill(0, grace(time.Second)), kill(0, grace(time.Hour)), tick(time.Second),
			},
			want: []string{"RUNNING", "signal 15", "destroy"},
		},
		{
			name: "killed before the start", steps: []step{kill(0, nil), started, exits(sigkill)},
			want: []string{"KILLED TASK_KILLED_DURING_LAUNCH: killed before the command started", "destroy"},
		},
		{
			name: "an exit that is heard of before the start", steps: []step{exits(exited0), started},
			want: []string{"FINISHED: command exited with status 0"},
		},
		{
			name: "max_completion_time", task: task(overtime), opts: []command.Option{command.ReportKilling()},
			steps: []step{started, tick(time.Minute - 1), tick(time.Minute), tick(time.Minute + 5*time.Second), exits(sigkill)},
			want: []string{
				"RUNNING", "signal 15", "destroy",
				"FAILED MAX_COMPLETION_TIME_REACHED: max_completion_time of 1m0s reached: command terminated by signal SIGKILL (9)",
			},
		},
		{
			name: "a kill after max_completion_time is a kill", task: task(overtime),
			steps: []step{started, tick(time.Minute), kill(time.Minute, nil), exits(sigterm)},
			want:  []string{"RUNNING", "signal 15", "KILLED: command terminated by signal SIGTERM (15)"},
		},
		{
			name: "a kill during the end for max_completion_time is a kill", task: task(overtime),
			steps: []step{started, tick(time.Minute), tick(time.Hour), kill(time.Hour, nil), exits(sigkill)},
			want:  []string{"RUNNING", "signal 15", "destroy", "KILLED: command terminated by signal SIGKILL (9)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.task == nil {
				c.task = task()
			}
			e := command.New(c.task, 5*time.Second, c.opts...)
			var got []string
			for _, s := range c.steps {
				got = append(got, said(s(e))...)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	e := command.New(task(), 5*time.Second)
	if d, ok := e.Deadline(); ok {
		t.Errorf("a pending command waits for %v", d)
	}
	e.Started(start)
	if d, ok := e.Deadline(); ok {
		t.Errorf("a running command without max_completion_time waits for %v", d)
	}
	e.Kill(start, nil)
	if d, ok := e.Deadline(); !ok || !d.Equal(start.Add(5*time.Second)) {
		t.Errorf("after a kill: %v %v, want the end of the grace", d, ok)
	}
	e.Exited(start, sigterm)
	if d, ok := e.Deadline(); ok {
		t.Errorf("an ended command waits for %v", d)
	}
}

// TestEveryOrder plays every sequence of five events, repeats included, and
// holds the promises of the package against each.
func TestEveryOrder(t *testing.T) {
	type event struct {
		name string
		do   func(e *command.Executor, now time.Time) []command.Effect
	}
	events := []event{
		{"started", (*command.Executor).Started},
		{"exited 0", func(e *command.Executor, now time.Time) []command.Effect { return e.Exited(now, exited0) }},
		{"exited 3", func(e *command.Executor, now time.Time) []command.Effect { return e.Exited(now, exited3) }},
		{"kill", func(e *command.Executor, now time.Time) []command.Effect { return e.Kill(now, nil) }},
		{"kill now", func(e *command.Executor, now time.Time) []command.Effect { return e.Kill(now, grace(0)) }},
		{"shutdown", (*command.Executor).Shutdown},
		{"tick", (*command.Executor).Tick},
	}
	const length = 5
	total := 1
	for range length {
		total *= len(events)
	}
	for n := range total {
		e := command.New(task(), 3*time.Second, command.ReportKilling())
		var order, got []string
		var exited bool
		for i, rest := 0, n; i < length; i, rest = i+1, rest/len(events) {
			ev := events[rest%len(events)]
			order = append(order, ev.name)
			exited = exited || strings.HasPrefix(ev.name, "exited")
			got = append(got, said(ev.do(e, start.Add(time.Duration(i)*2*time.Second)))...)
		}
		if why := broken(got, exited, e.State()); why != "" {
			t.Fatalf("%s: %s; effects %q, state %v", strings.Join(order, ", "), why, got, e.State())
		}
	}
}

// broken names the promise that these effects break, if any.
func broken(effects []string, exited bool, s command.State) string {
	terminal, running, destroys, stopped := 0, 0, 0, false
	for i, line := range effects {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, ":"), " ")
		word = strings.TrimSuffix(word, ":")
		if terminal > 0 && word != "destroy" {
			return "something but destroy after the terminal update"
		}
		switch word {
		case "RUNNING":
			if running++; i != 0 {
				return "RUNNING is not first"
			}
		case "FINISHED", "FAILED":
			if terminal++; stopped {
				return "not KILLED after a stop"
			}
		case "KILLED":
			terminal++
		case "signal":
			stopped = true
		case "destroy":
			destroys++
		}
	}
	switch {
	case terminal > 1:
		return "two terminal updates"
	case running > 1:
		return "RUNNING twice"
	case destroys > 1:
		return "destroyed twice"
	case exited && terminal == 0:
		return "an exit without a terminal update"
	case (terminal == 1) != (s == command.Ended):
		return "Ended and the terminal update do not go together"
	default:
		return ""
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		status syscall.WaitStatus
		want   string
	}{
		{exited0, "exited with status 0"},
		{syscall.WaitStatus(255 << 8), "exited with status 255"},
		{sigkill, "terminated by signal SIGKILL (9)"},
		{syscall.WaitStatus(syscall.SIGSEGV | 0x80), "terminated by signal SIGSEGV (11), core dumped"},
		{syscall.WaitStatus(syscall.SIGHUP), "terminated by signal SIGHUP (1)"},
		{syscall.WaitStatus(syscall.SIGSYS), "terminated by signal SIGSYS (31)"},
		{syscall.WaitStatus(40), "terminated by signal 40"},
		{syscall.WaitStatus(0x137f), "ended with unknown wait status 0x137f"},
	} {
		if got := command.Words(c.status); got != c.want {
			t.Errorf("Words(%#x) = %q, want %q", uint32(c.status), got, c.want)
		}
	}
}
