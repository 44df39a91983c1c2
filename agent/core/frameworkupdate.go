// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// updateFramework takes over what a framework now says of itself. Somebody is
// there again who may not have heard of what is not acknowledged: that is sent at
// once, and not when its time comes. Of a framework that has only operations here
// nothing else is known.
func (c *Core) updateFramework(now time.Time, info *mesos.FrameworkInfo) {
	id := info.GetId().GetValue()
	if f := c.frameworks[FrameworkID(id)]; f != nil {
		f.update(info)
		for _, t := range f.sortedTasks() {
			t.updates.interval = 0
			c.transmit(now, t)
		}
	}
	for _, o := range c.allOperations() {
		if o.framework != nil && o.framework.GetValue() == id {
			o.interval = 0
			c.transmitOperation(now, o)
		}
	}
}

// update makes info what is known of the framework, but for what its tasks run by.
func (f *framework) update(info *mesos.FrameworkInfo) {
	info = proto.CloneOf(info)
	info.User, info.Checkpoint = f.info.User, f.info.Checkpoint
	f.info = info
}
