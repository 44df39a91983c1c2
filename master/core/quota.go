// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/resource"
)

// maxQuotaNames is how many resources the quota of one role may name.
const maxQuotaNames = 100

// parseQuota checks the quota of one role, and returns it as the allocator is to
// know it.
func parseQuota(field string, q *quota.QuotaConfig) (Quota, *Error) {
	if err := checkQuotaRole(field, q.GetRole()); err != nil {
		return Quota{}, err
	}
	guarantees, err := parseAmounts(field+".guarantees", q.GetGuarantees())
	if err != nil {
		return Quota{}, err
	}
	limits, err := parseAmounts(field+".limits", q.GetLimits())
	if err != nil {
		return Quota{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(guarantees)) {
		if limit, limited := limits[name]; limited && guarantees[name] > limit {
			return Quota{}, failf(Invalid, "%s.guarantees[%q] %v: must not exceed the limit, which is %v", field, name, guarantees[name], limit)
		}
	}
	return Quota{Guarantees: guarantees, Limits: limits}, nil
}

func checkQuotaRole(field, role string) *Error {
	if err := mesos.ValidateRole(field+".role", role); err != nil {
		return failf(Invalid, "%v", err)
	}
	if role == defaultRole || strings.Contains(role, "/") {
		return failf(Invalid, `%s.role %q: must be a top-level role, and not "*": its quota counts all roles below it`, field, role)
	}
	return nil
}

// parseAmounts checks amounts by the name of a scalar resource.
func parseAmounts(field string, amounts map[string]*mesos.Value_Scalar) (map[string]resource.Milli, *Error) {
	if len(amounts) > maxQuotaNames {
		return nil, failf(Invalid, "%s: %d of them: must be %d at most", field, len(amounts), maxQuotaNames)
	}
	out := make(map[string]resource.Milli, len(amounts))
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		one, err := resource.FromProto([]*mesos.Resource{{
			Name: new(name), Type: mesos.Value_SCALAR.Enum(), Scalar: amounts[name],
		}})
		if err != nil {
			return nil, failf(Invalid, "%s[%.64q]: %v", field, name, err)
		}
		out[name] = one.Scalar(name)
	}
	return out, nil
}

// empty tells whether a quota says nothing.
func (q Quota) empty() bool { return len(q.Guarantees) == 0 && len(q.Limits) == 0 }

// checkCapacity tells whether the cluster has not as much as is guaranteed once
// these quotas hold, of what they guarantee more than before. What was guaranteed
// too much before is not their fault.
func (c *Core) checkCapacity(field string, list []*quota.QuotaConfig, parsed map[string]Quota) *Error {
	before, after := make(map[string]resource.Milli), make(map[string]resource.Milli)
	for role, q := range c.quotas {
		for name, amount := range q.parsed.Guarantees {
			before[name] = plus(before[name], amount)
			if _, replaced := parsed[role]; !replaced {
				after[name] = plus(after[name], amount)
			}
		}
	}
	for _, q := range parsed {
		for name, amount := range q.Guarantees {
			after[name] = plus(after[name], amount)
		}
	}
	var capacity map[string]resource.Milli
	for i, config := range list {
		for _, name := range slices.Sorted(maps.Keys(config.GetGuarantees())) {
			if after[name] <= before[name] {
				continue
			}
			if capacity == nil {
				capacity = c.capacity()
			}
			if after[name] > capacity[name] {
				return failf(Conflict, "%s[%d].guarantees[%q] %v: with it %v are guaranteed, and the agents have %v: add agents, or set force",
					field, i, name, parsed[config.GetRole()].Guarantees[name], after[name], capacity[name])
			}
		}
	}
	return nil
}

// plus adds two amounts that are not negative; what is too large for a number is the
// largest.
func plus(a, b resource.Milli) resource.Milli {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxInt64
}

// capacity returns what the agents have of each scalar resource that cannot be
// taken away from its user.
func (c *Core) capacity() map[string]resource.Milli {
	sum := make(map[string]resource.Milli)
	for _, a := range c.agents {
		for _, m := range a.total.Proto() {
			if m.Revocable == nil && m.GetType() == mesos.Value_SCALAR {
				amount, _ := resource.MilliFromFloat(m.GetScalar().GetValue()) // an agent's total is in order
				sum[m.GetName()] = plus(sum[m.GetName()], amount)
			}
		}
	}
	return sum
}

// roleQuota is the quota of a role, as it was set and as it is meant.
type roleQuota struct {
	config *quota.QuotaConfig
	parsed Quota
}

// topRole returns the role whose quota counts this one.
func topRole(role string) string {
	top, _, _ := strings.Cut(role, "/")
	return top
}

// setQuota makes q the quota of its role. Offers that stand in its way are
// rescinded: those in the role, which may exceed its limit now, and those without a
// quota, of which its guarantee may have to be met. What is left of them is offered
// again at once.
func (c *Core) setQuota(config *quota.QuotaConfig, q Quota) {
	role := config.GetRole()
	c.alloc.SetQuota(role, q)
	c.note(Note{Level: Info, Event: "quota set", Detail: fmt.Sprintf("%s: guarantees %s, limits %s", role, amountsText(q.Guarantees), amountsText(q.Limits))})
	if q.empty() {
		delete(c.quotas, role)
	} else {
		c.quotas[role] = roleQuota{config, q}
	}
	c.rememberQuota(role)
	for _, o := range sortedOffers(c.offers) {
		_, hasQuota := c.quotas[topRole(o.role)]
		if topRole(o.role) == role || !hasQuota && len(q.Guarantees) > 0 {
			c.rescind(o)
		}
	}
}

// amountsText returns amounts as people see them.
func amountsText(amounts map[string]resource.Milli) string {
	if len(amounts) == 0 {
		return "none"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		list = append(list, name+":"+amounts[name].String())
	}
	return strings.Join(list, ";")
}
