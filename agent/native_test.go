// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/isolator"
)

// nobody is an ordinary user without rights.
const nobody = 65534

// newNativeHost is an agent with real containers: namespaces and users, but no
// cgroups, which a host of tests may not have.
func newNativeHost(t testing.TB, mods ...func(*agent.Config)) *host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	runtimeDir := openDir(t)
	iso, err := isolator.New(isolator.Options{RuntimeDir: filepath.Join(runtimeDir, "containers"), Init: self})
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t, append([]func(*agent.Config){func(c *agent.Config) {
		c.Isolator = agent.Isolated(iso)
		c.RuntimeDir = runtimeDir
		c.WorkDir = openDir(t)
		c.SwitchUser = true
		c.FetchCommand = []string{"/proc/self/exe", "fetch"}
	}}, mods...)...)
	t.Cleanup(func() {
		h.stop()
		if left, err := os.ReadDir(filepath.Join(runtimeDir, "containers")); err != nil || len(left) > 0 {
			t.Errorf("the agent left %v, %v", left, err)
		}
		if err := iso.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// openDir is a directory that every user can reach.
func openDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sandbox is the newest sandbox of an executor.
func (h *host) sandbox(executor string) string {
	return filepath.Join(h.workDir, "slaves", agentID, "frameworks/f/executors", executor, "runs/latest")
}

func (h *host) output(executor, name string) string {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.sandbox(executor), name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func TestNativeCommand(t *testing.T) {
	h := newNativeHost(t)
	m := h.register()
	uri := filepath.Join(openDir(t), "greeting")
	if err := os.WriteFile(uri, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	task := command("t1")
	task.Command = &mesos.CommandInfo{
		Value: new(`cat greeting; echo " $(id -u) $$ $NAME $MESOS_TASK"; pwd -P >&2; exit 3`),
		Uris:  []*mesos.CommandInfo_URI{{Value: &uri}},
		Environment: &mesos.Environment{Variables: []*mesos.Environment_Variable{
			{Name: new("NAME"), Value: new("world")},
		}},
	}
	m.run(task)
	m.update(t, "t1", taskRunning)
	s := m.update(t, "t1", taskFailed)
	if s.GetMessage() != "command exited with status 3" {
		t.Errorf("message %q", s.GetMessage())
	}
	sandbox, err := filepath.EvalSymlinks(h.sandbox("t1"))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.output("t1", "stdout"); !strings.HasPrefix(got, "hello 65534 ") || !strings.Contains(got, " world") {
		t.Errorf("stdout %q", got)
	}
	if got := h.output("t1", "stderr"); strings.TrimSpace(got) != sandbox {
		t.Errorf("it ran in %q, not in its sandbox %s", got, sandbox)
	}
	for name, mode := range map[string]fs.FileMode{".": fs.ModeDir | 0o750, "stdout": 0o644, "greeting": 0o644} {
		info, err := os.Stat(filepath.Join(sandbox, name))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; info.Mode() != mode || owner != nobody {
			t.Errorf("%s has mode %v and owner %d, want %v and %d", name, info.Mode(), owner, mode, nobody)
		}
	}
}

func TestNativeKill(t *testing.T) {
	h := newNativeHost(t)
	m := h.register()
	for name, script := range map[string]string{
		"ends on SIGTERM":  "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done",
		"ignores SIGTERM":  "trap '' TERM; echo ready; while :; do sleep 0.01; done",
		"has SIGTERM kill": "echo ready; sleep 1000",
	} {
		t.Run(name, func(t *testing.T) {
			task := command("t1")
			task.Command.Value = &script
			task.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(200 * time.Millisecond))}}
			m.run(task)
			m.update(t, "t1", taskRunning)
			h.eventually(func() bool { return h.output("t1", "stdout") == "ready\n" })
			m.kill("t1")
			m.update(t, "t1", taskKilled)
			h.idle()
		})
	}
}

// eventually waits until something holds.
func (h *host) eventually(holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); runtime.Gosched() {
		if time.Now().After(deadline) {
			h.t.Fatal("it does not come true")
		}
	}
}

// idle waits until no container lives.
func (h *host) idle() {
	h.t.Helper()
	h.eventually(func() bool {
		out, err := link.NewContainersClient(h.client).List(h.t.Context(), &link.ListContainersRequest{})
		if err != nil {
			h.t.Fatal(err)
		}
		return !slices.ContainsFunc(out.GetContainers(), func(c *link.Container) bool { return c.GetState() != "terminated" })
	})
}

func TestNativeFailures(t *testing.T) {
	h := newNativeHost(t)
	m := h.register()
	for name, c := range map[string]struct {
		command *mesos.CommandInfo
		want    string
	}{
		"no such program": {&mesos.CommandInfo{Shell: new(false), Value: new("/no/such/program")}, "/no/such/program"},
		"no such URI":     {&mesos.CommandInfo{Value: new("true"), Uris: []*mesos.CommandInfo_URI{{Value: new("/no/such/file")}}}, "/no/such/file"},
		"no such user":    {&mesos.CommandInfo{Value: new("true"), User: new("no-such-user")}, "no-such-user"},
		"a secret": {&mesos.CommandInfo{Value: new("true"), Environment: &mesos.Environment{Variables: []*mesos.Environment_Variable{
			{Name: new("S"), Type: mesos.Environment_Variable_SECRET.Enum()},
		}}}, "secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			task := command("t1")
			task.Command = c.command
			m.run(task)
			s := m.update(t, "t1", taskFailed)
			if s.GetReason() != mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED || !strings.Contains(s.GetMessage(), c.want) {
				t.Errorf("status %v, want one that names %s", s, c.want)
			}
			h.idle()
		})
	}
}

// copyOfSelf is this program where every user can read it.
func copyOfSelf(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(openDir(t), "executor")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNativeExecutor(t *testing.T) {
	h := newNativeHost(t)
	m := h.register()
	program := copyOfSelf(t)
	task := func(id string) *mesos.TaskInfo {
		task := custom(id, "e")
		task.Executor.Command = &mesos.CommandInfo{
			Shell: new(false), Value: new("./executor"), Arguments: []string{"executor", "executor"},
			Uris: []*mesos.CommandInfo_URI{{Value: &program, OutputFile: new("executor"), Executable: new(true)}},
		}
		return task
	}
	m.run(task("t1"))
	m.update(t, "t1", taskRunning)
	m.update(t, "t1", taskFinished)
	m.run(task("t2"))
	m.update(t, "t2", taskRunning)
	m.update(t, "t2", taskFinished)
	m.send(&link.FromMaster{Message: &link.FromMaster_ShutdownExecutor{ShutdownExecutor: &link.ShutdownExecutor{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, ExecutorId: &mesos.ExecutorID{Value: new("e")},
	}}})
	if x := m.recv(t).GetExecutorExited(); x == nil || x.GetStatus() != 0 {
		t.Errorf("the executor ends with %v; it said: %s", x, h.output("e", "stderr"))
	}
}

func TestNativeStopLeavesNothing(t *testing.T) {
	h := newNativeHost(t, func(c *agent.Config) { c.KillGrace = 100 * time.Millisecond })
	m := h.register()
	for _, id := range []string{"t1", "t2", "t3"} {
		task := command(id)
		task.Command.Value = new("trap '' TERM; sleep 1000 & sleep 1000")
		m.run(task)
	}
	for range 3 {
		m.ack(m.recv(t).GetUpdate().GetStatus())
	}
	h.cancel()
	for range 3 {
		m.ack(m.recv(t).GetUpdate().GetStatus())
	}
	h.stop0() // and the cleanup sees that nothing is left
}

// nativeExecutor runs in a container: it finishes every task at once, until it
// is told to shut down.
func nativeExecutor() error {
	ctx := metadata.AppendToOutgoingContext(context.Background(),
		"authorization", "Bearer "+os.Getenv("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"))
	conn, err := grpc.NewClient("unix:"+os.Getenv("MESOS_DOMAIN_SOCKET"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := link.NewExecutorsClient(conn).Connect(ctx)
	if err != nil {
		return err
	}
	call := func(c *executor.Call) error {
		c.FrameworkId = &mesos.FrameworkID{Value: new(os.Getenv("MESOS_FRAMEWORK_ID"))}
		c.ExecutorId = &mesos.ExecutorID{Value: new(os.Getenv("MESOS_EXECUTOR_ID"))}
		return stream.Send(c)
	}
	err = call(&executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: &executor.Call_Subscribe{}})
	updates := byte(0)
	for err == nil {
		event, recvErr := stream.Recv()
		if recvErr != nil {
			return recvErr
		}
		switch event.GetType() {
		case executor.Event_SHUTDOWN:
			return nil
		case executor.Event_LAUNCH:
			for _, state := range []mesos.TaskState{taskRunning, taskFinished} {
				updates++
				err = errors.Join(err, call(&executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{
					Status: &mesos.TaskStatus{
						TaskId: event.GetLaunch().GetTask().GetTaskId(), State: &state,
						Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(), Uuid: append(make([]byte, 15), updates),
					},
				}}))
			}
		}
	}
	return err
}
