// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"cmp"
	"errors"
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// ErrUnknownCall is in the error of Validate for a call whose type this master
// does not know; over HTTP it is 501, all other errors of Validate are 400.
var ErrUnknownCall = errors.New("unknown type of call")

// MaxAccepted is how many offers, operations and tasks, of each, one ACCEPT may
// have. All offers of it are of one agent, which runs far fewer tasks.
const MaxAccepted = 10_000

// Validate tells whether the call has the shape that its type asks for,
// without regard to the state of anything. All errors but ErrUnknownCall are
// *mesos.FieldError. Whether frameworks, offers and tasks exist, and whether a
// FrameworkInfo or a TaskInfo is acceptable, is for the master to judge.
func Validate(call *Call) error {
	switch {
	case call == nil:
		return mesos.Missing("call")
	case call.Type == nil:
		return mesos.Missing("type")
	}
	field, present, known := body(call)
	switch {
	case !known:
		return fmt.Errorf("type: %v: %w", call.GetType(), ErrUnknownCall)
	case !present:
		return mesos.Missing(field)
	}
	if err := mesos.ValidateRequired(call); err != nil {
		return err
	}
	if err := validateFrameworkID(call); err != nil {
		return err
	}
	return validateBody(call)
}

// body returns the name of the message that belongs to the type of the call,
// and whether the call has it where it must have it.
func body(c *Call) (field string, present, known bool) {
	switch c.GetType() {
	case Call_SUBSCRIBE:
		return "subscribe", c.Subscribe != nil, true
	case Call_TEARDOWN, Call_REVIVE, Call_SUPPRESS:
		return "", true, true
	case Call_ACCEPT:
		return "accept", c.Accept != nil, true
	case Call_DECLINE:
		return "decline", c.Decline != nil, true
	case Call_ACCEPT_INVERSE_OFFERS:
		return "accept_inverse_offers", c.AcceptInverseOffers != nil, true
	case Call_DECLINE_INVERSE_OFFERS:
		return "decline_inverse_offers", c.DeclineInverseOffers != nil, true
	case Call_KILL:
		return "kill", c.Kill != nil, true
	case Call_SHUTDOWN:
		return "shutdown", c.Shutdown != nil, true
	case Call_ACKNOWLEDGE:
		return "acknowledge", c.Acknowledge != nil, true
	case Call_ACKNOWLEDGE_OPERATION_STATUS:
		return "acknowledge_operation_status", c.AcknowledgeOperationStatus != nil, true
	case Call_RECONCILE:
		return "reconcile", c.Reconcile != nil, true
	case Call_RECONCILE_OPERATIONS:
		return "reconcile_operations", c.ReconcileOperations != nil, true
	case Call_MESSAGE:
		return "message", c.Message != nil, true
	case Call_REQUEST:
		return "request", c.Request != nil, true
	case Call_UPDATE_FRAMEWORK:
		return "update_framework", c.UpdateFramework != nil, true
	}
	return "", false, false
}

// validateFrameworkID asks for an id in every call but the first subscription
// of a framework, which does not have one yet.
func validateFrameworkID(c *Call) error {
	if c.GetFrameworkId().GetValue() == "" && c.GetType() == Call_SUBSCRIBE {
		return nil
	}
	if c.FrameworkId == nil {
		return mesos.Missing("framework_id")
	}
	return mesos.ValidateID("framework_id", c.FrameworkId.GetValue())
}

// validateBody checks the fields of those types that have rules of their own.
func validateBody(c *Call) error {
	switch c.GetType() {
	case Call_SUBSCRIBE:
		return sameID(c, "subscribe", c.Subscribe.FrameworkInfo)
	case Call_UPDATE_FRAMEWORK:
		return sameID(c, "update_framework", c.UpdateFramework.FrameworkInfo)
	case Call_ACCEPT:
		return validateAccept(c.Accept)
	case Call_ACKNOWLEDGE:
		return mesos.ValidateUUID("acknowledge.uuid", c.Acknowledge.Uuid)
	case Call_ACKNOWLEDGE_OPERATION_STATUS:
		if c.AcknowledgeOperationStatus.AgentId == nil {
			return mesos.Missing("acknowledge_operation_status.agent_id")
		}
		return mesos.ValidateUUID("acknowledge_operation_status.uuid", c.AcknowledgeOperationStatus.Uuid)
	}
	return nil
}

// validateAccept bounds what one call may ask for.
func validateAccept(a *Call_Accept) error {
	tasks := 0
	for _, op := range a.GetOperations() {
		tasks += len(op.GetLaunch().GetTaskInfos()) + len(op.GetLaunchGroup().GetTaskGroup().GetTasks())
	}
	return cmp.Or(
		atMost("accept.offer_ids", len(a.GetOfferIds())),
		atMost("accept.operations", len(a.GetOperations())),
		atMost("accept.operations.launch.task_infos", tasks),
	)
}

func atMost(field string, n int) error {
	if n <= MaxAccepted {
		return nil
	}
	return &mesos.FieldError{
		Field: field, Value: fmt.Sprintf("%d of them", n), Rule: fmt.Sprintf("must be %d at most", MaxAccepted),
	}
}

// sameID tells whether the framework is called the same in both places.
func sameID(c *Call, field string, info *mesos.FrameworkInfo) error {
	id, inner := c.GetFrameworkId().GetValue(), info.GetId().GetValue()
	if id == inner {
		return nil
	}
	return &mesos.FieldError{
		Field: field + ".framework_info.id",
		Value: fmt.Sprintf("%.64q", inner),
		Rule:  fmt.Sprintf("must equal framework_id, which is %.64q", id),
	}
}
