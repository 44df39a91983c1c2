// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"github.com/tepui/tepui/api/v1/scheduler"
)

// updateFramework handles UPDATE_FRAMEWORK: it replaces all that SUBSCRIBE said
// but the user, the principal and checkpoint. Offers in roles that the framework
// has left are rescinded; filters stay in those that it keeps.
//
// A refused update ends the subscription with an ERROR event that names the field,
// its value and the rule. The stream has no other answer to a call, and a framework
// whose update was dropped in silence would go on with roles that it does not
// have. It is not removed for that: it has the time to subscribe again as it was.
func (c *Core) updateFramework(f *framework, call *scheduler.Call_UpdateFramework) {
	p := profile{call.GetFrameworkInfo(), call.GetSuppressedRoles(), call.GetOfferConstraints()}
	if err := f.checkUpdate(p); err != nil {
		c.note(Note{Level: Warn, Event: "update of a framework refused", Framework: f.id, Detail: err.Text})
		c.detach(f, err.Text)
		c.leave(f, max(f.failoverTimeout(), cutGrace))
		return
	}
	p.info.User, p.info.Checkpoint = f.info.User, f.info.Checkpoint // written as they were
	f.setProfile(p)
	for _, o := range sortedOffers(f.offers) {
		if !f.hasRole(o.role) {
			c.rescind(o)
		}
	}
	c.alloc.Subscribe(f.id, f.subscription())
	c.rememberFramework(f)
	c.tellAgents(f)
	c.note(Note{Level: Info, Event: "framework updated", Framework: f.id, Detail: p.info.GetName()})
}

// checkUpdate tells why an update is to be refused, if it is.
func (f *framework) checkUpdate(p profile) *Error {
	switch now, then := p.info, f.info; {
	case now.GetUser() != then.GetUser():
		return failf(Invalid, "update_framework.framework_info.user %q: must stay %q", brief(now.GetUser()), brief(then.GetUser()))
	case now.GetPrincipal() != then.GetPrincipal():
		return failf(Invalid, "update_framework.framework_info.principal %q: must stay %q",
			brief(now.GetPrincipal()), brief(then.GetPrincipal()))
	case now.GetCheckpoint() != then.GetCheckpoint():
		return failf(Invalid, "update_framework.framework_info.checkpoint %v: must stay %v", now.GetCheckpoint(), then.GetCheckpoint())
	}
	if err := p.validate(); err != nil {
		return failf(err.Kind, "update_framework.%s", err.Text)
	}
	return nil
}
