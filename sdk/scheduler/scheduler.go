// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import mesos "github.com/tepui/tepui/api/v1"

// Scheduler is what a framework author writes; the driver calls it, one method
// at a time. (Guide, "Scheduler API".) Its ten methods are the guide's, so
// that a scheduler written to the guide translates line by line. The messages
// belong to the callee.
//
// An author who needs only some of them embeds Callbacks.
type Scheduler interface {
	// Registered is called when the master has accepted the framework for the
	// first time in the life of this driver. id is unique, made by the master, and
	// tells this framework from others; a scheduler that wants to survive its own
	// failure stores it and sets FrameworkInfo.id next time. master has the address
	// of the current master. (Guide: registered.)
	Registered(d Driver, id *mesos.FrameworkID, master *mesos.MasterInfo)

	// Reregistered is called when the framework is with a master again after
	// Disconnected, be it the same or a newly elected one; only after an earlier
	// Registered. Offers from before are void. (Guide: reregistered.)
	Reregistered(d Driver, master *mesos.MasterInfo)

	// Disconnected is called when the master is lost, say because it failed and
	// another takes over. Until Reregistered, tasks that are launched come back as
	// TASK_LOST, and other calls fail with ErrDisconnected. (Guide: disconnected.)
	Disconnected(d Driver)

	// ResourceOffers is called when resources are offered to this framework. Each
	// offer is of one agent. What is in it is not offered to this framework again
	// until the framework declines it (or launches tasks with a part of it), or
	// the offer is rescinded. Others may be offered the same at the same time:
	// then whoever launches first has it, and for the rest the offer is
	// rescinded, or their launch ends in TASK_LOST with a message that says so.
	// (Guide: resourceOffers.)
	ResourceOffers(d Driver, offers []*mesos.Offer)

	// OfferRescinded is called when an offer is no longer valid, say because its
	// agent was lost or another framework took the resources. A framework that
	// never hears of it and launches with the offer gets TASK_LOST for each
	// task. (Guide: offerRescinded.)
	OfferRescinded(d Driver, id *mesos.OfferID)

	// StatusUpdate is called when the state of a task has changed: it runs, it
	// finished, its agent was lost and with it the task, … Returning from it
	// acknowledges the update. When the driver is aborted meanwhile, or the
	// process ends, the update is delivered again, so the same update may come
	// more than once. (Guide: statusUpdate.)
	StatusUpdate(d Driver, status *mesos.TaskStatus)

	// FrameworkMessage is called when an executor sent a message. Messages are
	// best effort: one that is lost is not sent again. (Guide: frameworkMessage.)
	FrameworkMessage(d Driver, executor *mesos.ExecutorID, agent *mesos.AgentID, data []byte)

	// SlaveLost is called when an agent is found to be unreachable (its machine
	// failed, the network is cut). What ran there mostly has to be launched again
	// elsewhere. (Guide: slaveLost; a slave is what is now called an agent.)
	SlaveLost(d Driver, agent *mesos.AgentID)

	// ExecutorLost is called when an executor has ended. For each task that still
	// ran in it a TASK_LOST update comes without the framework's doing. status is
	// its wait status (wait(2)), -1 if unknown. (Guide: executorLost.)
	ExecutorLost(d Driver, executor *mesos.ExecutorID, agent *mesos.AgentID, status int)

	// Error is called when the framework or the driver cannot go on: the
	// subscription was refused, another scheduler took the framework over, … The
	// driver is aborted BEFORE this is called, and this is the last
	// callback. (Guide: error.)
	Error(d Driver, message string)
}

// Callbacks implements Scheduler by doing nothing, which declines no offer. To
// be embedded by a scheduler that needs only some of the callbacks.
type Callbacks struct{}

var _ Scheduler = Callbacks{}

// Registered does nothing.
func (Callbacks) Registered(Driver, *mesos.FrameworkID, *mesos.MasterInfo) {}

// Reregistered does nothing.
func (Callbacks) Reregistered(Driver, *mesos.MasterInfo) {}

// Disconnected does nothing.
func (Callbacks) Disconnected(Driver) {}

// ResourceOffers does nothing: the offers stay with the framework.
func (Callbacks) ResourceOffers(Driver, []*mesos.Offer) {}

// OfferRescinded does nothing.
func (Callbacks) OfferRescinded(Driver, *mesos.OfferID) {}

// StatusUpdate does nothing, which acknowledges the update.
func (Callbacks) StatusUpdate(Driver, *mesos.TaskStatus) {}

// FrameworkMessage does nothing.
func (Callbacks) FrameworkMessage(Driver, *mesos.ExecutorID, *mesos.AgentID, []byte) {}

// SlaveLost does nothing.
func (Callbacks) SlaveLost(Driver, *mesos.AgentID) {}

// ExecutorLost does nothing.
func (Callbacks) ExecutorLost(Driver, *mesos.ExecutorID, *mesos.AgentID, int) {}

// Error does nothing; the error is also what Join and Run return.
func (Callbacks) Error(Driver, string) {}
