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
	"github.com/tepui/tepui/resource"
)

// nobody is an ordinary user without rights.
const nobody = 65534

// newNativeHost is an agent with real containers: with cgroups, where the host
// of the test offers them, else with namespaces and users only.
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
	o := isolator.Options{RuntimeDir: filepath.Join(runtimeDir, "containers"), Init: self}
	if cgroups(t) == nil {
		o.Isolation = []string{isolator.CPU, isolator.Memory}
	}
	iso, err := isolator.New(o)
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

// cgroups is why the host has no cgroup v2 for containers; nil if it has.
func cgroups(t testing.TB) error {
	t.Helper()
	found, err := isolator.Probe()
	if err != nil {
		t.Fatal(err)
	}
	return found.Require([]string{isolator.CPU, isolator.Memory})
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
	// Process 1 of a test that measures coverage has a word to add.
	if got, _, _ := strings.Cut(h.output("t1", "stderr"), "\n"); got != sandbox {
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
		"ends on SIGTERM":  "trap 'exit 0' TERM; sleep 1000 & echo ready; wait",
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

// TestNativeLimits: what the kernel enforces is what the ledger grants, after
// each task that comes or goes.
func TestNativeLimits(t *testing.T) {
	if err := cgroups(t); err != nil {
		t.Skip(err)
	}
	h := newNativeHost(t)
	m := h.register()
	program := copyOfSelf(t)
	task := func(id string) *mesos.TaskInfo {
		task := custom(id, "e") // cpus:0.1;mem:16 of it, cpus:0.1;mem:32 of the executor
		task.Data = []byte("stay")
		task.Executor.Resources = resource.MustParse("cpus:0.1;mem:64").Proto()
		task.Executor.Command = &mesos.CommandInfo{Shell: new(false), Value: &program, Arguments: []string{"executor", "executor"}}
		return task
	}
	files := func() string {
		out, err := link.NewContainersClient(h.client).List(t.Context(), &link.ListContainersRequest{})
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, name := range []string{"cpu.weight", "memory.max", "memory.swap.max"} {
			b, err := os.ReadFile(filepath.Join(out.GetContainers()[0].GetCgroup(), name))
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, strings.TrimSpace(string(b)))
		}
		return strings.Join(values, " ")
	}
	m.run(task("t1"))
	m.update(t, "t1", taskRunning)
	if got := files(); got != "20 83886080 0" {
		t.Errorf("with one task: %s", got)
	}
	m.run(task("t2"))
	m.update(t, "t2", taskRunning)
	if got := files(); got != "30 100663296 0" {
		t.Errorf("with two: %s", got)
	}
	m.kill("t1")
	m.update(t, "t1", taskKilled)
	h.eventually(func() bool { return files() == "20 83886080 0" })
}

func TestNativeOutOfMemory(t *testing.T) {
	if err := cgroups(t); err != nil {
		t.Skip(err)
	}
	h := newNativeHost(t)
	m := h.register()
	task := command("t1")
	task.Command.Value = new("tail /dev/zero")
	m.run(task)
	m.update(t, "t1", taskRunning)
	s := m.update(t, "t1", taskFailed)
	if s.GetReason() != mesos.TaskStatus_REASON_CONTAINER_LIMITATION_MEMORY ||
		!strings.HasPrefix(s.GetMessage(), "memory limit of 16.0 MB reached: the peak was 16.0 MB") ||
		s.GetLimitation().GetResources()[0].GetScalar().GetValue() != 16 {
		t.Errorf("status %v", s)
	}
}

func TestNativeUsage(t *testing.T) {
	if err := cgroups(t); err != nil {
		t.Skip(err)
	}
	h := newNativeHost(t)
	m := h.register()
	task := command("t1")
	task.Command.Value = new("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
	m.run(task)
	m.update(t, "t1", taskRunning)
	m.update(t, "t1", taskFinished)
	h.idle()
	out, err := link.NewContainersClient(h.client).List(t.Context(), &link.ListContainersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	c := out.GetContainers()[0]
	if s := c.GetStatistics(); s.GetCpusUserTimeSecs()+s.GetCpusSystemTimeSecs() <= 0 || s.GetMemLimitBytes() != 16<<20 || c.GetMemoryPeakBytes() == 0 {
		t.Errorf("an ended container has used %v, peak %d", s, c.GetMemoryPeakBytes())
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

// nativeExecutor runs in a container: it finishes every task at once but those
// with data, which run until they are killed, and ends when it is told to.
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
	updates := byte(0)
	update := func(id *mesos.TaskID, state mesos.TaskState) error {
		updates++
		return call(&executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: &mesos.TaskStatus{
			TaskId: id, State: &state,
			Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(), Uuid: append(make([]byte, 15), updates),
		}}})
	}
	err = call(&executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: &executor.Call_Subscribe{}})
	for err == nil {
		event, recvErr := stream.Recv()
		if recvErr != nil {
			return recvErr
		}
		switch event.GetType() {
		case executor.Event_SHUTDOWN:
			return nil
		case executor.Event_LAUNCH:
			task := event.GetLaunch().GetTask()
			err = update(task.GetTaskId(), taskRunning)
			if len(task.GetData()) == 0 {
				err = errors.Join(err, update(task.GetTaskId(), taskFinished))
			}
		case executor.Event_KILL:
			err = update(event.GetKill().GetTaskId(), taskKilled)
		}
	}
	return err
}
