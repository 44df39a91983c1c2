// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

const (
	taskRunning  = mesos.TaskState_TASK_RUNNING
	taskFinished = mesos.TaskState_TASK_FINISHED
	taskFailed   = mesos.TaskState_TASK_FAILED
	taskKilled   = mesos.TaskState_TASK_KILLED
	taskLost     = mesos.TaskState_TASK_LOST
)

func TestCommandTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		m.update(t, "t1", taskRunning)
		if got := c.limitsNow(); got != (core.Limits{CPUs: 100, Memory: 16 << 20}) {
			t.Errorf("limits %+v", got)
		}
		sandbox := c.spec.Process.Cwd
		want := filepath.Join(h.workDir, "slaves/m-S0/frameworks/f/executors/t1/runs", c.id)
		if sandbox != want {
			t.Errorf("sandbox %s, want %s", sandbox, want)
		}
		if args := strings.Join(c.spec.Process.Args, " "); args != "/bin/sh -c echo hello" {
			t.Errorf("args %q", args)
		}
		if env := environment(c); env["MESOS_EXECUTOR_ID"] != "t1" || env["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"] != "" {
			t.Errorf("a command has no token: %v", env)
		}
		c.end(core.Exit{})
		m.update(t, "t1", taskFinished)
		synctest.Wait()
		if !c.isDestroyed() {
			t.Error("the container was not destroyed")
		}
		for _, name := range []string{"stdout", "stderr"} {
			if _, err := os.Stat(filepath.Join(sandbox, name)); err != nil {
				t.Errorf("the sandbox is not kept: %v", err)
			}
		}
	})
}

func TestCustomExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(custom("t1", "e"))
		c := next(t, h.containers.started)
		if args := strings.Join(c.spec.Process.Args, " "); args != "./executor -v" {
			t.Errorf("args %q", args)
		}
		e := h.connect("e", environment(c)["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"])
		e.subscribe()
		e.expect(executor.Event_LAUNCH)
		e.update("t1", "1", taskRunning)
		e.expect(executor.Event_ACKNOWLEDGED)
		m.update(t, "t1", taskRunning)
		m.run(custom("t2", "e"))
		if got := e.expect(executor.Event_LAUNCH).GetLaunch().GetTask().GetTaskId().GetValue(); got != "t2" {
			t.Errorf("LAUNCH %s", got)
		}
		if got := c.limitsNow(); got != (core.Limits{CPUs: 300, Memory: 64 << 20}) {
			t.Errorf("limits %+v", got)
		}
		c.end(core.Exit{Status: 9})
		m.update(t, "t1", taskLost)
		if s := m.update(t, "t2", taskLost); s.GetReason() != mesos.TaskStatus_REASON_EXECUTOR_TERMINATED {
			t.Errorf("status %v", s)
		}
		if x := m.recv(t).GetExecutorExited(); x.GetExecutorId().GetValue() != "e" || x.GetStatus() != 9 {
			t.Errorf("executor exited: %v", x)
		}
		if _, err := e.stream.Recv(); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("the executor's stream ends with %v", err)
		}
	})
}

func TestRegistrationTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(custom("t1", "e"))
		c := next(t, h.containers.started)
		began := time.Now()
		s := m.update(t, "t1", taskFailed)
		if took := time.Since(began); took != time.Minute || s.GetReason() != mesos.TaskStatus_REASON_EXECUTOR_REGISTRATION_TIMEOUT {
			t.Errorf("after %v: %v", took, s)
		}
		if !c.isDestroyed() {
			t.Error("the container was not destroyed")
		}
	})
}

func TestKillWithGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		m.update(t, "t1", taskRunning)
		m.kill("t1")
		if sig := next(t, c.signals); sig != syscall.SIGTERM {
			t.Errorf("signal %v", sig)
		}
		began := time.Now()
		m.update(t, "t1", taskKilled)
		if took := time.Since(began); took != agent.DefaultKillGrace {
			t.Errorf("it was killed after %v", took)
		}
	})
}

func TestStartFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.containers.fail = func(string) error { return errors.New("memory.max: no such file") }
		m := h.register()
		m.run(command("t1"))
		s := m.update(t, "t1", taskFailed)
		if s.GetReason() != mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED || !strings.Contains(s.GetMessage(), "memory.max: no such file") {
			t.Errorf("status %v", s)
		}
	})
}

// TestStartFailsHalfWay: what is left of it is removed, however often it must be
// tried, before anybody hears that its resources are free.
func TestStartFailsHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.containers.half, h.containers.stubborn = true, 5
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		synctest.Wait()
		if c.isDestroyed() {
			t.Fatal("the container was not stubborn")
		}
		s := m.update(t, "t1", taskFailed)
		if !c.isDestroyed() || !strings.Contains(s.GetMessage(), "device or resource busy") {
			t.Errorf("destroyed: %v, status %v", c.isDestroyed(), s)
		}
	})
}

func TestNoCommandToFetchWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		task := command("t1")
		task.Command.Uris = []*mesos.CommandInfo_URI{{Value: new("file:///nowhere")}}
		m.run(task)
		s := m.update(t, "t1", taskFailed)
		if s.GetReason() != mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED || !strings.Contains(s.GetMessage(), "fetch") {
			t.Errorf("status %v", s)
		}
	})
}

func TestUnknownUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(c *agent.Config) { c.SwitchUser = true })
		m := h.register()
		for user, want := range map[string]string{
			"no-such-user": `user "no-such-user": the host does not know it`,
			"root:root":    "without a group",
		} {
			task := command("t1")
			task.Command.User = &user
			m.run(task)
			if s := m.update(t, "t1", taskFailed); !strings.Contains(s.GetMessage(), want) {
				t.Errorf("message %q, want %q in it", s.GetMessage(), want)
			}
			synctest.Wait() // the acknowledgement is through: the id is free again
		}
	})
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(custom("t1", "e1"))
		c1 := next(t, h.containers.started)
		m.run(custom("t2", "e2"))
		c2 := next(t, h.containers.started)
		token1 := environment(c1)["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"]
		token2 := environment(c2)["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"]
		for name, c := range map[string]struct {
			executor, token string
			code            codes.Code
		}{
			"nothing":                       {"e1", "", codes.Unauthenticated},
			"garbage":                       {"e1", "garbage", codes.Unauthenticated},
			"another container's signature": {"e1", c1.id + token2[strings.Index(token2, "."):], codes.Unauthenticated},
			"a signature cut short":         {"e1", token1[:len(token1)-2], codes.Unauthenticated},
			"another executor's token":      {"e1", token2, codes.PermissionDenied},
		} {
			e := h.connect(c.executor, c.token)
			e.call(&executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: &executor.Call_Subscribe{}})
			if _, err := e.stream.Recv(); status.Code(err) != c.code {
				t.Errorf("%s: %v, want %v", name, err, c.code)
			}
		}
		h.connect("e1", token1).subscribe()
	})
}

func TestGarbageFromAnExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(custom("t1", "e"))
		token := environment(next(t, h.containers.started))["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"]
		for name, c := range map[string]*executor.Call{
			"no type":                {},
			"no body":                {Type: executor.Call_UPDATE.Enum()},
			"update before anything": {Type: executor.Call_MESSAGE.Enum(), Message: &executor.Call_Message{Data: []byte("x")}},
		} {
			e := h.connect("e", token)
			e.call(c)
			if _, err := e.stream.Recv(); status.Code(err) != codes.InvalidArgument && status.Code(err) != codes.FailedPrecondition {
				t.Errorf("%s: %v", name, err)
			}
		}
		e := h.connect("e", token)
		e.subscribe()
		e.expect(executor.Event_LAUNCH)
		second := h.connect("e", token)
		second.subscribe()
		if _, err := e.stream.Recv(); status.Code(err) != codes.Aborted {
			t.Errorf("the first of two streams ends with %v", err)
		}
	})
}

func TestReregistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		if s := m.recv(t).GetUpdate().GetStatus(); s.GetState() != taskRunning {
			t.Fatalf("got %v", s)
		}
		close(m.close) // before it is acknowledged
		c.end(core.Exit{})
		l := next(t, h.master.links)
		r := l.recv(t).GetRegister()
		if r.GetAgent().GetId().GetValue() != agentID || len(r.GetTasks()) != 1 {
			t.Errorf("register %v", r)
		}
		l.send(&link.FromMaster{Message: &link.FromMaster_Registered{Registered: &link.Registered{
			AgentId: r.GetAgent().GetId(),
			Master:  &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(5050))},
		}}})
		l.update(t, "t1", taskRunning)
		l.update(t, "t1", taskFinished)
	})
}

func TestRedialBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		first := time.Now()
		for i := range 20 {
			l := next(t, h.master.links)
			close(l.close)
			if i > 3 && time.Since(first) < time.Duration(i)*50*time.Millisecond {
				t.Fatalf("dialled %d times in %v", i, time.Since(first))
			}
		}
		if took := time.Since(first); took > 20*15*time.Second {
			t.Errorf("20 attempts took %v: more than the cap", took)
		}
	})
}

// TestAnAgentThatIsSentAwayDoesNotComeBackAtOnce: a machine that is down for
// maintenance must not keep its master busy, and takes another id when it is let in.
func TestAnAgentThatIsSentAwayDoesNotComeBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.register().send(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{Message: new("gone")}}})
		began := time.Now()
		for range 12 {
			l := next(t, h.master.links)
			if r := l.recv(t).GetRegister(); r.GetAgent().Id != nil {
				t.Fatalf("the agent comes back as %v", r.GetAgent().GetId())
			}
			l.send(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{Message: new("down")}}})
		}
		if took := time.Since(began); took < 30*time.Second {
			t.Errorf("12 times in %v", took)
		}
	})
}

// TestSilentMasterIsGivenUp: and found again.
func TestSilentMasterIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		l := next(t, h.master.links)
		l.recv(t)
		l.send(&link.FromMaster{Message: &link.FromMaster_Registered{Registered: &link.Registered{
			AgentId:                 &mesos.AgentID{Value: new(agentID)},
			Master:                  &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(5050))},
			TotalPingTimeoutSeconds: new(75.0),
		}}})
		time.Sleep(60 * time.Second) // virtual
		l.send(&link.FromMaster{Message: &link.FromMaster_Ping{Ping: &link.Ping{}}})
		if m := l.recv(t); m.GetPong() == nil {
			t.Errorf("got %v", m)
		}
		pinged := time.Now()
		h.register()
		if took := time.Since(pinged); took < 75*time.Second || took > 80*time.Second {
			t.Errorf("given up after %v", took)
		}
	})
}

// TestStop: executors get their grace, then everything is destroyed, stubborn
// or not, and told.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.containers.stubborn = 3
		m := h.register()
		m.run(custom("t1", "e"))
		c1 := next(t, h.containers.started)
		e := h.connect("e", environment(c1)["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"])
		e.subscribe()
		e.expect(executor.Event_LAUNCH)
		m.run(command("t2"))
		c2 := next(t, h.containers.started)
		m.update(t, "t2", taskRunning)
		h.cancel()
		e.expect(executor.Event_SHUTDOWN)
		if sig := next(t, c2.signals); sig != syscall.SIGTERM {
			t.Errorf("signal %v", sig)
		}
		m.update(t, "t2", taskKilled)
		m.update(t, "t1", taskLost)
		h.stop0()
		if !c1.isDestroyed() || !c2.isDestroyed() {
			t.Error("containers are left")
		}
	})
}

// stop0 waits for an agent whose context has been cancelled.
func (h *host) stop0() {
	h.t.Helper()
	h.cancel = func() {}
	h.stop()
}

func TestStopGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.containers.stubborn = 1 << 30
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		began := time.Now()
		h.cancel()
		err := next(h.t, h.served)
		if err == nil || !strings.Contains(err.Error(), c.id) || time.Since(began) != agent.DefaultStopTimeout {
			t.Errorf("after %v: error %v, want one that names %s", time.Since(began), err, c.id)
		}
		h.served <- nil
		h.stop0()
		c.end(core.Exit{})
	})
}

// TestStopCutsGracePeriods: however long a task may take to end, nothing of it
// is left by an agent that stops.
func TestStopCutsGracePeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		slow := command("t1")
		slow.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(time.Hour))}}
		m.run(slow)
		c := next(t, h.containers.started)
		m.update(t, "t1", mesos.TaskState_TASK_RUNNING)
		began := time.Now()
		h.stop()
		if took := time.Since(began); !c.isDestroyed() || took > agent.DefaultStopTimeout {
			t.Errorf("after %v the container is destroyed: %v", took, c.isDestroyed())
		}
	})
}

// TestStatisticsAreNotTheStatus: a task that has finished has, whether or not
// the agent could read what it used.
func TestStatisticsAreNotTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		m.update(t, "t1", taskRunning)
		c.incomplete = errors.New("memory.stat: no such device")
		c.end(core.Exit{})
		m.update(t, "t1", taskFinished)
	})
}

// TestLargeTask: a task and its framework come in one message, each of which may
// be as large as what a master takes.
func TestLargeTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		task := command("t1")
		task.Data = make([]byte, 20<<20)
		m.run(task)
		m.update(t, "t1", taskRunning)
	})
}

// TestStartIsBounded: a start that hangs is given up, and says so.
func TestStartIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.containers.hang = true
		m := h.register()
		m.run(command("t1"))
		s := m.update(t, "t1", taskFailed)
		if !strings.Contains(s.GetMessage(), "not started within 1m0s") {
			t.Errorf("message %q", s.GetMessage())
		}
	})
}

// TestDestroyIsBounded: one that hangs is given up, and tried again.
func TestDestroyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		c.stuck = 1
		m.update(t, "t1", taskRunning)
		c.end(core.Exit{})
		m.update(t, "t1", taskFinished)
		time.Sleep(31 * time.Second) // virtual
		synctest.Wait()
		if !c.isDestroyed() {
			t.Error("the container was not destroyed")
		}
	})
}

func TestListContainers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c1 := next(t, h.containers.started)
		m.update(t, "t1", taskRunning)
		c1.end(core.Exit{Status: 3 << 8})
		m.update(t, "t1", taskFailed)
		m.run(command("t2"))
		c2 := next(t, h.containers.started)
		m.update(t, "t2", taskRunning)
		synctest.Wait()
		list := func(r *link.ListContainersRequest) []*link.Container {
			t.Helper()
			out, err := link.NewContainersClient(h.client).List(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			return out.GetContainers()
		}
		all := list(&link.ListContainersRequest{})
		if len(all) != 2 || all[0].GetContainerId().GetValue() != c2.id || all[1].GetContainerId().GetValue() != c1.id {
			t.Fatalf("containers %v: want the live one, then the ended one", all)
		}
		if c := all[0]; c.GetState() != "running" || c.Ended != nil || c.GetTaskIds()[0].GetValue() != "t2" ||
			c.GetStatistics().GetCpusUserTimeSecs() != 2.5 || c.GetMemoryPeakBytes() != 12345 || c.GetStarted() == nil ||
			c.GetSandbox() != c2.spec.Process.Cwd || c.GetCgroup() != c2.Cgroup() {
			t.Errorf("live container %v", c)
		}
		held, err := resource.FromProto(all[1].GetResources())
		if c := all[1]; c.GetState() != "terminated" || c.GetStatus() != 3<<8 || c.Ended == nil || c.GetStatistics() == nil ||
			err != nil || !held.Equal(resource.MustParse("cpus:0.1;mem:16")) {
			t.Errorf("ended container %v", c)
		}
		if other := list(&link.ListContainersRequest{FrameworkId: &mesos.FrameworkID{Value: new("g")}}); len(other) != 0 {
			t.Errorf("containers of another framework: %v", other)
		}
	})
}

func TestEndedContainersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.containers.quick = true
		m := h.register()
		for range 160 {
			m.run(command("t"))
			m.update(t, "t", taskRunning)
			m.update(t, "t", taskFinished)
			synctest.Wait()
		}
		out, err := link.NewContainersClient(h.client).List(t.Context(), &link.ListContainersRequest{})
		if err != nil || len(out.GetContainers()) != 150 {
			t.Fatalf("%d containers, %v; want the last 150", len(out.GetContainers()), err)
		}
		all := out.GetContainers()
		for i := range all[:149] {
			if all[i].GetEnded().GetNanoseconds() < all[i+1].GetEnded().GetNanoseconds() {
				t.Fatalf("container %d ended before the next in the list", i)
			}
		}
	})
}

func TestBadConfigs(t *testing.T) {
	good := agent.Config{Master: "m:1", Hostname: "h", WorkDir: t.TempDir(), Isolator: newFakes()}
	for name, spoil := range map[string]func(*agent.Config){
		"no master":           func(c *agent.Config) { c.Master = "" },
		"no hostname":         func(c *agent.Config) { c.Hostname = "" },
		"a relative work dir": func(c *agent.Config) { c.WorkDir = "work" },
		"no such work dir":    func(c *agent.Config) { c.WorkDir = "/no/such/dir" },
		"a relative run dir":  func(c *agent.Config) { c.RuntimeDir = "run" },
		"no isolator":         func(c *agent.Config) { c.Isolator = nil },
		"a negative timeout":  func(c *agent.Config) { c.RegistrationTimeout = -1 },
		"a negative grace":    func(c *agent.Config) { c.ShutdownGrace = -1 },
	} {
		c := good
		spoil(&c)
		if _, err := agent.New(c); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}
