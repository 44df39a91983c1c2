// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

const agentID = "m-S0"

// tb is what a rig needs of a *testing.T or *rapid.T.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// rig is a core with a clock that stands still until it is moved. It checks
// the core after each step, and says what the core wants in short lines:
//
//	master: update t1 TASK_RUNNING       a message to the master
//	conn 1: LAUNCH t1                     an event for an executor
//	launch c1, start c1 1 cpus 64 MB      an action on a container
type rig struct {
	t    tb
	core *core.Core
	now  time.Time

	containers map[core.ContainerID]string // c1, c2, … in the order of their launch
	ids        map[string]core.ContainerID
	launches   map[string]core.Launch
	updates    map[string]*mesos.TaskStatus // the last one sent, by task
	register   *link.Register               // the last one
	ends       map[string]*mesos.OperationStatus
	total      *link.UpdateResources // the last one
	notes      []core.Note
}

func newRig(t tb, mod ...func(*core.Config)) *rig {
	t.Helper()
	cfg := core.Config{
		Agent:               &mesos.AgentInfo{Hostname: new("host"), Port: new(int32(5051))},
		Total:               resource.MustParse("cpus:8;mem:1024;ports:[31000-32000]"),
		Version:             "test",
		Nonce:               [8]byte{1},
		UpdateNonce:         [8]byte{2},
		RegistrationTimeout: time.Minute,
		ShutdownGrace:       5 * time.Second,
		KillGrace:           3 * time.Second,
		MaxGrace:            time.Hour,
	}
	for _, m := range mod {
		m(&cfg)
	}
	c, err := core.New(cfg)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &rig{
		t: t, core: c, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		containers: map[core.ContainerID]string{},
		ids:        map[string]core.ContainerID{},
		launches:   map[string]core.Launch{},
		updates:    map[string]*mesos.TaskStatus{},
		ends:       map[string]*mesos.OperationStatus{},
	}
}

// registered is a rig whose core has registered with a master.
func registered(t tb) *rig {
	r := newRig(t)
	r.step(core.LinkUp{})
	r.step(fromMaster(registeredMessage(agentID)))
	return r
}

// step applies inputs that must not fail, and returns what the core wants then.
func (r *rig) step(ins ...core.Input) []string {
	r.t.Helper()
	for _, in := range ins {
		if err := r.core.Step(r.now, in); err != nil {
			r.t.Fatalf("%T: %v", in, err)
		}
		r.check()
	}
	return r.ready()
}

// fails applies an input that must fail with this in the error, and with no
// effect.
func (r *rig) fails(in core.Input, want string) {
	r.t.Helper()
	err := r.core.Step(r.now, in)
	if err == nil || !strings.Contains(err.Error(), want) {
		r.t.Errorf("%T: error %v, want one with %q", in, err, want)
	}
	r.check()
	if got := r.ready(); len(got) > 0 {
		r.t.Errorf("%T failed, but the core wants %q", in, got)
	}
}

// refuses is fails for an error that a peer is told.
func (r *rig) refuses(in core.Input, code core.Code, want string) {
	r.t.Helper()
	err := r.core.Step(r.now, in)
	refusal, ok := errors.AsType[*core.Refusal](err)
	if !ok || refusal.Code != code || !strings.Contains(refusal.Reason, want) {
		r.t.Errorf("%T: error %#v, want code %d and %q", in, err, code, want)
	}
	r.check()
	if got := r.ready(); len(got) > 0 {
		r.t.Errorf("%T was refused, but the core wants %q", in, got)
	}
}

func (r *rig) check() {
	r.t.Helper()
	if err := r.core.Check(); err != nil {
		r.t.Fatalf("%v", err)
	}
}

// wait lets time pass, with the ticks that are due on the way.
func (r *rig) wait(d time.Duration) []string {
	r.t.Helper()
	end := r.now.Add(d)
	var lines []string
	for {
		at, ok := r.core.Deadline()
		if !ok || at.After(end) {
			r.now = end
			return lines
		}
		r.now = at
		lines = append(lines, r.step(core.Tick{})...)
	}
}

func (r *rig) ready() []string {
	var lines []string
	out := r.core.Ready()
	for _, m := range out.Send {
		lines = append(lines, r.message(m))
	}
	for _, a := range out.Do {
		lines = append(lines, r.action(a))
	}
	r.notes = append(r.notes, out.Notes...)
	return lines
}

func (r *rig) message(m core.Message) string {
	switch m := m.(type) {
	case core.ToMaster:
		return "master: " + r.toMaster(m.Message)
	case core.ToExecutor:
		return fmt.Sprintf("conn %d: %s", m.Conn, event(m.Event))
	case core.Hangup:
		return fmt.Sprintf("conn %d: hangup %d", m.Conn, m.Code)
	case core.Unlink:
		return "unlink"
	default:
		return fmt.Sprintf("unknown message %T", m)
	}
}

func (r *rig) toMaster(m *link.FromAgent) string {
	switch m := m.GetMessage().(type) {
	case *link.FromAgent_Register:
		r.register = m.Register
		return "register " + m.Register.GetAgent().GetId().GetValue()
	case *link.FromAgent_Update:
		s := m.Update.GetStatus()
		r.updates[s.GetTaskId().GetValue()] = s
		line := fmt.Sprintf("update %s %s", s.GetTaskId().GetValue(), short(s))
		if l := m.Update.GetLatestState(); l != s.GetState() {
			line += ", latest " + l.String()
		}
		return line
	case *link.FromAgent_ExecutorExited:
		return fmt.Sprintf("executor %s exited %d", m.ExecutorExited.GetExecutorId().GetValue(), m.ExecutorExited.GetStatus())
	case *link.FromAgent_ExecutorMessage:
		return fmt.Sprintf("message of %s: %s", m.ExecutorMessage.GetExecutorId().GetValue(), m.ExecutorMessage.GetData())
	case *link.FromAgent_OperationUpdate:
		s := m.OperationUpdate.GetStatus()
		r.ends[string(m.OperationUpdate.GetOperationUuid().GetValue())] = s
		return fmt.Sprintf("operation %s %v", m.OperationUpdate.GetOperationUuid().GetValue(), s.GetState())
	case *link.FromAgent_UpdateResources:
		r.total = m.UpdateResources
		return "total " + resourcesOf(m.UpdateResources.GetTotal())
	case *link.FromAgent_Pong:
		return "pong"
	case *link.FromAgent_Unregister:
		return "unregister"
	default:
		return "unknown message"
	}
}

// short is a status in a few words: state and reason.
func short(s *mesos.TaskStatus) string {
	if s.Reason == nil {
		return s.GetState().String()
	}
	return s.GetState().String() + " " + strings.TrimPrefix(s.GetReason().String(), "REASON_")
}

func event(e *executor.Event) string {
	switch e.GetType() {
	case executor.Event_LAUNCH:
		return "LAUNCH " + e.GetLaunch().GetTask().GetTaskId().GetValue()
	case executor.Event_LAUNCH_GROUP:
		line := "LAUNCH_GROUP"
		for _, t := range e.GetLaunchGroup().GetTaskGroup().GetTasks() {
			line += " " + t.GetTaskId().GetValue()
		}
		return line
	case executor.Event_KILL:
		return "KILL " + e.GetKill().GetTaskId().GetValue()
	case executor.Event_ACKNOWLEDGED:
		return "ACKNOWLEDGED " + e.GetAcknowledged().GetTaskId().GetValue()
	case executor.Event_MESSAGE:
		return "MESSAGE " + string(e.GetMessage().GetData())
	default:
		return e.GetType().String()
	}
}

func (r *rig) action(a core.Action) string {
	switch a := a.(type) {
	case core.Launch:
		name := fmt.Sprintf("c%d", len(r.ids)+1)
		r.containers[a.Container], r.ids[name], r.launches[name] = name, a.Container, a
		return "launch " + name
	case core.Start:
		return "start " + r.containers[a.Container] + " " + limits(a.Limits) + mounts(" with", a.Mounts)
	case core.Update:
		return "update " + r.containers[a.Container] + " " + limits(a.Limits) + mounts(" with", a.Mounts) + mounts(" without", a.Unmounts)
	case core.Signal:
		return fmt.Sprintf("signal %s %d", r.containers[a.Container], a.Sig)
	case core.Destroy:
		return "destroy " + r.containers[a.Container]
	case core.MakeVolumes:
		return fmt.Sprintf("make %v for %s", a.Volumes, a.Operation)
	case core.RemoveVolumes:
		return fmt.Sprintf("remove %v for %s", a.Volumes, a.Operation)
	case core.Forget:
		return "forget " + r.containers[a.Container]
	default:
		return fmt.Sprintf("unknown action %T", a)
	}
}

func resourcesOf(m []*mesos.Resource) string {
	r, err := resource.FromProto(m)
	if err != nil {
		return err.Error()
	}
	return r.String()
}

func mounts(word string, all []core.Mount) (line string) {
	for _, m := range all {
		line += word + " " + m.Path
	}
	return line
}

func limits(l core.Limits) string {
	return fmt.Sprintf("%v cpus %d MB", l.CPUs, l.Memory>>20)
}

// want compares lines.
func want(t tb, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The inputs, in short.

func fromMaster(m *link.FromMaster) core.Input {
	return core.FromMaster{Message: proto.Clone(m).(*link.FromMaster)}
}

func registeredMessage(id string) *link.FromMaster {
	return &link.FromMaster{Message: &link.FromMaster_Registered{Registered: &link.Registered{
		AgentId: &mesos.AgentID{Value: &id},
		Master:  &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(5050))},
	}}}
}

func framework(mod ...func(*mesos.FrameworkInfo)) *mesos.FrameworkInfo {
	f := &mesos.FrameworkInfo{User: new("nobody"), Name: new("f"), Id: &mesos.FrameworkID{Value: new("f")}}
	for _, m := range mod {
		m(f)
	}
	return f
}

func capable(c mesos.FrameworkInfo_Capability_Type) func(*mesos.FrameworkInfo) {
	return func(f *mesos.FrameworkInfo) {
		f.Capabilities = append(f.Capabilities, &mesos.FrameworkInfo_Capability{Type: &c})
	}
}

func command(id, resources string) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name: &id, TaskId: &mesos.TaskID{Value: &id}, AgentId: &mesos.AgentID{Value: new(agentID)},
		Resources: resource.MustParse(resources).Proto(),
		Command:   &mesos.CommandInfo{Value: new("true")},
	}
}

func custom(id, exec, resources string) *mesos.TaskInfo {
	t := command(id, resources)
	t.Command = nil
	t.Executor = &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM.Enum(), ExecutorId: &mesos.ExecutorID{Value: &exec},
		Command:   &mesos.CommandInfo{Value: new("./executor"), Shell: new(true)},
		Resources: resource.MustParse("cpus:0.5;mem:32").Proto(),
	}
	return t
}

func run(t *mesos.TaskInfo, mod ...func(*mesos.FrameworkInfo)) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{Framework: framework(mod...), Task: t}}})
}

// runGroup is a RunGroup of tasks that do not name their executor.
func runGroup(e *mesos.ExecutorInfo, tasks ...*mesos.TaskInfo) core.Input {
	for _, t := range tasks {
		t.Command = nil
	}
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_RunGroup{RunGroup: &link.RunGroup{
		Framework: framework(), Executor: e, TaskGroup: &mesos.TaskGroupInfo{Tasks: tasks},
	}}})
}

func kill(id string, grace ...time.Duration) core.Input {
	k := &link.Kill{FrameworkId: &mesos.FrameworkID{Value: new("f")}, TaskId: &mesos.TaskID{Value: &id}}
	if len(grace) > 0 {
		k.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(grace[0]))}}
	}
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_Kill{Kill: k}})
}

func shutdownFramework() core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_ShutdownFramework{
		ShutdownFramework: &link.ShutdownFramework{FrameworkId: &mesos.FrameworkID{Value: new("f")}},
	}})
}

func shutdownExecutor(id string) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_ShutdownExecutor{ShutdownExecutor: &link.ShutdownExecutor{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, ExecutorId: &mesos.ExecutorID{Value: &id},
	}}})
}

// ack acknowledges the update of a task that was sent last.
func (r *rig) ack(id string) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_Acknowledge{Acknowledge: &link.Acknowledge{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, TaskId: &mesos.TaskID{Value: &id}, Uuid: r.updates[id].GetUuid(),
	}}})
}

// call is a call of the executor in a container, on a connection.
func (r *rig) call(conn core.ConnID, container string, c *executor.Call) core.Input {
	l := r.launches[container]
	c.FrameworkId = &mesos.FrameworkID{Value: new(string(l.Framework))}
	c.ExecutorId = &mesos.ExecutorID{Value: new(string(l.Executor))}
	return core.ExecutorCall{Conn: conn, Container: l.Container, Call: c}
}

func (r *rig) subscribe(conn core.ConnID, container string, mod ...func(*executor.Call_Subscribe)) core.Input {
	s := &executor.Call_Subscribe{}
	for _, m := range mod {
		m(s)
	}
	return r.call(conn, container, &executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: s})
}

func status(id string, state mesos.TaskState, uuid string) *mesos.TaskStatus {
	return &mesos.TaskStatus{
		TaskId: &mesos.TaskID{Value: &id}, State: &state, Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(), Uuid: []byte(uuid),
	}
}

func (r *rig) update(conn core.ConnID, container, id string, state mesos.TaskState, uuid string) core.Input {
	return r.call(conn, container, &executor.Call{
		Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: status(id, state, uuid)},
	})
}

func (r *rig) fetched(c string) core.Input { return core.Fetched{Container: r.ids[c]} }
func (r *rig) started(c string) core.Input { return core.Started{Container: r.ids[c], Pid: 100} }
func (r *rig) limitsUpdated(c string) core.Input {
	return core.LimitsUpdated{Container: r.ids[c]}
}
func (r *rig) destroyed(c string) core.Input { return core.Destroyed{Container: r.ids[c]} }
func (r *rig) exited(c string, status int) core.Input {
	return core.Exited{Container: r.ids[c], Exit: exit(status)}
}

// The ends of processes.

const sigkilled = 9

func exit(status int) core.Exit { return core.Exit{Status: waitStatus(status)} }

// running brings a custom executor with its first task, t1, to run it.
func (r *rig) running(mod ...func(*mesos.FrameworkInfo)) {
	r.t.Helper()
	r.step(run(custom("t1", "e", "cpus:1;mem:64"), mod...))
	r.step(r.fetched("c1"))
	r.step(r.started("c1"))
	want(r.t, r.step(r.subscribe(1, "c1")), "conn 1: SUBSCRIBED", "conn 1: LAUNCH t1")
	want(r.t, r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_RUNNING, "u1")),
		"master: update t1 TASK_RUNNING", "conn 1: ACKNOWLEDGED t1")
	r.step(r.ack("t1"))
}

// states are the names of the states of all containers.
func (r *rig) states() string {
	var names []string
	for _, c := range r.core.Containers() {
		names = append(names, c.State.String())
	}
	return strings.Join(names, " ")
}
