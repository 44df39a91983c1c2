// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// model is a cluster around the core: agents and schedulers that know the
// protocol and, each, only what they were told. After every step it compares
// their books with each other: nothing is offered twice or beyond what there is.
type model struct {
	w      *world
	agents []*modelAgent
	scheds []*modelSched // all there ever were
	actors []*modelSched // those that act
	order  int
	uuids  uint64
	master int
	parked map[string]bool // agents that are deactivated, drain or have drained

	optimistic bool // offers may overlap
}

// optimistically lets offers of several frameworks overlap.
func optimistically(cfg *core.Config) {
	cfg.OptimisticOffers = true
	cfg.Allocator = allocator.New(allocator.Config{Optimistic: true})
}

// world returns a new master.
func (m *model) world(t rapid.TB, options ...func(*core.Config)) *world {
	options = append(options, withOfferTimeout(time.Minute), modelPings)
	if m.optimistic {
		options = append(options, optimistically)
	}
	return newWorld(t, options...)
}

func newModel(t *rapid.T, optimistic bool) *model {
	m := &model{optimistic: optimistic, parked: make(map[string]bool)}
	m.w = m.world(t)
	for i := range 3 {
		a := &modelAgent{m: m, hostname: fmt.Sprint("host", i), base: resource.MustParse("cpus:4;mem:400;ports:[1-4];disk:100")}
		a.reset()
		m.agents = append(m.agents, a)
	}
	for i := range 2 {
		timeout := float64(60 * i) // the first is removed as soon as it is disconnected
		m.actors = append(m.actors, newModelSched(m, timeout))
	}
	m.scheds = slices.Clone(m.actors)
	return m
}

// modelPings has an agent unreachable that is silent for 5 minutes, which is when
// the clock goes on without anybody.
func modelPings(c *core.Config) { c.MaxAgentPingTimeouts = 20 }

func newModelSched(m *model, failoverTimeout float64) *modelSched {
	return &modelSched{
		m:       m,
		info:    frameworkInfo(partitionAware, withFailoverTimeout(failoverTimeout)),
		offers:  make(map[string]*mesos.Offer),
		ordered: make(map[string]bool),
		open:    make(map[string]bool),
		blurred: make(map[string]bool),
		removed: make(map[string]bool),
		answers: make(map[string]mesos.TaskState),
		ends:    make(map[string]bool),
	}
}

// taskOf returns the task that an agent is to run.
func (m *model) taskOf(framework string, task *mesos.TaskInfo) *modelTask {
	return &modelTask{
		key: key{framework, task.GetTaskId().GetValue()}, executor: task.GetExecutor().GetExecutorId().GetValue(),
		resources: parse(m, task.GetResources()), state: mesos.TaskState_TASK_STAGING, acked: mesos.TaskState_TASK_STAGING,
	}
}

// settle lets the schedulers take their events and compares the books.
func (m *model) settle() {
	for _, s := range m.scheds {
		s.take()
	}
	for _, a := range m.agents {
		if a.conn != 0 && m.w.closed[a.conn] != 0 && len(m.w.down[a.conn]) == 0 {
			a.conn = 0
		}
		a.answerPings()
		a.settleDrain()
		sum := m.sum(a, "runs and is offered")
		sum.add(a.committed())
		for _, r := range a.worked() {
			sum.add(r)
		}
		for _, s := range m.scheds {
			each := sum
			if m.optimistic { // what is offered to one may be offered to others, too
				each = new(*sum)
			}
			for _, o := range s.offers {
				if a.id != nil && o.GetAgentId().GetValue() == a.id.GetValue() {
					each.add(parse(m, o.GetResources()))
				}
			}
		}
	}
}

// runs counts the tasks that are on their way to agents.
func (m *model) runs() int {
	n := 0
	for _, list := range m.w.down {
		for _, msg := range list {
			if msg.GetRun() != nil {
				n++
			}
		}
	}
	return n
}

// restart replaces the master by one that knows what the old one has made durable,
// or nothing. Everybody is disconnected, and all that was on its way is lost.
func (m *model) restart(remember bool) {
	m.master++
	options := []func(*core.Config){withMaster(fmt.Sprint("m", m.master))}
	if remember {
		records := m.w.remembered()
		options = append(options, func(c *core.Config) { c.Remembered = records })
	}
	fresh := m.world(m.w.t, options...)
	fresh.now, fresh.conns = m.w.now, m.w.conns
	if remember {
		fresh.records = m.w.records
	}
	m.w = fresh
	for _, a := range m.agents {
		a.conn = 0
	}
	for _, s := range m.scheds {
		s.conn = 0
		s.drop()
		s.over = s.over && remember
		maps.Copy(s.blurred, s.removed)
	}
	if !remember {
		clear(m.parked)
	}
}

func TestTheClusterKeepsItsBooksWhateverHappens(t *testing.T) { testCluster(t, false) }

func TestTheClusterKeepsItsBooksWhereOffersOverlap(t *testing.T) { testCluster(t, true) }

func testCluster(t *testing.T, optimistic bool) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, optimistic)
		t.Repeat(map[string]func(*rapid.T){
			"connect a scheduler":    m.connectScheduler,
			"disconnect a scheduler": m.disconnectScheduler,
			"teardown":               m.teardown,
			"accept":                 m.accept,
			"accept something stale": m.acceptStale,
			"decline":                m.decline,
			"kill":                   m.kill,
			"acknowledge":            m.acknowledge,
			"suppress or revive":     m.suppressOrRevive,
			"update a framework":     m.update,
			"reconcile":              m.reconcile,

			"acknowledge an operation": m.acknowledgeOperation,
			"reconcile operations":     m.reconcileOperations,
			"an operation ends":        m.finishOperation,
			"an agent changes":         m.changeAgent,

			"connect an agent":       m.connectAgent,
			"disconnect an agent":    m.disconnectAgent,
			"deliver to an agent":    m.deliver,
			"deliver all to agents":  m.deliverAll,
			"a task goes on":         m.progress,
			"an executor exits":      m.exit,
			"an agent sends again":   m.resend,
			"an agent is gone":       m.markGone,
			"an agent is drained":    m.drain,
			"an agent is parked":     m.deactivate,
			"an agent is used again": m.reactivate,
			"a machine is to go":     m.maintain,
			"time passes":            m.pass,
			"the master restarts":    m.maybeRestart,
		})
		m.quiesce()
	})
}

// pick draws one of the elements for which ok says yes; the action does not
// apply where there is none.
func pick[E any](t *rapid.T, label string, list []E, ok func(E) bool) E {
	var fit []E
	for _, e := range list {
		if ok(e) {
			fit = append(fit, e)
		}
	}
	if len(fit) == 0 {
		t.Skip("no ", label)
	}
	return fit[rapid.IntRange(0, len(fit)-1).Draw(t, label)]
}

func (m *model) pickConnected(t *rapid.T) *modelSched {
	return pick(t, "scheduler", m.scheds, func(s *modelSched) bool { return s.conn != 0 })
}

func (m *model) pickAgent(t *rapid.T, ok func(*modelAgent) bool) *modelAgent {
	return pick(t, "agent", m.agents, ok)
}

func (m *model) connectScheduler(t *rapid.T) {
	i := rapid.IntRange(0, len(m.actors)-1).Draw(t, "scheduler")
	if s := m.actors[i]; s.over {
		m.actors[i] = newModelSched(m, s.info.GetFailoverTimeout())
		m.scheds = append(m.scheds, m.actors[i])
	}
	m.actors[i].connect()
}

func (m *model) disconnectScheduler(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "really") == 0 {
		m.pickConnected(t).disconnect()
	}
}

func (m *model) teardown(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
		s := m.pickConnected(t)
		s.drop()
		s.over = true
		s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	}
}

// drawTasks draws some tasks for an offer; they need not fit into it.
func drawTasks(t *rapid.T, o *mesos.Offer) []*mesos.TaskInfo {
	var tasks []*mesos.TaskInfo
	drawn := make(map[string]bool)
	for range rapid.IntRange(0, 3).Draw(t, "tasks") {
		id := fmt.Sprint("t", rapid.IntRange(0, 9).Draw(t, "task id"))
		if drawn[id] {
			continue
		}
		drawn[id] = true
		res := rapid.SampledFrom([]string{"cpus:0.5", "cpus:1;mem:64", "cpus:2;mem:128;ports:[1-2]", "ports:[3-3];mem:10"}).Draw(t, "resources")
		task := commandTask(id, o, res)
		if e := rapid.IntRange(0, 3).Draw(t, "executor"); e > 1 {
			byExecutor(fmt.Sprint("e", e), "cpus:0.1;mem:32")(task)
		}
		tasks = append(tasks, task)
	}
	return tasks
}

func (m *model) accept(t *rapid.T) {
	s := m.pickConnected(t)
	ids := slices.Sorted(maps.Keys(s.offers))
	id := pick(t, "offer", ids, func(string) bool { return true })
	offers := []*mesos.Offer{s.offers[id]}
	for _, other := range ids { // the rest of the same agent, if any, comes along
		if o := s.offers[other]; other != id && o.GetAgentId().GetValue() == offers[0].GetAgentId().GetValue() {
			offers = append(offers, o)
		}
	}
	var pool resource.Resources
	for _, o := range offers {
		pool = pool.Add(parse(m, o.GetResources()))
	}
	ops, pool := s.drawOperations(t, pool)
	tasks := drawTasks(t, offers[0])
	for _, r := range pool.Proto() {
		if len(tasks) > 0 && r.GetDisk().GetPersistence() != nil && rapid.Bool().Draw(t, "use the volume") {
			tasks[0].Resources = append(tasks[0].Resources, r)
		}
	}
	s.accept(offers, float64(rapid.IntRange(0, 20).Draw(t, "refuse")), tasks, ops...)
}

func (m *model) acceptStale(t *rapid.T) {
	s := m.pickConnected(t)
	o := pick(t, "offer", s.past, func(o *mesos.Offer) bool { return s.offers[o.GetId().GetValue()] == nil })
	s.accept([]*mesos.Offer{o}, 0, drawTasks(t, o))
}

func (m *model) decline(t *rapid.T) {
	s := m.pickConnected(t)
	id := pick(t, "offer", slices.Sorted(maps.Keys(s.offers)), func(string) bool { return true })
	s.decline(s.offers[id], float64(rapid.IntRange(0, 20).Draw(t, "refuse")))
}

func (m *model) kill(t *rapid.T) {
	s := m.pickConnected(t)
	s.call(killCall(fmt.Sprint("t", rapid.IntRange(0, 9).Draw(t, "task")), ""))
}

func (m *model) acknowledge(t *rapid.T) {
	s := m.pickConnected(t)
	if len(s.unacked) == 0 {
		t.Skip("nothing to acknowledge")
	}
	s.acknowledge(rapid.IntRange(0, len(s.unacked)-1).Draw(t, "update"))
}

func (m *model) suppressOrRevive(t *rapid.T) {
	s := m.pickConnected(t)
	if rapid.Bool().Draw(t, "suppress") {
		s.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum()})
		return
	}
	s.filters = nil
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
}

func (m *model) update(t *rapid.T) {
	s := m.pickConnected(t)
	info := proto.CloneOf(s.info)
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		info.User = new("somebody else")
		s.refusedUpdate(info)
		return
	case 1, 2, 3:
		withRole(rapid.SampledFrom([]string{"*", "a", "a/b"}).Draw(t, "role"))(info)
	case 4:
		withFailoverTimeout(float64(rapid.IntRange(0, 60).Draw(t, "failover timeout")))(info)
	default:
		info.Name = new(fmt.Sprint("name", rapid.IntRange(0, 9).Draw(t, "name")))
	}
	s.update(info)
}

func (m *model) reconcile(t *rapid.T) {
	s := m.pickConnected(t)
	s.call(&scheduler.Call{Type: scheduler.Call_RECONCILE.Enum(), Reconcile: &scheduler.Call_Reconcile{}})
}

func (m *model) connectAgent(t *rapid.T) {
	m.pickAgent(t, func(*modelAgent) bool { return true }).connect()
}

func (m *model) disconnectAgent(t *rapid.T) {
	m.pickAgent(t, func(a *modelAgent) bool { return a.conn != 0 }).disconnect()
}

func (m *model) waiting(a *modelAgent) bool { return a.conn != 0 && len(m.w.down[a.conn]) > 0 }

func (m *model) deliver(t *rapid.T) { m.pickAgent(t, m.waiting).deliver() }

func (m *model) deliverAll(*rapid.T) {
	for _, a := range m.agents {
		for m.waiting(a) {
			a.deliver()
		}
	}
}

// progress moves a task of an agent on, if only in its own books.
func (m *model) progress(t *rapid.T) {
	a := m.pickAgent(t, func(a *modelAgent) bool { return a.id != nil })
	task := pick(t, "task", a.sorted(), (*modelTask).live)
	a.report(task, rapid.SampledFrom([]mesos.TaskState{
		mesos.TaskState_TASK_RUNNING, mesos.TaskState_TASK_FINISHED, mesos.TaskState_TASK_FAILED,
	}).Draw(t, "state"))
	m.settle()
}

func (m *model) exit(t *rapid.T) {
	a := m.pickAgent(t, func(a *modelAgent) bool { return len(a.executors) > 0 })
	a.exit(pick(t, "executor", sortedKeys(a.executors), func(key) bool { return true }))
}

func (m *model) resend(t *rapid.T) {
	a := m.pickAgent(t, func(a *modelAgent) bool { return a.conn != 0 && a.id != nil && !m.waiting(a) })
	for _, task := range a.sorted() {
		a.transmit(task)
	}
	m.settle()
}

func (m *model) pass(t *rapid.T) {
	m.w.pass(rapid.SampledFrom([]time.Duration{time.Millisecond, 3 * time.Second, 30 * time.Second, 11 * time.Minute}).Draw(t, "time"))
	m.settle()
}

func (m *model) maybeRestart(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
		m.restart(rapid.Bool().Draw(t, "with its records"))
	}
}

// quiesce brings everybody back and everything to its end, and checks that
// nothing is left: every task has ended for its framework, and all of every agent
// is free or offered.
func (m *model) quiesce() {
	for _, s := range m.scheds {
		if s.conn == 0 && !s.over {
			s.connect()
		}
	}
	for _, a := range m.agents {
		if a.conn == 0 {
			a.connect()
		}
	}
	m.endMaintenance()
	for round := 0; m.busy(); round++ { // in each, what the one before led to
		if round == 100 {
			m.w.t.Fatal("after 100 rounds there are still tasks or updates")
		}
		m.deliverAll(nil)
		for _, a := range m.agents {
			if a.conn != 0 && !m.waiting(a) && m.w.closed[a.conn] == core.CloseNot {
				a.checkFrameworks()
			}
			if a.conn == 0 {
				a.connect()
			}
			m.endAll(a)
		}
		for _, s := range m.scheds {
			for s.conn != 0 && len(s.unacked) > 0 {
				s.acknowledge(0)
			}
			for s.conn != 0 && len(s.ended) > 0 {
				s.acknowledgeOperation()
			}
		}
		m.reactivateAll()
	}
	for range reregisterTimeout / time.Minute { // a master that restarted now answers for tasks that it does not know
		m.w.pass(time.Minute)
		m.settle()
	}
	m.checkOperations()
	m.checkEmpty()
}

// busy tells whether an agent has a task or is away, or something is on its way.
func (m *model) busy() bool {
	for _, a := range m.agents {
		if a.conn == 0 || m.waiting(a) || len(a.tasks) > 0 || len(a.executors) > 0 || len(a.operations) > 0 || m.parked[a.id.GetValue()] {
			return true
		}
	}
	for _, s := range m.scheds {
		if s.conn != 0 && len(s.unacked)+len(s.ended) > 0 {
			return true
		}
	}
	return false
}

func (m *model) endAll(a *modelAgent) {
	if a.id == nil {
		return
	}
	m.endOperations(a)
	for _, k := range sortedKeys(a.executors) {
		a.exit(k)
	}
	for _, task := range a.sorted() {
		if task.live() {
			a.report(task, mesos.TaskState_TASK_KILLED)
		} else {
			a.transmit(task)
		}
	}
	m.settle()
}

func (m *model) checkEmpty() {
	for _, s := range m.scheds {
		for id := range s.open { // of a master that is gone, whose answer or end went with it
			if s.conn == 0 {
				continue
			}
			s.call(reconcileCall(id, nil))
			if s.open[id] && !mesos.Terminal(s.answers[id]) {
				m.w.t.Errorf("framework %s: task %s has not ended", s.info.GetId(), id)
			}
		}
	}
	for _, a := range m.agents {
		var offered resource.Resources
		for _, s := range m.scheds {
			for _, o := range s.offers {
				if o.GetAgentId().GetValue() == a.id.GetValue() {
					offered = offered.Add(parse(m, o.GetResources()))
				}
			}
		}
		if m.optimistic {
			offered = resource.Resources{} // it is free, too
		}
		if _, _, free := m.w.alloc.Agent(core.AgentID(a.id.GetValue())); !free.Add(offered).Equal(a.total) {
			m.w.t.Errorf("of agent %s %s are free and %s offered, want %s in all", a.id, free, offered, a.total)
		}
	}
}
