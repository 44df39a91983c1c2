// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"errors"
	"fmt"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/internal/session"
	"google.golang.org/protobuf/proto"
)

// UpdateFramework implements Driver. The call is sent when the framework is
// subscribed; otherwise the next SUBSCRIBE says the same.
func (d *MesosDriver) UpdateFramework(framework *mesos.FrameworkInfo, suppressed []string, constraints *wire.OfferConstraints) (mesos.Status, error) {
	next := profile{complete(proto.CloneOf(framework)), slices.Clone(suppressed), proto.CloneOf(constraints)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status != mesos.Status_DRIVER_RUNNING {
		return d.status, nil
	}
	if err := d.profile.checkChange(next); err != nil {
		return d.status, err
	}
	next.framework.Id = d.framework.Id
	call := next.update()
	if err := check(call); err != nil {
		return d.status, err
	}
	switch err := d.out.Put(call); {
	case errors.Is(err, session.ErrFull):
		return d.status, fmt.Errorf("scheduler: %v: %w", call.GetType(), ErrBusy)
	case err != nil && !errors.Is(err, session.ErrClosed):
		return d.status, err
	}
	d.profile = next
	d.version++
	return d.status, nil
}

// open lets calls of the author's in. An update that was made while SUBSCRIBE was
// on its way goes first.
func (d *MesosDriver) open(c *conversation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out.Open()
	if c.version == d.version {
		return
	}
	c.version = d.version
	if err := d.out.Put(d.profile.update()); err != nil {
		d.log.Warn("update of the framework not sent", "error", err)
	}
}

// checkChange tells why a framework may not change from p to next.
func (p profile) checkChange(next profile) error {
	const rule = "scheduler: UPDATE_FRAMEWORK: framework_info.%s: %v: must stay %v"
	switch now, then := next.framework, p.framework; {
	case now == nil:
		return errors.New("scheduler: UPDATE_FRAMEWORK: framework is nil: give a FrameworkInfo with user and name")
	case now.Id != nil && now.GetId().GetValue() != then.GetId().GetValue():
		return fmt.Errorf(rule, "id", now.GetId().GetValue(), then.GetId().GetValue())
	case now.GetUser() != then.GetUser():
		return fmt.Errorf(rule, "user", now.GetUser(), then.GetUser())
	case now.GetPrincipal() != then.GetPrincipal():
		return fmt.Errorf(rule, "principal", now.GetPrincipal(), then.GetPrincipal())
	case now.GetCheckpoint() != then.GetCheckpoint():
		return fmt.Errorf(rule, "checkpoint", now.GetCheckpoint(), then.GetCheckpoint())
	}
	if err := wire.ValidateConstraints(next.constraints); err != nil {
		return fmt.Errorf("scheduler: UPDATE_FRAMEWORK: %w", err)
	}
	return nil
}

// update makes the UPDATE_FRAMEWORK of a profile. A framework that was never
// subscribed has no id yet: the call is not going to be sent, but its rules are
// checked all the same.
func (p profile) update() *wire.Call {
	p = p.clone()
	if p.framework.Id == nil {
		p.framework.Id = &mesos.FrameworkID{Value: proto.String("unregistered")}
	}
	return &wire.Call{
		Type:        wire.Call_UPDATE_FRAMEWORK.Enum(),
		FrameworkId: p.framework.Id,
		UpdateFramework: &wire.Call_UpdateFramework{
			FrameworkInfo: p.framework, SuppressedRoles: p.suppressed, OfferConstraints: p.constraints,
		},
	}
}

func (p profile) clone() profile {
	return profile{proto.CloneOf(p.framework), slices.Clone(p.suppressed), proto.CloneOf(p.constraints)}
}
