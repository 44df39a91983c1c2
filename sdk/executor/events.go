// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
)

// handle turns one event of the agent into a callback. Events that have none
// (HEARTBEAT, ACKNOWLEDGED) end here.
func (d *MesosDriver) handle(c *conversation, event *wire.Event, known bool) {
	switch event.GetType() {
	case wire.Event_SUBSCRIBED:
		d.subscribed(c, event.GetSubscribed(), known)
	case wire.Event_LAUNCH:
		d.launch(event.GetLaunch().GetTask())
	case wire.Event_LAUNCH_GROUP:
		for _, task := range event.GetLaunchGroup().GetTaskGroup().GetTasks() {
			d.launch(task)
		}
	case wire.Event_KILL:
		d.executor.KillTask(d, event.GetKill().GetTaskId())
	case wire.Event_ACKNOWLEDGED:
		d.acknowledged(event.GetAcknowledged())
	case wire.Event_MESSAGE:
		d.executor.FrameworkMessage(d, event.GetMessage().GetData())
	case wire.Event_SHUTDOWN:
		d.shutdown(c)
	case wire.Event_ERROR:
		d.die(event.GetError().GetMessage())
	default:
		d.log.Debug("event without callback", "event", event.GetType())
	}
}

// subscribed opens the way for calls before it calls back, so that the callback
// can make some.
func (d *MesosDriver) subscribed(c *conversation, event *wire.Event_Subscribed, known bool) {
	again := known || c.subscribed
	d.accepted(c)
	d.log.Debug("subscribed", "agent", d.address(), "container_id", event.GetContainerId().GetValue())
	if again {
		d.executor.Reregistered(d, event.GetAgentInfo())
		return
	}
	d.executor.Registered(d, event.GetExecutorInfo(), event.GetFrameworkInfo(), event.GetAgentInfo())
}

// accepted notes that the agent has taken the subscription.
func (d *MesosDriver) accepted(c *conversation) {
	c.SetIdle(0) // an agent need not say anything for hours
	c.subscribed = true
	d.openQueue()
}

// openQueue lets calls in, first the updates that came too late for SUBSCRIBE, or did
// not fit into it.
func (d *MesosDriver) openQueue() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out.Open()
	for _, update := range d.ledger.unsent() {
		call := d.call(wire.Call_UPDATE)
		call.Update = update
		if err := d.out.Put(call); err != nil { // the queue holds as many as the ledger
			d.log.Warn("update waits for the next subscription", "error", err)
		}
	}
}

func (d *MesosDriver) launch(task *mesos.TaskInfo) {
	if !d.running() { // stopped by the callback of an earlier task of a group
		return
	}
	d.mu.Lock()
	d.ledger.given(task)
	d.mu.Unlock()
	d.executor.LaunchTask(d, task)
}

func (d *MesosDriver) acknowledged(event *wire.Event_Acknowledged) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ledger.acknowledged(event.GetTaskId().GetValue(), event.GetUuid())
}
