// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
)

const (
	// defaultWeight is the weight of a role that was given none.
	defaultWeight = 1.0
	// minWeight and maxWeight keep shares, which are divided by weights, numbers
	// that can be compared.
	minWeight, maxWeight = 1e-6, 1e6
	// maxRoleSettings is how many roles may have a weight, and how many a quota:
	// each is remembered.
	maxRoleSettings = 10_000
)

func (c *Core) getWeights() *master.Response {
	answer := &master.Response_GetWeights{}
	for _, role := range slices.Sorted(maps.Keys(c.weights)) {
		answer.WeightInfos = append(answer.WeightInfos, &mesos.WeightInfo{Role: new(role), Weight: new(c.weights[role])})
	}
	return &master.Response{Type: master.Response_GET_WEIGHTS.Enum(), GetWeights: answer}
}

// updateWeights handles UPDATE_WEIGHTS: all roles that it lists get their weight, or
// none does. The weight 1, which a role has without one, is not remembered. Where that
// changes anything, all that is offered and not taken is divided anew.
func (c *Core) updateWeights(call *master.Call_UpdateWeights) *Error {
	list := call.GetWeightInfos()
	if len(list) == 0 {
		return failf(Invalid, "update_weights.weight_infos: empty: must list a role")
	}
	seen, n := make(map[string]bool, len(list)), len(c.weights)
	for i, w := range list {
		field := fmt.Sprintf("update_weights.weight_infos[%d]", i)
		if err := checkWeight(field, w); err != nil {
			return err
		}
		if seen[w.GetRole()] {
			return failf(Invalid, "%s.role %q: each role must be there once", field, w.GetRole())
		}
		seen[w.GetRole()] = true
		_, has := c.weights[w.GetRole()]
		n += gained(has, w.GetWeight() != defaultWeight)
	}
	if n > max(maxRoleSettings, len(c.weights)) {
		return failf(Exhausted, "update_weights.weight_infos: %d roles would have a weight: must be %d at most", n, maxRoleSettings)
	}
	changed := false
	for _, w := range list {
		changed = c.setWeight(w) && c.inUse(w.GetRole()) || changed
	}
	if changed {
		for _, o := range sortedOffers(c.offers) {
			c.rescind(o)
		}
	}
	return nil
}

// gained returns how many settings more there are once a role that had one or not
// has one or not.
func gained(had, has bool) int {
	switch {
	case has && !had:
		return 1
	case had && !has:
		return -1
	default:
		return 0
	}
}

// inUse tells whether a framework is subscribed in the role or one below it.
func (c *Core) inUse(role string) bool {
	for _, f := range c.frameworks {
		if f.conn != 0 && slices.ContainsFunc(f.roles, func(r string) bool { return r == role || strings.HasPrefix(r, role+"/") }) {
			return true
		}
	}
	return false
}

// checkWeight tells what is wrong with a role's weight, if anything is.
func checkWeight(field string, w *mesos.WeightInfo) *Error {
	if err := mesos.ValidateRole(field+".role", w.GetRole()); err != nil {
		return failf(Invalid, "%v", err)
	}
	if v := w.GetWeight(); !(v >= minWeight && v <= maxWeight) {
		return failf(Invalid, "%s.weight %v: must be from %v to %v", field, v, minWeight, maxWeight)
	}
	return nil
}

// setWeight tells whether it changed something.
func (c *Core) setWeight(w *mesos.WeightInfo) bool {
	role, weight := w.GetRole(), w.GetWeight()
	if weight == c.weight(role) {
		return false
	}
	c.alloc.SetWeight(role, weight)
	c.note(Note{Level: Info, Event: "weight set", Detail: fmt.Sprintf("%s %v", role, weight)})
	if weight == defaultWeight {
		delete(c.weights, role)
		c.remember(RecordWeight, role, nil)
		return true
	}
	c.weights[role] = weight
	c.remember(RecordWeight, role, &registry.Weight{Info: w})
	return true
}

// weight returns the weight of a role.
func (c *Core) weight(role string) float64 {
	if w, ok := c.weights[role]; ok {
		return w
	}
	return defaultWeight
}

// recoverWeight takes the record of a weight, if it is in order.
func (c *Core) recoverWeight(key string, r *registry.Weight) error {
	if role := r.GetInfo().GetRole(); role != key {
		return fmt.Errorf("info.role %q: must be the key", role)
	}
	if err := checkWeight("info", r.GetInfo()); err != nil {
		return err
	}
	c.weights[key] = r.GetInfo().GetWeight()
	c.alloc.SetWeight(key, c.weights[key])
	return nil
}
