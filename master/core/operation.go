// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// maxOperations bounds the operations of a framework that are not acknowledged.
const maxOperations = 10_000

// operation is one that an agent was asked for, until its end has been
// acknowledged. One that is done as soon as it is asked for, and of which nobody
// wants to hear, is not kept.
//
//	asked for -> pending --> finished, failed … --acknowledged--> (forgotten)
//
// Speculative ones, RESERVE, UNRESERVE, CREATE and DESTROY, count as done from the
// start: an agent that could not do them says so by UpdateResources. What the
// others consume is in use by them until the agent has answered.
type operation struct {
	uuid      string // 16 bytes, made here; names it between master and agent
	seq       uint64 // order of asking or adoption
	id        *mesos.OperationID
	framework *framework // nil for an operator's, and one whose framework nobody knows
	agent     *agent
	role      string
	info      *mesos.Offer_Operation
	resource.Conversion
	held   resource.Resources // nothing once the agent has answered
	latest *mesos.OperationStatus
}

func (o *operation) piece() Piece {
	return Piece{Agent: o.agent.id, Framework: o.framework.id, Role: o.role, Resources: o.held}
}

// terminal tells whether the end of the operation is known.
func (o *operation) terminal() bool { return terminalOperation(o.latest.GetState()) }

func terminalOperation(s mesos.OperationState) bool {
	switch s {
	case mesos.OperationState_OPERATION_FINISHED, mesos.OperationState_OPERATION_FAILED,
		mesos.OperationState_OPERATION_ERROR, mesos.OperationState_OPERATION_DROPPED,
		mesos.OperationState_OPERATION_GONE_BY_OPERATOR:
		return true
	}
	return false
}

// speculative tells whether operations of this type count as done at once.
func speculative(t mesos.Offer_Operation_Type) bool {
	switch t {
	case mesos.Offer_Operation_RESERVE, mesos.Offer_Operation_UNRESERVE,
		mesos.Offer_Operation_CREATE, mesos.Offer_Operation_DESTROY:
		return true
	}
	return false
}

// newOperation names an operation that is about to be asked for.
func (c *Core) newOperation(a *agent, f *framework, role string, info *mesos.Offer_Operation, conv resource.Conversion) *operation {
	c.operationSeq++
	h := fnv.New128a()
	fmt.Fprintf(h, "%s %d", c.ids.master, c.operationSeq) // a hash takes everything
	uuid := h.Sum(nil)
	uuid[6], uuid[8] = uuid[6]&0x0f|0x80, uuid[8]&0x3f|0x80 // version 8, of our own making
	return &operation{
		uuid: string(uuid), id: info.GetId(), framework: f, agent: a, role: role, info: info, Conversion: conv,
		latest: &mesos.OperationStatus{
			OperationId: info.GetId(), State: mesos.OperationState_OPERATION_PENDING.Enum(), AgentId: a.protoID,
		},
	}
}

// ask has the agent carry out an operation, and keeps it if there is something to
// wait for.
func (c *Core) ask(o *operation) {
	if o.id != nil || !o.held.IsEmpty() {
		c.addOperation(o)
	}
	m := &link.ApplyOperation{
		Info: o.info, OperationUuid: &mesos.UUID{Value: []byte(o.uuid)}, ResourceVersion: o.agent.resourceVersion,
	}
	if o.framework != nil {
		m.FrameworkId = o.framework.protoID
	}
	c.toAgent(o.agent, &link.FromMaster{Message: &link.FromMaster_ApplyOperation{ApplyOperation: m}})
	c.note(Note{Level: Info, Event: "operation asked for", Framework: frameworkOf(o), Agent: o.agent.id, Detail: o.info.GetType().String()})
}

func frameworkOf(o *operation) FrameworkID {
	if o.framework == nil {
		return ""
	}
	return o.framework.id
}

// addOperation enters an operation into the books. What it holds is in use.
func (c *Core) addOperation(o *operation) {
	c.operationOrder++
	o.seq = c.operationOrder
	o.agent.operations[o.uuid] = o
	if o.framework == nil {
		return
	}
	o.agent.used = o.agent.used.Add(o.held)
	o.framework.operations[o.uuid] = o
	if o.id != nil {
		o.framework.named[o.id.GetValue()] = o
	}
}

// freeOperation gives back what an operation holds; done tells whether as what it
// was to become.
func (c *Core) freeOperation(o *operation, done bool) {
	if o.held.IsEmpty() {
		return
	}
	a := o.agent
	if o.framework != nil {
		a.used = c.less(a.used, o.held)
		c.alloc.Discharge(o.piece())
	}
	o.held = resource.Resources{}
	if done {
		after, err := o.Apply(a.claimed)
		if err != nil {
			c.note(Note{Level: Warn, Event: "operation on what is not there", Agent: a.id, Detail: brief(err.Error())})
		}
		a.claimed = after
	}
	c.retotal(a)
}

// dropOperation takes an operation out of the books, with what it holds.
func (c *Core) dropOperation(o *operation) {
	c.freeOperation(o, false)
	delete(o.agent.operations, o.uuid)
	c.lessOn(o.agent)
	if f := o.framework; f != nil {
		delete(f.operations, o.uuid)
		if o.id != nil && f.named[o.id.GetValue()] == o {
			delete(f.named, o.id.GetValue())
		}
	}
}

// endOperations forgets what a framework that is ending was to be told; what its
// operations hold is freed when their agents have answered.
func (c *Core) endOperations(f *framework) {
	for _, o := range sortedOperations(f.operations) {
		if o.held.IsEmpty() {
			c.dropOperation(o)
		}
	}
}

// loseOperations takes all operations out of the books of an agent that has left,
// and tells those who wait for their ends. One whose end is known is not told
// again: it has been told, and nobody is there to acknowledge it to.
func (c *Core) loseOperations(a *agent, why string) {
	state := mesos.OperationState_OPERATION_GONE_BY_OPERATOR // it will never come back
	if a.state == AgentUnreachable {
		state = mesos.OperationState_OPERATION_UNREACHABLE
	}
	for _, o := range sortedOperations(a.operations) {
		if !o.terminal() {
			c.tellOperation(o.framework, o.id, a.protoID, state, why)
		}
		c.dropOperation(o)
		if o.framework != nil {
			c.forgetIfEmpty(o.framework)
		}
	}
}

// tellOperation tells a framework of an operation, if it asked for that by an id.
// It is told once: there is nothing to acknowledge.
func (c *Core) tellOperation(f *framework, id *mesos.OperationID, a *mesos.AgentID, state mesos.OperationState, message string) {
	if f == nil || id == nil {
		return
	}
	c.toFramework(f, operationEvent(&mesos.OperationStatus{
		OperationId: id, State: state.Enum(), Message: new(cut(message, maxMessage)), AgentId: a,
	}))
}

// sortedOperations returns operations in the order in which they were asked for.
func sortedOperations(m map[string]*operation) []*operation {
	return slices.SortedFunc(maps.Values(m), func(a, b *operation) int { return cmp.Compare(a.seq, b.seq) })
}

// proto returns the operation as operators see it.
func (o *operation) proto() *mesos.Operation {
	m := &mesos.Operation{
		AgentId: o.agent.protoID, Info: o.info, LatestStatus: o.latest,
		Statuses: []*mesos.OperationStatus{o.latest}, Uuid: &mesos.UUID{Value: []byte(o.uuid)},
	}
	if o.framework != nil {
		m.FrameworkId = o.framework.protoID
	}
	return m
}
