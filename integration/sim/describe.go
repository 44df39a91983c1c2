// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"strings"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// describe says in a few words what a message is.
func describe(msg any) string {
	switch m := msg.(type) {
	case *scheduler.Call:
		return describeCall(m)
	case *scheduler.Event:
		return describeEvent(m)
	case *link.FromAgent:
		return describeUp(m)
	case *link.FromMaster:
		return describeDown(m)
	case *executor.Call:
		return strings.TrimSpace(m.GetType().String() + " " + describe(m.GetUpdate().GetStatus()))
	case *executor.Event:
		return fmt.Sprintf("%v %s%s%s", m.GetType(), m.GetLaunch().GetTask().GetTaskId().GetValue(),
			m.GetKill().GetTaskId().GetValue(), m.GetAcknowledged().GetTaskId().GetValue())
	case *mesos.TaskStatus:
		return describeStatus(m)
	default:
		return fmt.Sprintf("%T", msg)
	}
}

func describeStatus(s *mesos.TaskStatus) string {
	if s == nil {
		return ""
	}
	text := fmt.Sprintf("%s %v", s.GetTaskId().GetValue(), s.GetState())
	if s.Reason != nil {
		text += " " + strings.TrimPrefix(s.GetReason().String(), "REASON_")
	}
	if len(s.GetUuid()) > 0 {
		text += fmt.Sprintf(" %x", s.GetUuid())
	}
	if s.GetMessage() != "" {
		text += fmt.Sprintf(" %q", s.GetMessage())
	}
	return text
}

func describeCall(c *scheduler.Call) string {
	switch c.GetType() {
	case scheduler.Call_ACCEPT:
		var words []string
		for _, o := range c.GetAccept().GetOfferIds() {
			words = append(words, o.GetValue())
		}
		for _, op := range c.GetAccept().GetOperations() {
			words = append(words, op.GetType().String())
			for _, t := range op.GetLaunch().GetTaskInfos() {
				words = append(words, t.GetTaskId().GetValue()+"/"+t.GetExecutor().GetExecutorId().GetValue()+amounts(t.GetResources()))
			}
		}
		return "ACCEPT " + strings.Join(words, " ")
	case scheduler.Call_DECLINE:
		var words []string
		for _, o := range c.GetDecline().GetOfferIds() {
			words = append(words, o.GetValue())
		}
		return "DECLINE " + strings.Join(words, " ")
	case scheduler.Call_KILL:
		return "KILL " + c.GetKill().GetTaskId().GetValue()
	case scheduler.Call_ACKNOWLEDGE:
		return fmt.Sprintf("ACKNOWLEDGE %s %x", c.GetAcknowledge().GetTaskId().GetValue(), c.GetAcknowledge().GetUuid())
	case scheduler.Call_SUBSCRIBE:
		return "SUBSCRIBE " + c.GetFrameworkId().GetValue()
	case scheduler.Call_RECONCILE:
		return fmt.Sprintf("RECONCILE %d", len(c.GetReconcile().GetTasks()))
	default:
		return c.GetType().String()
	}
}

func describeEvent(e *scheduler.Event) string {
	switch e.GetType() {
	case scheduler.Event_OFFERS:
		var words []string
		for _, o := range e.GetOffers().GetOffers() {
			words = append(words, o.GetId().GetValue()+" of "+o.GetAgentId().GetValue()+amounts(o.GetResources()))
		}
		return "OFFERS " + strings.Join(words, ", ")
	case scheduler.Event_RESCIND:
		return "RESCIND " + e.GetRescind().GetOfferId().GetValue()
	case scheduler.Event_UPDATE:
		return "UPDATE " + describeStatus(e.GetUpdate().GetStatus())
	case scheduler.Event_SUBSCRIBED:
		return "SUBSCRIBED " + e.GetSubscribed().GetFrameworkId().GetValue()
	case scheduler.Event_ERROR:
		return "ERROR " + e.GetError().GetMessage()
	case scheduler.Event_FAILURE:
		return "FAILURE " + e.GetFailure().GetAgentId().GetValue() + " " + e.GetFailure().GetExecutorId().GetValue()
	default:
		return e.GetType().String()
	}
}

func describeUp(m *link.FromAgent) string {
	switch m := m.GetMessage().(type) {
	case *link.FromAgent_Register:
		var words []string
		for _, t := range m.Register.GetTasks() {
			words = append(words, t.GetTaskId().GetValue()+" "+t.GetState().String())
		}
		for _, e := range m.Register.GetExecutors() {
			words = append(words, e.GetFrameworkId().GetValue()+"/"+e.GetExecutorId().GetValue())
		}
		return fmt.Sprintf("register %s: %s", m.Register.GetAgent().GetId().GetValue(), strings.Join(words, ", "))
	case *link.FromAgent_Update:
		return "update " + describeStatus(m.Update.GetStatus()) + ", latest " + m.Update.GetLatestState().String()
	case *link.FromAgent_ExecutorExited:
		return fmt.Sprintf("executor exited %s/%s %d", m.ExecutorExited.GetFrameworkId().GetValue(),
			m.ExecutorExited.GetExecutorId().GetValue(), m.ExecutorExited.GetStatus())
	default:
		return strings.TrimPrefix(fmt.Sprintf("%T", m), "*link.FromAgent_")
	}
}

func describeDown(m *link.FromMaster) string {
	switch m := m.GetMessage().(type) {
	case *link.FromMaster_Registered:
		return "registered " + m.Registered.GetAgentId().GetValue()
	case *link.FromMaster_Run:
		t := m.Run.GetTask()
		return fmt.Sprintf("run %s/%s%s launch executor %v", t.GetTaskId().GetValue(), t.GetExecutor().GetExecutorId().GetValue(),
			amounts(t.GetResources()), m.Run.GetLaunchExecutor())
	case *link.FromMaster_Kill:
		return "kill " + m.Kill.GetTaskId().GetValue()
	case *link.FromMaster_Acknowledge:
		return fmt.Sprintf("acknowledge %s %x", m.Acknowledge.GetTaskId().GetValue(), m.Acknowledge.GetUuid())
	case *link.FromMaster_ShutdownFramework:
		return "shutdown framework " + m.ShutdownFramework.GetFrameworkId().GetValue()
	case *link.FromMaster_Shutdown:
		return fmt.Sprintf("shutdown (gone: %v): %s", m.Shutdown.GetGone(), m.Shutdown.GetMessage())
	default:
		return strings.TrimPrefix(fmt.Sprintf("%T", m), "*link.FromMaster_")
	}
}

// amounts are the scalars of a list.
func amounts(list []*mesos.Resource) string {
	var words []string
	for _, r := range list {
		if r.Scalar != nil {
			words = append(words, fmt.Sprintf("%s %v", r.GetName(), r.GetScalar().GetValue()))
		}
	}
	return "(" + strings.Join(words, ", ") + ")"
}
