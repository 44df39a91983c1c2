// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

// world is all that a core talks to, played badly: a master that forgets, a
// shell whose containers fail at every step, executors that come and go. It
// knows just enough to notice a core that breaks its word.
type world struct {
	t    *rapid.T
	core *core.Core
	now  time.Time

	up, known  bool // link, registration
	containers map[core.ContainerID]*box
	tasks      map[string]*fate // by framework/task
	conns      map[core.ConnID]*box
	gone       map[core.ConnID]bool // closed by the executor: events for them are lost
	lastConn   core.ConnID
	uuids      int

	making   []string          // operations whose volumes are under way
	waiting  map[string]bool   // operations of which the end is to be told
	inFlight map[string][]byte // uuid of the end that was told last, by operation
}

// box is a container of the world.
type box struct {
	launch     core.Launch
	fetching   bool // Launch is to be answered
	starting   bool // Start is to be answered
	runs       bool
	updating   bool // Update is to be answered
	destroying bool // Destroy is to be answered
	over       bool // it exited, or never will
	conn       core.ConnID
	has        map[string]bool // tasks that the executor in it was sent
	repeat     []*mesos.TaskStatus
}

// fate is what the framework of a task has seen.
type fate struct {
	terminal string // uuid of the terminal update
	inFlight *mesos.TaskStatus
	acked    bool // the terminal one

	group     int             // how many tasks start with it, itself too
	delivered bool            // to its executor
	known     map[string]bool // uuids that were acknowledged
}

func newWorld(t *rapid.T) *world {
	c, err := core.New(core.Config{
		Agent: &mesos.AgentInfo{Hostname: new("h")}, Total: resource.MustParse("cpus:8;mem:1024;disk:300;ports:[1-20]"),
		RegistrationTimeout: time.Minute, ShutdownGrace: 5 * time.Second, KillGrace: 3 * time.Second, MaxGrace: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, core: c, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		containers: map[core.ContainerID]*box{}, tasks: map[string]*fate{}, conns: map[core.ConnID]*box{}, gone: map[core.ConnID]bool{},
		waiting: map[string]bool{}, inFlight: map[string][]byte{},
	}
}

// step applies an input and most often takes what the core wants at once.
func (w *world) step(in core.Input) error {
	err := w.core.Step(w.now, in)
	if problem := w.core.Check(); problem != nil {
		w.t.Fatalf("after %T: %v", in, problem)
	}
	if rapid.IntRange(0, 3).Draw(w.t, "batch") > 0 {
		w.take()
	}
	return err
}

// must is step for an input that the core has to take.
func (w *world) must(in core.Input) {
	if err := w.step(in); err != nil {
		w.t.Fatalf("%T: %v", in, err)
	}
}

// take takes what the core wants and holds it against what it may want.
func (w *world) take() {
	out := w.core.Ready()
	if problem := w.core.Check(); problem != nil {
		w.t.Fatalf("after Ready: %v", problem)
	}
	for _, m := range out.Send {
		switch m := m.(type) {
		case core.ToMaster:
			w.toMaster(m.Message)
		case core.ToExecutor:
			w.toExecutor(m)
		case core.Hangup:
			w.hungUp(m.Conn)
		}
	}
	for _, a := range out.Do {
		w.do(a)
	}
}

func (w *world) toMaster(m *link.FromAgent) {
	if o := m.GetOperationUpdate(); o != nil {
		id := string(o.GetOperationUuid().GetValue())
		if !w.waiting[id] || !w.known {
			w.t.Fatalf("the end of an operation that nobody waits for: %v", o)
		}
		w.inFlight[id] = o.GetStatus().GetUuid().GetValue()
	}
	u := m.GetUpdate()
	if u == nil {
		return
	}
	if !w.known {
		w.t.Fatalf("an update goes out without a registration: %v", u)
	}
	s := u.GetStatus()
	f := w.tasks[name(u.GetFrameworkId().GetValue(), s.GetTaskId().GetValue())]
	if f == nil {
		w.t.Fatalf("an update of a task that was never launched: %v", u)
	}
	if f.inFlight != nil && string(f.inFlight.GetUuid()) != string(s.GetUuid()) {
		w.t.Fatalf("two updates are in flight: %v and %v", f.inFlight, s)
	}
	f.inFlight = s
	if f.known[string(s.GetUuid())] {
		w.t.Fatalf("an acknowledged update is sent again: %v", s)
	}
	if f.acked {
		w.t.Fatalf("an update after the acknowledged end: %v", s)
	}
	if !mesos.Terminal(s.GetState()) {
		if f.terminal != "" {
			w.t.Fatalf("an update after the end: %v", s)
		}
		return
	}
	if f.terminal != "" && f.terminal != string(s.GetUuid()) {
		w.t.Fatalf("the task ends twice: %v", s)
	}
	f.terminal = string(s.GetUuid())
}

func (w *world) toExecutor(m core.ToExecutor) {
	b := w.conns[m.Conn]
	if w.gone[m.Conn] {
		return
	}
	if b == nil {
		w.t.Fatalf("an event for connection %d, which is not there: %v", m.Conn, m.Event)
	}
	tasks := m.Event.GetLaunchGroup().GetTaskGroup().GetTasks()
	if t := m.Event.GetLaunch().GetTask(); t != nil {
		tasks = append(tasks, t)
	}
	for _, t := range tasks {
		id := t.GetTaskId().GetValue()
		f := w.tasks[name(string(b.launch.Framework), id)]
		if f.delivered || f.terminal != "" {
			w.t.Fatalf("task %s is launched twice, or after its end", id)
		}
		if f.group != len(tasks) {
			w.t.Fatalf("task %s of a group of %d is launched with %d", id, f.group, len(tasks))
		}
		f.delivered, b.has[id] = true, true
	}
}

func (w *world) hungUp(conn core.ConnID) {
	b := w.conns[conn]
	if w.gone[conn] {
		return
	}
	if b == nil {
		w.t.Fatalf("connection %d is hung up, but is not there", conn)
	}
	delete(w.conns, conn)
	if b.conn == conn {
		b.conn = 0
	}
}

func (w *world) do(a core.Action) {
	switch a := a.(type) {
	case core.MakeVolumes:
		w.making = append(w.making, a.Operation)
	case core.RemoveVolumes:
		w.making = append(w.making, a.Operation)
	case core.Launch:
		if w.containers[a.Container] != nil {
			w.t.Fatalf("container %s is launched twice", a.Container)
		}
		w.containers[a.Container] = &box{launch: a, fetching: true, has: map[string]bool{}}
	case core.Start:
		b := w.box(a.Container)
		w.only(!b.fetching && !b.starting && !b.runs && !b.over && !b.destroying, a)
		b.starting = true
	case core.Update:
		b := w.box(a.Container)
		w.only((b.runs || b.over) && !b.updating && !b.destroying, a)
		b.updating = true
	case core.Signal:
		b := w.box(a.Container)
		w.only((b.runs || b.over) && !b.destroying, a)
	case core.Destroy:
		b := w.box(a.Container)
		w.only(!b.destroying, a)
		b.destroying = true
	case core.Forget:
		b := w.box(a.Container)
		w.only(!b.fetching && !b.starting && !b.runs && !b.destroying, a)
		delete(w.containers, a.Container)
		for conn, of := range w.conns {
			if of == b {
				w.t.Fatalf("connection %d of the container was not hung up", conn)
			}
		}
	}
}

func (w *world) box(id core.ContainerID) *box {
	b := w.containers[id]
	if b == nil {
		w.t.Fatalf("container %s is not there", id)
	}
	return b
}

func (w *world) only(ok bool, a core.Action) {
	if !ok {
		w.t.Fatalf("%T at the wrong time", a)
	}
}

func name(framework, task string) string { return framework + "/" + task }

// some draws one of the boxes that fit, or nil.
func (w *world) some(fits func(*box) bool) *box {
	var ids []core.ContainerID
	for _, id := range slices.Sorted(maps.Keys(w.containers)) {
		if fits(w.containers[id]) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		w.t.Skip()
	}
	return w.containers[rapid.SampledFrom(ids).Draw(w.t, "container")]
}

// What may happen. Each skips when it cannot.

func (w *world) linkUp(*rapid.T) {
	if w.up {
		w.t.Skip()
	}
	w.must(core.LinkUp{})
	w.up = true
}

func (w *world) linkDown(*rapid.T) {
	w.up, w.known = false, false
	for _, f := range w.tasks {
		f.inFlight = nil
	}
	w.must(core.LinkDown{})
}

func (w *world) register(*rapid.T) {
	if !w.up || w.known {
		w.t.Skip()
	}
	w.known = true
	if w.step(fromMaster(registeredMessage(agentID))) != nil {
		w.known = false // it is to leave first
	}
}

func (w *world) run(t *rapid.T) {
	if !w.known {
		t.Skip()
	}
	id := fmt.Sprintf("t%d", rapid.IntRange(0, 12).Draw(t, "task"))
	fid := rapid.SampledFrom([]string{"f", "g"}).Draw(t, "framework")
	key := name(fid, id)
	if f := w.tasks[key]; f != nil && !f.acked {
		t.Skip() // a master does not launch a task that it knows
	}
	port := rapid.IntRange(1, 20).Draw(t, "port")
	resources := fmt.Sprintf("cpus:%d;mem:%d;ports:[%d-%d]", rapid.IntRange(0, 2).Draw(t, "cpus"), rapid.IntRange(1, 300).Draw(t, "mem"), port, port)
	task := command(id, resources)
	if kind := rapid.IntRange(0, 3).Draw(t, "kind"); kind > 0 {
		task = custom(id, fmt.Sprintf("e%d", kind), resources)
		if rapid.IntRange(0, 19).Draw(t, "other executor") == 0 {
			task.Executor.Name = new("another")
		}
	}
	w.tasks[key] = &fate{group: 1}
	in := &link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
		Framework: framework(func(f *mesos.FrameworkInfo) { f.Id.Value = &fid }), Task: task,
	}}}
	w.must(core.FromMaster{Message: in})
}

func (w *world) runGroup(t *rapid.T) {
	if !w.known {
		t.Skip()
	}
	fid := rapid.SampledFrom([]string{"f", "g"}).Draw(t, "framework")
	e := custom("", fmt.Sprintf("e%d", rapid.IntRange(1, 3).Draw(t, "executor")), "").Executor
	n := rapid.IntRange(1, 3).Draw(t, "tasks")
	var tasks []*mesos.TaskInfo
	for i := range n {
		id := fmt.Sprintf("g%d", i+rapid.IntRange(0, 2).Draw(t, "from")*n)
		if f := w.tasks[name(fid, id)]; f != nil && !f.acked {
			t.Skip()
		}
		tasks = append(tasks, command(id, fmt.Sprintf("cpus:1;mem:%d", rapid.IntRange(1, 300).Draw(t, "mem"))))
	}
	in := runGroup(e, tasks...)
	in.(core.FromMaster).Message.GetRunGroup().Framework = framework(func(f *mesos.FrameworkInfo) { f.Id.Value = &fid })
	ids := map[string]bool{}
	for _, t := range tasks {
		ids[t.GetTaskId().GetValue()] = true
	}
	if len(ids) < n {
		w.t.Skip()
	}
	for id := range ids {
		w.tasks[name(fid, id)] = &fate{group: n}
	}
	w.must(in)
}

// operate asks for an operation of any kind, likely or not.
func (w *world) operate(t *rapid.T) {
	if !w.known {
		t.Skip()
	}
	v := volume(rapid.SampledFrom([]string{"v", "w"}).Draw(t, "volume"), "100", "data")
	op := rapid.SampledFrom([]*mesos.Offer_Operation{
		reserve(reserved("disk:100")), reserve(reserved("cpus:1")), unreserve(reserved("disk:100")), unreserve(reserved("cpus:1")),
		create(v), create(v), destroy(v), grow(v, reserved("disk:100")), shrink(v, 50),
	}).Draw(t, "operation")
	w.uuids++
	id := fmt.Sprintf("o%d", w.uuids)
	if rapid.Bool().Draw(t, "named") {
		op = named(op)
	}
	if op.Id != nil || op.GrowVolume != nil || op.ShrinkVolume != nil {
		w.waiting[id] = true
	}
	w.must(apply(id, op))
}

func (w *world) ackOperation(t *rapid.T) {
	ids := slices.Sorted(maps.Keys(w.inFlight))
	if !w.known || len(ids) == 0 {
		t.Skip()
	}
	w.acknowledgeOperation(rapid.SampledFrom(ids).Draw(t, "operation"))
}

func (w *world) acknowledgeOperation(id string) {
	w.take() // what is said of it already
	uuid := w.inFlight[id]
	delete(w.inFlight, id)
	delete(w.waiting, id)
	w.must(fromMaster(&link.FromMaster{Message: &link.FromMaster_AcknowledgeOperation{AcknowledgeOperation: &link.AcknowledgeOperation{
		OperationUuid: &mesos.UUID{Value: []byte(id)}, StatusUuid: &mesos.UUID{Value: uuid},
	}}}))
}

// changeVolumes ends what is under way with volumes, well or badly.
func (w *world) changeVolumes(t *rapid.T) {
	if len(w.making) == 0 {
		t.Skip()
	}
	in := core.VolumesChanged{Operation: w.making[0]}
	w.making = w.making[1:]
	if rapid.IntRange(0, 3).Draw(t, "badly") == 0 {
		in.Problem = "no space left on device"
	}
	w.must(in)
}

func (w *world) drain(t *rapid.T) {
	if !w.known || rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		t.Skip()
	}
	var config *mesos.DrainConfig
	if rapid.Bool().Draw(t, "limited") {
		config = within(time.Second)
	}
	w.must(drain(config))
}

func (w *world) ping(*rapid.T) {
	if err := w.step(ping()); err != nil && w.known {
		w.t.Fatalf("ping: %v", err)
	}
}

func (w *world) preempt(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		t.Skip()
	}
	w.take() // what it forgets, the shell does not preempt
	b := w.some(func(*box) bool { return true })
	w.must(core.Preempt{Container: b.launch.Container})
}

func (w *world) kill(t *rapid.T) {
	keys := slices.Sorted(maps.Keys(w.tasks))
	if !w.known || len(keys) == 0 {
		t.Skip()
	}
	key := rapid.SampledFrom(keys).Draw(t, "task")
	fid, id := key[:1], key[2:]
	if w.tasks[key].acked {
		t.Skip() // nor does it kill a task that it has forgotten
	}
	_ = w.step(core.FromMaster{Message: &link.FromMaster{Message: &link.FromMaster_Kill{Kill: &link.Kill{
		FrameworkId: &mesos.FrameworkID{Value: &fid}, TaskId: &mesos.TaskID{Value: &id},
	}}}})
}

func (w *world) ack(t *rapid.T) {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(w.tasks)) {
		if w.tasks[key].inFlight != nil {
			keys = append(keys, key)
		}
	}
	if !w.known || len(keys) == 0 {
		t.Skip()
	}
	w.acknowledge(rapid.SampledFrom(keys).Draw(t, "task"))
}

func (w *world) acknowledge(key string) {
	w.take() // what is said of it already
	f := w.tasks[key]
	s := f.inFlight
	f.inFlight = nil
	if f.known == nil {
		f.known = map[string]bool{}
	}
	f.known[string(s.GetUuid())] = true
	f.acked = f.acked || mesos.Terminal(s.GetState())
	w.must(core.FromMaster{Message: &link.FromMaster{Message: &link.FromMaster_Acknowledge{Acknowledge: &link.Acknowledge{
		FrameworkId: &mesos.FrameworkID{Value: new(key[:1])}, TaskId: s.GetTaskId(), Uuid: s.GetUuid(),
	}}}})
}

// answer answers what a container was asked for, well or badly.
func (w *world) answer(t *rapid.T) {
	b := w.some(func(b *box) bool { return b.fetching || b.starting || b.updating || b.destroying || b.runs })
	well := rapid.IntRange(0, 9).Draw(t, "well") > 0
	id := b.launch.Container
	switch {
	case b.fetching:
		b.fetching = false
		if well {
			w.must(core.Fetched{Container: id})
			return
		}
		b.over = true
		w.must(core.FetchFailed{Container: id, Message: "404"})
	case b.starting:
		b.starting = false
		b.runs, b.over = well, !well
		if well {
			w.must(core.Started{Container: id, Pid: 7})
			return
		}
		w.must(core.StartFailed{Container: id, Message: "no such program"})
	case b.updating:
		b.updating = false
		in := core.LimitsUpdated{Container: id}
		if !well {
			in.Problem = "EBUSY"
		}
		w.must(in)
	case b.runs && (b.destroying || rapid.Bool().Draw(t, "exits")):
		b.runs, b.over = false, true
		w.must(core.Exited{Container: id, Exit: w.exit()})
	case b.destroying:
		b.destroying = false
		w.must(core.Destroyed{Container: id})
	}
}

func (w *world) exit() core.Exit {
	return rapid.SampledFrom([]core.Exit{
		exit(0), exit(256), exit(sigkilled),
		{Unknown: "lost"},
		{Status: sigkilled, OOM: &core.OOM{Limit: 1 << 20, Peak: 1 << 20, Kills: 1}},
	}).Draw(w.t, "exit")
}

func (w *world) subscribe(t *rapid.T) {
	b := w.some(func(b *box) bool { return b.launch.Custom && (b.runs || b.starting) })
	w.lastConn++
	s := &executor.Call_Subscribe{}
	for _, id := range slices.Sorted(maps.Keys(b.has)) {
		if rapid.Bool().Draw(t, "forgotten") {
			s.UnacknowledgedTasks = append(s.UnacknowledgedTasks, command(id, "cpus:1"))
		}
	}
	for _, u := range b.repeat {
		s.UnacknowledgedUpdates = append(s.UnacknowledgedUpdates, &executor.Call_Update{Status: proto.Clone(u).(*mesos.TaskStatus)})
	}
	w.conns[w.lastConn] = b
	b.conn = w.lastConn
	w.must(w.call(b, &executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: s}))
}

func (w *world) call(b *box, c *executor.Call) core.Input {
	c.FrameworkId = &mesos.FrameworkID{Value: new(string(b.launch.Framework))}
	c.ExecutorId = &mesos.ExecutorID{Value: new(string(b.launch.Executor))}
	return core.ExecutorCall{Conn: b.conn, Container: b.launch.Container, Call: c}
}

func (w *world) disconnect(*rapid.T) {
	b := w.some(func(b *box) bool { return b.conn != 0 })
	conn := b.conn
	b.conn = 0
	delete(w.conns, conn)
	w.gone[conn] = true
	w.must(core.ConnClosed{Conn: conn})
}

func (w *world) update(t *rapid.T) {
	w.take()
	b := w.some(func(b *box) bool { return b.runs && b.conn != 0 && len(b.has) > 0 })
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(b.has))).Draw(t, "task")
	state := rapid.SampledFrom([]mesos.TaskState{taskRunning, taskStarting, taskFinished, taskFailed}).Draw(t, "state")
	if n := rapid.IntRange(0, 9).Draw(t, "repeat"); n == 0 && len(b.repeat) > 0 {
		s := proto.Clone(rapid.SampledFrom(b.repeat).Draw(t, "which")).(*mesos.TaskStatus)
		_ = w.step(w.call(b, &executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: s}}))
		return
	}
	w.uuids++
	s := status(id, state, fmt.Sprintf("%016d", w.uuids))
	b.repeat = append(b.repeat, proto.Clone(s).(*mesos.TaskStatus))
	_ = w.step(w.call(b, &executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: s}}))
}

func (w *world) shutdownExecutor(t *rapid.T) {
	if !w.known || rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
		t.Skip()
	}
	w.must(shutdownExecutor(rapid.SampledFrom([]string{"e1", "e2", "e3", "e4"}).Draw(t, "executor")))
}

// updateFramework has everything of a framework sent again that is not
// acknowledged.
func (w *world) updateFramework(t *rapid.T) {
	if !w.known {
		t.Skip()
	}
	w.take()
	fid := rapid.SampledFrom([]string{"f", "g"}).Draw(t, "framework")
	missing := make(map[string]*fate)
	for key, f := range w.tasks {
		if key[:1] == fid && f.inFlight != nil {
			missing[key], f.inFlight = f, nil
		}
	}
	w.must(updateFramework(called(fid)))
	w.take()
	for key, f := range missing {
		if f.inFlight == nil {
			t.Fatalf("what is in flight of task %s is not sent again", key)
		}
	}
}

func (w *world) shutdownFramework(t *rapid.T) {
	if !w.known || rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		t.Skip()
	}
	w.must(shutdownFramework())
}

func (w *world) tick(t *rapid.T) {
	at, _ := w.core.Deadline()
	if rapid.Bool().Draw(t, "early") {
		w.now = w.now.Add(time.Second)
	}
	if at.After(w.now) {
		w.now = at
	}
	for _, f := range w.tasks {
		f.inFlight = nil // it may be sent again
	}
	w.must(core.Tick{})
}
