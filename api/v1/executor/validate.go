// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"errors"
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// ErrUnknownCall is in the error of Validate for a call whose type this agent
// does not know; over HTTP it is 501, all other errors of Validate are 400.
var ErrUnknownCall = errors.New("unknown type of call")

// Validate tells whether the call has the shape that its type asks for,
// without regard to the state of anything. All errors but ErrUnknownCall are
// *mesos.FieldError. Whether framework, executor and tasks exist is for the
// agent to judge.
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
	if err := mesos.ValidateID("executor_id", call.ExecutorId.GetValue()); err != nil {
		return err
	}
	if err := mesos.ValidateID("framework_id", call.FrameworkId.GetValue()); err != nil {
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
	case Call_UPDATE:
		return "update", c.Update != nil, true
	case Call_MESSAGE:
		return "message", c.Message != nil, true
	case Call_HEARTBEAT:
		return "", true, true
	}
	return "", false, false
}

// validateBody checks the updates that the call brings. Those of a
// subscription are not new, but are handled as if they were.
func validateBody(c *Call) error {
	switch c.GetType() {
	case Call_UPDATE:
		return validateStatus("update.status", c.Update.Status, c.ExecutorId.GetValue())
	case Call_SUBSCRIBE:
		for i, u := range c.Subscribe.UnacknowledgedUpdates {
			field := fmt.Sprintf("subscribe.unacknowledged_updates[%d].status", i)
			if err := validateStatus(field, u.Status, c.ExecutorId.GetValue()); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateStatus checks one status that an executor made.
func validateStatus(field string, s *mesos.TaskStatus, executor string) error {
	switch {
	case s.Source == nil || s.GetSource() != mesos.TaskStatus_SOURCE_EXECUTOR:
		return invalid(field+".source", sourceText(s), "must be SOURCE_EXECUTOR")
	case s.GetState() == mesos.TaskState_TASK_STAGING:
		return invalid(field+".state", "TASK_STAGING", "must not be sent by an executor")
	case s.ExecutorId != nil && s.ExecutorId.GetValue() != executor:
		return invalid(field+".executor_id", fmt.Sprintf("%.64q", s.ExecutorId.GetValue()),
			fmt.Sprintf("must equal executor_id, which is %.64q", executor))
	}
	if err := mesos.ValidateID(field+".task_id", s.TaskId.GetValue()); err != nil {
		return err
	}
	if err := mesos.ValidateUUID(field+".uuid", s.Uuid); err != nil {
		return err
	}
	return validateCheckStatus(field+".check_status", s.CheckStatus)
}

// sourceText returns the source for an error; what is unset is not the
// default.
func sourceText(s *mesos.TaskStatus) string {
	if s.Source == nil {
		return "unset"
	}
	return s.GetSource().String()
}

// validateCheckStatus asks for the message that belongs to the type.
func validateCheckStatus(field string, c *mesos.CheckStatusInfo) error {
	if c == nil {
		return nil
	}
	if c.Type == nil {
		return mesos.Missing(field + ".type")
	}
	switch c.GetType() {
	case mesos.CheckInfo_COMMAND:
		if c.Command == nil {
			return mesos.Missing(field + ".command")
		}
	case mesos.CheckInfo_HTTP:
		if c.Http == nil {
			return mesos.Missing(field + ".http")
		}
	case mesos.CheckInfo_TCP:
		if c.Tcp == nil {
			return mesos.Missing(field + ".tcp")
		}
	default:
		return invalid(field+".type", c.GetType().String(), "must be COMMAND, HTTP or TCP")
	}
	return nil
}

func invalid(field, value, rule string) error {
	return &mesos.FieldError{Field: field, Value: value, Rule: rule}
}
