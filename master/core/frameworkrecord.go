// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/protobuf/proto"
)

// rememberFramework makes what is known of a framework outlive this master, if it
// has changed.
func (c *Core) rememberFramework(f *framework) {
	r := f.record()
	if f.remembered != nil && proto.Equal(f.remembered, r) {
		return
	}
	f.remembered = r
	c.remember(RecordFramework, string(f.id), r)
}

// record returns the framework as a later master is to know it. Of a removed one
// there are thousands: only who it was is kept, and when it was removed.
func (f *framework) record() *registry.Framework {
	if f.ending {
		return &registry.Framework{
			Info:         &mesos.FrameworkInfo{Id: f.protoID, User: new(brief(f.info.GetUser())), Name: new(brief(f.info.GetName()))},
			Completed:    new(true),
			Disconnected: timeInfo(f.unregistered),
		}
	}
	r := &registry.Framework{Info: f.info, OfferConstraints: f.constraints, SuppressedRoles: f.suppressed}
	if !f.disconnected.IsZero() {
		r.Disconnected = timeInfo(f.disconnected)
	}
	return r
}

// timeInfo returns a time as messages carry it where they are exact.
func timeInfo(t time.Time) *mesos.TimeInfo { return &mesos.TimeInfo{Nanoseconds: new(t.UnixNano())} }

// timeOf is the other way; nil is the zero time.
func timeOf(t *mesos.TimeInfo) time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Unix(0, t.GetNanoseconds())
}

// recoverFrameworks takes the records of frameworks, which were checked, sorted by
// id: those that are completed in the order in which they were removed, so that of
// too many the oldest are forgotten.
func (c *Core) recoverFrameworks(list []*registry.Framework) {
	var completed []*registry.Framework
	for _, r := range list {
		if r.GetCompleted() {
			completed = append(completed, r)
			continue
		}
		f := c.addFramework(FrameworkID(r.GetInfo().GetId().GetValue()),
			profile{r.GetInfo(), r.GetSuppressedRoles(), r.GetOfferConstraints()})
		f.recovered, f.disconnected, f.remembered = true, timeOf(r.GetDisconnected()), r
		// The allocator learns the roles, to be able to tell why they get nothing.
		c.alloc.Subscribe(f.id, f.subscription())
		c.alloc.Deactivate(f.id)
	}
	slices.SortStableFunc(completed, func(a, b *registry.Framework) int {
		return cmp.Compare(a.GetDisconnected().GetNanoseconds(), b.GetDisconnected().GetNanoseconds())
	})
	for _, r := range completed {
		oldest, forgotten := c.completed.add(FrameworkID(r.GetInfo().GetId().GetValue()))
		if forgotten {
			c.remember(RecordFramework, string(oldest), nil)
		}
	}
}

// checkFrameworkRecord tells what is wrong with a record, if anything is.
func checkFrameworkRecord(key string, r *registry.Framework) error {
	switch id := r.GetInfo().GetId().GetValue(); {
	case id == "" || id != key:
		return fmt.Errorf("info.id %q: must be the key", id)
	case r.GetCompleted():
		return nil
	}
	p := profile{r.GetInfo(), r.GetSuppressedRoles(), r.GetOfferConstraints()}
	if err := p.validate(); err != nil {
		return err
	}
	return nil
}

// awaitRecovered gives each recovered framework its time to subscribe. One that was
// connected has all of its failover_timeout, and as long as agents have to come
// back: that the master was gone is nothing to be removed for. One that was
// disconnected has what is left, but a minute at least, since it had no master to
// come back to meanwhile.
func (c *Core) awaitRecovered() {
	for _, f := range sortedFrameworks(c.frameworks) {
		wait := max(f.failoverTimeout(), c.cfg.AgentReregisterTimeout)
		if !f.disconnected.IsZero() {
			gone := max(c.now.Sub(f.disconnected), 0) // a clock may have been set back
			wait = max(f.failoverTimeout()-gone, cutGrace)
		}
		c.awaitReturn(f, wait)
	}
}

// checkRemembered checks that what is true of a framework is what the next master
// will know, and that one that is away is not waited for for ever.
func (c *Core) checkRemembered(f *framework) error {
	switch {
	case f.ending:
		return nil
	case f.remembered == nil || !proto.Equal(f.remembered, f.record()):
		return fmt.Errorf("remembered is %v, true %v", f.remembered, f.record())
	case f.conn == 0 && !c.started.IsZero() && (f.failover == nil || f.failover.index < 0):
		return errors.New("it is not connected, and no timer removes it")
	}
	return nil
}
