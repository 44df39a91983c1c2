// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/scheduler"
)

// TestTaskStates4a has those rows of §4a of the facts about Mesos that are a
// driver's; the master's and the agent's are with their cores.
func TestTaskStates4a(t *testing.T) {
	t.Run("Scheduler driver (libmesos) launches while disconnected", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			var got *mesos.TaskStatus
			b.driver = scheduler.NewDriver(&keeper{recorder: b.heard, status: &got}, framework(), "master:5050",
				scheduler.WithDialer(b.master.Dial))
			p := b.registered()
			b.master.SetDown(true)
			p.Hangup(nil)
			b.expect("Disconnected")
			status, err := b.driver.LaunchTasks([]*mesos.OfferID{offerID("O1")}, []*mesos.TaskInfo{task("T1")}, nil)
			ok(t, status, err)
			b.expect("StatusUpdate T1 TASK_LOST")
			if got.GetSource() != mesos.TaskStatus_SOURCE_MASTER || got.GetReason() != mesos.TaskStatus_REASON_MASTER_DISCONNECTED || got.Uuid != nil {
				t.Errorf("status %v, want source master, reason MASTER_DISCONNECTED, no uuid", got)
			}
			b.master.SetDown(false)
			p = b.accept("F1")
			b.expect("Reregistered by M1")
			p.Silent(time.Minute) // the master never hears of it
		})
	})
}
