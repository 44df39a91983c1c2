// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// key names a task or an executor of a framework.
type key struct{ framework, id string }

// modelAgent does what it is told, as a real agent does, with books of its own.
type modelAgent struct {
	m        *model
	hostname string
	id       *mesos.AgentID     // nil while it is new
	conn     core.ConnID        // 0 while its link is down
	base     resource.Resources // what it is started with
	total    resource.Resources // what operations have made of it
	changes  int                // of total, by itself

	operations map[string]*modelOperation
	frameworks map[string]*mesos.FrameworkInfo
	leaving    map[string]bool // frameworks that the master ended
	tasks      map[key]*modelTask
	executors  map[key]*mesos.ExecutorInfo
	exits      []*link.ExecutorExited // that could not be told
	draining   *mesos.DrainInfo
}

// modelTask is live, or has updates that are not acknowledged.
type modelTask struct {
	key
	order     int
	executor  string
	resources resource.Resources
	state     mesos.TaskState
	updates   []*mesos.TaskStatus // the first is in flight
	acked     mesos.TaskState
}

func (a *modelAgent) reset() {
	a.id, a.conn = nil, 0
	a.frameworks = make(map[string]*mesos.FrameworkInfo)
	a.leaving = make(map[string]bool)
	a.tasks = make(map[key]*modelTask)
	a.executors = make(map[key]*mesos.ExecutorInfo)
	a.exits, a.draining = nil, nil
	a.operations = make(map[string]*modelOperation)
	a.total = a.base
	a.changes++
}

// connect registers, with all that the agent has. Where the master has not yet
// noticed that the old link is gone, that is lost with what was on its way down;
// only an agent that never learned its id is a stranger, whose old link the
// master has to see ended.
func (a *modelAgent) connect() {
	w := a.m.w
	if a.conn != 0 && a.id == nil {
		a.disconnect()
	}
	w.down[a.conn] = nil
	info := &mesos.AgentInfo{Hostname: &a.hostname, Id: a.id, Resources: a.base.Proto()}
	r := &link.Register{
		Agent: info, Version: new("1"), Total: a.total.Proto(), ResourceVersion: []byte(a.version()), Operations: a.listedOperations(),
		Drain: a.draining,
	}
	withCapabilities(r, mesos.AgentInfo_Capability_RESIZE_VOLUME)
	for _, f := range slices.Sorted(maps.Keys(a.frameworks)) {
		r.Frameworks = append(r.Frameworks, a.frameworks[f])
	}
	for _, k := range sortedKeys(a.executors) {
		r.Executors = append(r.Executors, a.executors[k])
	}
	for _, t := range a.sorted() {
		r.Tasks = append(r.Tasks, t.listed())
	}
	r.Exited, a.exits = a.exits, nil
	a.conn = w.conn()
	w.do(core.AgentMessage{Conn: a.conn, Address: "10.0.0.1", Message: registerMessage(r)})
	a.m.settle()
}

func (t *modelTask) listed() *mesos.Task {
	m := &mesos.Task{
		Name: &t.id, TaskId: &mesos.TaskID{Value: &t.id}, FrameworkId: &mesos.FrameworkID{Value: &t.framework},
		AgentId: &mesos.AgentID{Value: new("any")}, State: &t.state, Resources: t.resources.Proto(), StatusUpdateState: &t.acked,
	}
	if t.executor != "" {
		m.ExecutorId = &mesos.ExecutorID{Value: &t.executor}
	}
	if len(t.updates) > 0 {
		m.StatusUpdateState, m.StatusUpdateUuid = t.updates[0].State, t.updates[0].Uuid
	}
	return m
}

// disconnect loses the link, and what was on its way down.
func (a *modelAgent) disconnect() {
	conn := a.conn
	a.conn = 0
	a.m.w.down[conn] = nil
	a.m.w.do(core.AgentClosed{Conn: conn})
	a.m.settle()
}

// deliver takes the next message of the master.
func (a *modelAgent) deliver() {
	w := a.m.w
	msg := w.down[a.conn][0]
	w.down[a.conn] = w.down[a.conn][1:]
	switch m := msg.GetMessage().(type) {
	case *link.FromMaster_Registered:
		a.id = m.Registered.GetAgentId()
		for _, t := range a.sorted() {
			a.transmit(t)
		}
		for _, o := range a.sortedOperations() {
			if !o.pending() {
				a.tell(o)
			}
		}
	case *link.FromMaster_ApplyOperation:
		a.apply(m.ApplyOperation)
	case *link.FromMaster_AcknowledgeOperation:
		a.operationAcknowledged(m.AcknowledgeOperation)
	case *link.FromMaster_Run:
		a.run(m.Run)
	case *link.FromMaster_Kill:
		if t := a.tasks[key{m.Kill.GetFrameworkId().GetValue(), m.Kill.GetTaskId().GetValue()}]; t != nil && t.live() {
			a.report(t, mesos.TaskState_TASK_KILLED)
		}
	case *link.FromMaster_Acknowledge:
		a.acknowledged(m.Acknowledge)
	case *link.FromMaster_ShutdownFramework:
		a.leave(m.ShutdownFramework.GetFrameworkId().GetValue())
	case *link.FromMaster_UpdateFramework:
		a.updateFramework(m.UpdateFramework.GetFramework())
	case *link.FromMaster_Shutdown:
		a.reset()
	case *link.FromMaster_Drain:
		a.beginDrain(m.Drain.GetConfig())
	}
	a.m.settle()
}

func (a *modelAgent) run(r *link.Run) {
	f := r.GetFramework().GetId().GetValue()
	a.frameworks[f] = r.GetFramework()
	task := r.GetTask()
	t := a.m.taskOf(f, task)
	if a.draining != nil {
		a.m.w.t.Fatalf("agent %s is to run task %v, and drains", a.id, t.key)
	}
	if old := a.tasks[t.key]; old != nil {
		a.m.w.t.Fatalf("agent %s is to run task %v, which is %v there", a.id, t.key, old.state)
	}
	a.m.order++
	t.order = a.m.order
	a.tasks[t.key] = t
	if k := (key{f, t.executor}); !a.current(r) {
		a.report(t, mesos.TaskState_TASK_FAILED)
		if t.executor != "" && a.executors[k] == nil && r.GetLaunchExecutor() {
			a.exit(k)
		}
		return
	}
	if a.leaving[f] { // an earlier master said so: this is one by which the framework came back
		a.report(t, mesos.TaskState_TASK_FAILED)
		if k := (key{f, t.executor}); t.executor != "" && a.executors[k] == nil && r.GetLaunchExecutor() {
			a.exit(k)
		}
		return
	}
	if e := task.GetExecutor(); e != nil {
		k := key{f, e.GetExecutorId().GetValue()}
		if a.executors[k] == nil && !r.GetLaunchExecutor() {
			a.report(t, mesos.TaskState_TASK_FAILED) // it exited meanwhile
			return
		}
		a.executors[k] = e
	}
}

func (t *modelTask) live() bool { return !mesos.Terminal(t.state) }

// report moves a task on and puts the update on its way.
func (a *modelAgent) report(t *modelTask, state mesos.TaskState) {
	a.m.uuids++
	id := make([]byte, 16)
	binary.BigEndian.PutUint64(id, a.m.uuids)
	t.state = state
	status := &mesos.TaskStatus{
		TaskId: &mesos.TaskID{Value: &t.id}, State: &state, AgentId: a.id, Uuid: id,
		Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(),
	}
	if a.leaving[t.framework] {
		a.send(t, status) // once: nobody will acknowledge it
		if !t.live() {
			delete(a.tasks, t.key)
		}
		return
	}
	t.updates = append(t.updates, status)
	if len(t.updates) == 1 {
		a.transmit(t)
	}
}

// transmit sends the update that is in flight, if there is one.
func (a *modelAgent) transmit(t *modelTask) {
	if len(t.updates) > 0 {
		a.send(t, t.updates[0])
	}
}

func (a *modelAgent) send(t *modelTask, status *mesos.TaskStatus) {
	latest := t.state
	a.say(&link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
		FrameworkId: &mesos.FrameworkID{Value: &t.framework}, Status: status, LatestState: &latest,
	}}})
}

// answerPings tells the master that the agent is alive, if it asked.
func (a *modelAgent) answerPings() {
	if w := a.m.w; a.conn != 0 && w.pings[a.conn] > 0 {
		delete(w.pings, a.conn)
		a.say(&link.FromAgent{Message: &link.FromAgent_Pong{Pong: &link.Pong{}}})
	}
}

// say sends a message, if the link is there and the master has not ended it.
func (a *modelAgent) say(m *link.FromAgent) {
	if a.conn != 0 && a.m.w.closed[a.conn] == core.CloseNot {
		a.m.w.do(core.AgentMessage{Conn: a.conn, Message: m})
	}
}

func (a *modelAgent) acknowledged(ack *link.Acknowledge) {
	t := a.tasks[key{ack.GetFrameworkId().GetValue(), ack.GetTaskId().GetValue()}]
	if t == nil || len(t.updates) == 0 || string(t.updates[0].GetUuid()) != string(ack.GetUuid()) {
		return
	}
	t.acked = t.updates[0].GetState()
	t.updates = t.updates[1:]
	if len(t.updates) == 0 && !t.live() {
		delete(a.tasks, t.key)
		return
	}
	a.transmit(t)
}

// updateFramework takes over what a framework says of itself, and sends again what
// it may not have heard.
func (a *modelAgent) updateFramework(info *mesos.FrameworkInfo) {
	id := info.GetId().GetValue()
	if a.frameworks[id] != nil {
		a.frameworks[id] = info
	}
	for _, t := range a.sorted() {
		if t.framework == id {
			a.transmit(t)
		}
	}
	for _, o := range a.sortedOperations() {
		if o.GetFrameworkId().GetValue() == id && !o.pending() {
			a.tell(o)
		}
	}
}

// checkFrameworks checks that the agent, to which nothing is on its way, knows those
// that have a task on it as they are.
func (a *modelAgent) checkFrameworks() {
	for _, t := range a.sorted() {
		for _, s := range a.m.scheds {
			if s.conn == 0 || s.info.GetId().GetValue() != t.framework || s.blurred[t.id] {
				continue
			}
			if got := a.frameworks[t.framework]; !proto.Equal(got, s.info) {
				a.m.w.t.Fatalf("agent %s knows framework %v, which is %v", a.id, got, s.info)
			}
		}
	}
}

// leave begins the end of a framework: its updates are not kept any more. An end
// that waits behind another update is told, for the sake of what it frees.
func (a *modelAgent) leave(f string) {
	a.leaving[f] = true
	for _, t := range a.sorted() {
		if t.framework != f {
			continue
		}
		if !t.live() {
			a.send(t, t.updates[len(t.updates)-1])
			delete(a.tasks, t.key)
		}
		t.updates = nil
	}
}

// exit ends an executor and its tasks.
func (a *modelAgent) exit(k key) {
	for _, t := range a.sorted() {
		if t.framework == k.framework && t.executor == k.id && t.live() {
			a.report(t, mesos.TaskState_TASK_FAILED)
		}
	}
	delete(a.executors, k)
	exited := &link.ExecutorExited{
		FrameworkId: &mesos.FrameworkID{Value: &k.framework}, ExecutorId: &mesos.ExecutorID{Value: &k.id}, Status: new(int32(9)),
	}
	if a.conn == 0 {
		a.exits = append(a.exits, exited)
	}
	a.say(&link.FromAgent{Message: &link.FromAgent_ExecutorExited{ExecutorExited: exited}})
	a.m.settle()
}

// committed returns what the agent has given away, or is about to: what runs on
// it, and what it is on its way to being told to run. That it fits is checked.
func (a *modelAgent) committed() resource.Resources {
	sum := a.m.sum(a, "runs")
	for _, t := range a.sorted() {
		if t.live() {
			sum.add(t.resources)
		}
	}
	seen := make(map[key]bool)
	for k, e := range a.executors {
		seen[k] = true
		sum.add(parse(a.m, e.GetResources()))
	}
	for _, msg := range a.m.w.down[a.conn] {
		if r := msg.GetRun(); r != nil && a.current(r) {
			e := r.GetTask().GetExecutor()
			k := key{r.GetFramework().GetId().GetValue(), e.GetExecutorId().GetValue()}
			if e != nil && !seen[k] {
				if !r.GetLaunchExecutor() {
					continue // its executor has exited: the task will be dropped
				}
				seen[k] = true
				sum.add(parse(a.m, e.GetResources()))
			}
			sum.add(parse(a.m, r.GetTask().GetResources()))
		}
	}
	return sum.total
}

func (a *modelAgent) sorted() []*modelTask {
	return slices.SortedFunc(maps.Values(a.tasks), func(x, y *modelTask) int { return cmp.Compare(x.order, y.order) })
}

func sortedKeys[V any](m map[key]V) []key {
	return slices.SortedFunc(maps.Keys(m), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.framework, b.framework), cmp.Compare(a.id, b.id))
	})
}

// adder adds up parts of an agent, and fails where they exceed it.
type adder struct {
	a           *modelAgent
	what        string
	total, left resource.Resources
}

func (m *model) sum(a *modelAgent, what string) *adder {
	return &adder{a: a, what: what, left: a.effective()}
}

func (s *adder) add(r resource.Resources) {
	left, err := s.left.Subtract(r)
	if err != nil {
		s.a.m.w.t.Fatalf("agent %s %s more than its %s: %s and then %s: %v", s.a.hostname, s.what, s.a.total, s.total, r, err)
	}
	s.left = left
	s.total = s.total.Add(r)
}

func parse(m *model, list []*mesos.Resource) resource.Resources {
	r, err := resource.FromProto(list)
	if err != nil {
		m.w.t.Fatal(fmt.Errorf("the core sent resources that are none: %w", err))
	}
	return r
}
