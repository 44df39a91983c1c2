// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/scheduler"
)

// ResourceOffers keeps the offers until they are taken or void.
func (f *Framework) ResourceOffers(_ scheduler.Driver, offers []*mesos.Offer) {
	f.note(func() {
		for _, o := range offers {
			f.offers[o.GetId().GetValue()] = o
		}
	})
}

// OfferRescinded forgets the offer and remembers that it was rescinded.
func (f *Framework) OfferRescinded(_ scheduler.Driver, id *mesos.OfferID) {
	f.note(func() {
		delete(f.offers, id.GetValue())
		f.rescinded[id.GetValue()] = true
	})
}

// Disconnected forgets all offers, which are void now.
func (f *Framework) Disconnected(scheduler.Driver) {
	f.note(func() { clear(f.offers) })
}

// StatusUpdate keeps the update with its time.
func (f *Framework) StatusUpdate(_ scheduler.Driver, status *mesos.TaskStatus) {
	now := time.Now()
	f.note(func() {
		id := status.GetTaskId().GetValue()
		f.updates[id] = append(f.updates[id], Update{status, now})
	})
}

// FrameworkMessage keeps the text of the message.
func (f *Framework) FrameworkMessage(_ scheduler.Driver, _ *mesos.ExecutorID, _ *mesos.AgentID, data []byte) {
	f.note(func() { f.messages = append(f.messages, string(data)) })
}

// SlaveLost keeps the agent's id.
func (f *Framework) SlaveLost(_ scheduler.Driver, agent *mesos.AgentID) {
	f.note(func() { f.lost[agent.GetValue()] = true })
}

// ExecutorLost keeps the executor's wait status.
func (f *Framework) ExecutorLost(_ scheduler.Driver, executor *mesos.ExecutorID, _ *mesos.AgentID, status int) {
	f.note(func() { f.ended[executor.GetValue()] = status })
}

// Error keeps the message.
func (f *Framework) Error(_ scheduler.Driver, message string) {
	f.note(func() { f.problem = message })
}
