// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
)

// tasks is the model of L3: what frameworks have been told of each task that they
// have launched.
type tasks struct {
	w    *world
	byID map[string]*task
	all  map[*sched][]*task // of frameworks that are not over, in the order of launch
}

// task is what its framework knows of it.
type task struct {
	id, agent, executor string
	framework           string
	owner               *sched
	state               mesos.TaskState // the newest, from whomever
	ended               bool            // it is not to run any more, as far as its framework knows
	last                update          // the newest update with a uuid
	terminal            []byte          // uuid of its end
	settled             bool            // its end was acknowledged
	lost                instant         // when it was last told to be lost or unreachable
	mark                int             // for who looks for it
	seen                int             // the life of the master that passed its last update on
	killed              int             // the life of the master that was told to kill it while it knew it; 0: none
}

// update is the order of an update among those of its task.
type update struct {
	byAgent bool
	nonce   uint64 // of who made it
	seq     uint64
}

func newTasks(w *world) *tasks {
	return &tasks{w: w, byID: make(map[string]*task), all: make(map[*sched][]*task)}
}

func (m *tasks) launched(s *sched, info *mesos.TaskInfo) {
	t := &task{
		id: info.GetTaskId().GetValue(), agent: info.GetAgentId().GetValue(), framework: s.id, owner: s,
		executor: info.GetExecutor().GetExecutorId().GetValue(), state: mesos.TaskState_TASK_STAGING,
	}
	m.byID[t.id] = t
	m.all[s] = append(m.all[s], t)
	m.w.count("task launched")
}

// removed forgets the tasks of a framework that is over.
func (m *tasks) removed(s *sched) {
	for _, t := range m.all[s] {
		delete(m.byID, t.id)
	}
	delete(m.all, s)
}

// open returns the tasks that a framework believes to live.
func (m *tasks) open(s *sched) []*task {
	var list []*task
	for _, t := range m.all[s] {
		if !t.ended {
			list = append(list, t)
		}
	}
	return list
}

// some draws a task of a framework, mostly one that lives; nil if there is none.
func (m *tasks) some(s *sched, draw *rand.Rand) *task {
	list := m.all[s]
	if len(list) == 0 {
		return nil
	}
	for range 5 {
		if t := list[draw.IntN(len(list))]; !t.ended {
			return t
		}
	}
	return list[draw.IntN(len(list))]
}

// updated takes a status that a framework has got.
func (m *tasks) updated(s *sched, status *mesos.TaskStatus) {
	t := m.byID[status.GetTaskId().GetValue()]
	if t == nil {
		m.w.fail("L3: a status of a task that was never launched", "%s: %s", s.name(), describe(status))
	}
	m.w.counts["state "+status.GetState().String()]++
	if status.Reason != nil {
		m.w.counts["reason "+status.GetReason().String()]++
	}
	m.checkState(s, t, status)
	if len(status.GetUuid()) > 0 {
		m.checkOrder(s, t, status)
		t.seen = m.w.master.life
	}
	t.state = status.GetState()
	if t.state == mesos.TaskState_TASK_UNREACHABLE || t.state == mesos.TaskState_TASK_LOST {
		t.lost = m.w.now
	}
	if s.reconciling && !mesos.Terminal(t.state) && t.state != mesos.TaskState_TASK_UNKNOWN {
		t.mark = 1
	}
	if status.GetState() == mesos.TaskState_TASK_UNKNOWN {
		t.ended = true // nobody knows it
		return
	}
	t.ended = t.ended && t.terminal != nil || mesos.Terminal(t.state)
}

// checkState checks that the state is one that this framework is to see, and fits
// what it has seen.
func (m *tasks) checkState(s *sched, t *task, status *mesos.TaskStatus) {
	switch state := status.GetState(); state {
	case mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_GONE, mesos.TaskState_TASK_UNREACHABLE,
		mesos.TaskState_TASK_UNKNOWN, mesos.TaskState_TASK_GONE_BY_OPERATOR:
		if !s.pa {
			m.w.fail("L3: a state for PARTITION_AWARE frameworks only", "%s: %s", s.name(), describe(status))
		}
	case mesos.TaskState_TASK_STAGING, mesos.TaskState_TASK_STARTING, mesos.TaskState_TASK_RUNNING, mesos.TaskState_TASK_KILLING:
		if t.settled {
			m.w.fail("L3: a task lives after its end was acknowledged", "%s: %s", s.name(), describe(status))
		}
	}
	lost := status.GetState() == mesos.TaskState_TASK_LOST
	if status.GetReason() == mesos.TaskStatus_REASON_EXECUTOR_TERMINATED && s.pa == lost && status.GetState() != mesos.TaskState_TASK_KILLED {
		m.w.fail("L4: not the state of a task whose executor died", "%s: %s", s.name(), describe(status))
	}
}

// checkOrder checks that what agents and executors say of a task comes in order,
// without a gap, and ends once.
func (m *tasks) checkOrder(s *sched, t *task, status *mesos.TaskStatus) {
	uuid := status.GetUuid()
	if t.terminal != nil && string(t.terminal) != string(uuid) {
		m.w.fail("L3: an update after the end of a task", "%s: %s", s.name(), describe(status))
	}
	if mesos.Terminal(status.GetState()) {
		t.terminal = uuid
	}
	u := update{
		byAgent: uuid[6]>>4 == 8, nonce: binary.BigEndian.Uint64(uuid), seq: binary.BigEndian.Uint64(uuid[8:]) &^ (0xff << 56),
	}
	if u == t.last {
		return
	}
	switch {
	case u.byAgent == t.last.byAgent && u.nonce == t.last.nonce && u.seq < t.last.seq:
		m.w.fail("L3: updates out of order", "%s: %s, and %d was before", s.name(), describe(status), t.last.seq)
	case !u.byAgent && u.nonce == t.last.nonce && u.seq != t.last.seq+1, !u.byAgent && t.last == update{} && u.seq != 1:
		m.w.fail("L7: an update is missing", "%s: %s is number %d, the one before was %d", s.name(), describe(status), u.seq, t.last.seq)
	case !u.byAgent && t.last.byAgent:
		m.w.fail("L3: an executor's update after one of the agent", "%s: %s", s.name(), describe(status))
	}
	t.last = u
}

// killed takes note of a KILL that reaches the master.
func (m *tasks) killed(id string) {
	if t := m.byID[id]; t != nil && !t.ended && t.state != mesos.TaskState_TASK_UNREACHABLE && t.seen == m.w.master.life {
		t.killed = t.seen
	}
}

// lostKill returns a task that runs though a master that is still there was told to
// kill it; nil for none. Stubborn executors do as they like.
func (m *tasks) lostKill() *task {
	for _, a := range m.w.agents {
		for _, b := range a.order {
			if b.exec != nil && b.exec.stubborn {
				continue
			}
			for _, id := range b.live() {
				if t := m.byID[id]; t != nil && t.killed == m.w.master.life {
					return t
				}
			}
		}
	}
	return nil
}

// untold returns a task that was out of reach and runs, of which its framework was
// not told that it is back, though it was there to hear it; nil for none.
func (m *tasks) untold() *task {
	if m.w.counts["registry lost"] > 0 {
		return nil // the master may not know that the agent was away
	}
	for _, a := range m.w.agents {
		for _, b := range a.order {
			for _, id := range b.live() {
				t := m.byID[id]
				if t == nil || t.agent != a.id() || t.terminal != nil ||
					t.state != mesos.TaskState_TASK_UNREACHABLE && t.state != mesos.TaskState_TASK_LOST {
					continue
				}
				// The first registration after it was lost is what its framework was told of.
				i := slices.IndexFunc(a.taken, func(at instant) bool { return at > t.lost })
				if i >= 0 && t.owner.ready && t.owner.since < a.taken[i] {
					return t
				}
			}
		}
	}
	return nil
}

// acknowledged takes note that a framework has sent an acknowledgement.
func (m *tasks) acknowledged(_ *sched, status *mesos.TaskStatus) {
	if t := m.byID[status.GetTaskId().GetValue()]; t != nil && mesos.Terminal(status.GetState()) {
		t.settled = true
	}
}

// live returns which tasks run on hosts that are up, sorted.
func (m *tasks) live() []string {
	var ids []string
	for _, a := range m.w.agents {
		for _, b := range a.order {
			ids = append(ids, b.live()...)
		}
	}
	slices.Sort(ids)
	return ids
}
