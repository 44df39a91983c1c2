// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"strings"
)

// The ids of the Mesos API, as text.
type (
	// FrameworkID names a framework, "<master>-0000".
	FrameworkID string
	// AgentID names an agent, "<master>-S0".
	AgentID string
	// OfferID names an offer, "<master>-O0".
	OfferID string
	// TaskID names a task within its framework, which chose it.
	TaskID string
	// ExecutorID names an executor within its framework and agent.
	ExecutorID string
)

// ConnID names a connection of a scheduler or an agent. The shell draws them,
// from 1 up, and never uses one twice; 0 is no connection.
type ConnID uint64

// uuid names a status update among those of its task's executor, which may have
// chosen it as it liked.
type uuid [16]byte

// end names the update of a task's end among all others.
type end struct {
	agent     AgentID
	task      taskKey
	container string // of one run of the task; empty for one that never had any
	uuid      uuid
}

// endOf returns the name of the update with uuid b; what is longer or shorter
// than a uuid is none.
func endOf(a *agent, t taskKey, container string, b []byte) (e end, ok bool) {
	e = end{agent: a.id, task: t, container: container}
	return e, copy(e.uuid[:], b) == len(e.uuid) && len(b) == len(e.uuid)
}

// ids hands out ids that begin with the master's and end with a counter.
type ids struct {
	master     string
	frameworks uint64
	agents     uint64
	offers     uint64
}

// gave tells whether an id is one of this master's, not of an earlier one's.
func (i *ids) gave(id string) bool { return strings.HasPrefix(id, i.master+"-") }

func (i *ids) framework() FrameworkID {
	id := FrameworkID(fmt.Sprintf("%s-%04d", i.master, i.frameworks))
	i.frameworks++
	return id
}

func (i *ids) agent() AgentID {
	id := AgentID(fmt.Sprintf("%s-S%d", i.master, i.agents))
	i.agents++
	return id
}

func (i *ids) offer() OfferID {
	id := OfferID(fmt.Sprintf("%s-O%d", i.master, i.offers))
	i.offers++
	return id
}

// recent is a set of the last ids that were added to it, so that what is over
// can be remembered without remembering everything.
type recent[ID comparable] struct {
	limit int
	set   map[ID]struct{}
	order []ID // oldest at next, a ring once it is full
	next  int
}

func newRecent[ID comparable](limit int) *recent[ID] {
	return &recent[ID]{limit: limit, set: make(map[ID]struct{})}
}

func (r *recent[ID]) has(id ID) bool {
	_, ok := r.set[id]
	return ok
}

// add puts id into the set and, where the set is full, forgets the oldest, which
// it returns.
func (r *recent[ID]) add(id ID) (oldest ID, forgotten bool) {
	if r.has(id) {
		return oldest, false
	}
	r.set[id] = struct{}{}
	if len(r.order) < r.limit {
		r.order = append(r.order, id)
		return oldest, false
	}
	oldest = r.order[r.next]
	delete(r.set, oldest)
	r.order[r.next] = id
	r.next = (r.next + 1) % r.limit
	return oldest, true
}
