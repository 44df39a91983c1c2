// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"fmt"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// operationUpdate handles what an agent tells of an operation. One with a uuid is
// sent again until it is acknowledged: by the framework that gave the operation
// an id, otherwise here.
func (c *Core) operationUpdate(a *agent, m *link.OperationUpdate) {
	status := m.GetStatus()
	o := a.operations[string(m.GetOperationUuid().GetValue())]
	if o == nil {
		c.noteOperation(Debug, a, nil, status)
		c.acknowledgeOperation(a, m.GetOperationUuid(), status.GetUuid())
		return
	}
	if !o.terminal() {
		o.latest = status
		if o.terminal() {
			c.freeOperation(o, status.GetState() == mesos.OperationState_OPERATION_FINISHED)
		}
	}
	level := Debug
	if o.terminal() && status.GetState() != mesos.OperationState_OPERATION_FINISHED {
		level = Warn
	}
	c.noteOperation(level, a, o, status)
	if f := o.framework; f != nil && !f.ending && o.id != nil {
		status.OperationId, status.AgentId = o.id, a.protoID
		c.toFramework(f, operationEvent(status))
		if status.GetUuid() != nil {
			return
		}
	}
	c.acknowledgeOperation(a, m.GetOperationUuid(), status.GetUuid())
	if o.terminal() {
		c.dropOperation(o)
		if o.framework != nil {
			c.forgetIfEmpty(o.framework)
		}
	}
}

func (c *Core) noteOperation(level Level, a *agent, o *operation, status *mesos.OperationStatus) {
	n := Note{Level: level, Event: "operation update", Agent: a.id, Detail: status.GetState().String()}
	if o != nil {
		n.Framework, n.Detail = frameworkOf(o), o.info.GetType().String()+" "+n.Detail
	}
	if status.GetMessage() != "" {
		n.Detail += ": " + brief(status.GetMessage())
	}
	c.note(n)
}

func (c *Core) acknowledgeOperation(a *agent, operation, status *mesos.UUID) {
	if status != nil {
		c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_AcknowledgeOperation{
			AcknowledgeOperation: &link.AcknowledgeOperation{OperationUuid: operation, StatusUuid: status},
		}})
	}
}

// acknowledgeStatus handles ACKNOWLEDGE_OPERATION_STATUS. The acknowledged end of
// an operation is the end of what the master knows of it. While the agent is not
// there the call is without effect: the agent will send the update again.
func (c *Core) acknowledgeStatus(f *framework, call *scheduler.Call_AcknowledgeOperationStatus) {
	o := f.named[call.GetOperationId().GetValue()]
	why := ""
	switch {
	case o == nil:
		why = "unknown operation"
	case o.agent.id != AgentID(call.GetAgentId().GetValue()):
		why = "on another agent than the operation's"
	case !bytes.Equal(o.latest.GetUuid().GetValue(), call.GetUuid()):
		why = "not of its latest status"
	case o.agent.conn == 0:
		why = "agent not connected"
	}
	if why != "" {
		c.note(Note{
			Level: Debug, Event: "acknowledgement dropped", Framework: f.id,
			Agent: AgentID(call.GetAgentId().GetValue()), Detail: "operation: " + why,
		})
		return
	}
	c.acknowledgeOperation(o.agent, &mesos.UUID{Value: []byte(o.uuid)}, o.latest.GetUuid())
	if o.terminal() {
		c.dropOperation(o)
	}
}

// reconcileOperations handles RECONCILE_OPERATIONS: with an empty list, the
// status of every operation of the framework that has an id, otherwise of those
// it names. The answers carry no uuid: what is to be acknowledged comes from the
// agent.
func (c *Core) reconcileOperations(f *framework, call *scheduler.Call_ReconcileOperations) {
	if n := len(call.GetOperations()); n > maxOperations {
		c.refuseCall(f, fmt.Sprintf("reconcile_operations.operations: %d of them: must be %d at most", n, maxOperations))
		return
	}
	if len(call.GetOperations()) == 0 {
		for _, o := range sortedOperations(f.operations) {
			if o.id != nil {
				c.answerOperation(o)
			}
		}
		return
	}
	for _, q := range call.GetOperations() {
		if o := f.named[q.GetOperationId().GetValue()]; o != nil {
			c.answerOperation(o)
			continue
		}
		state, why := c.unknownOperation(f, AgentID(q.GetAgentId().GetValue()))
		c.tellOperation(f, q.GetOperationId(), q.AgentId, state, why)
	}
}

// answerOperation tells a framework the latest status of its operation.
func (c *Core) answerOperation(o *operation) {
	c.toFramework(o.framework, operationEvent(&mesos.OperationStatus{
		OperationId: o.id, State: o.latest.GetState().Enum(), Message: o.latest.Message,
		ConvertedResources: o.latest.ConvertedResources, AgentId: o.agent.protoID,
	}))
}

// unknownOperation tells how an operation stands of which the master knows no
// more than the agent it is said to be on, if that.
func (c *Core) unknownOperation(f *framework, id AgentID) (mesos.OperationState, string) {
	state := AgentUnknown
	if a := c.findAgent(id); a != nil {
		state = a.state
	}
	switch {
	case state == AgentUnreachable:
		return mesos.OperationState_OPERATION_UNREACHABLE, "the agent is unreachable"
	case state == AgentGone || state == AgentRemoved:
		return mesos.OperationState_OPERATION_GONE_BY_OPERATOR, "the agent is " + state.String()
	case c.mayStillCome(f, question{agent: id}):
		return mesos.OperationState_OPERATION_RECOVERING, "the agent may be one that has not registered with this master yet: ask again later"
	case state != AgentUnknown:
		return mesos.OperationState_OPERATION_UNKNOWN, "the agent is registered and does not have this operation"
	}
	return mesos.OperationState_OPERATION_UNKNOWN, "the master knows neither this operation nor its agent"
}
