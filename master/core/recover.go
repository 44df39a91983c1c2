// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/protobuf/proto"
)

// restore takes what an earlier master remembered, all of it or none: a master that
// leaves out what it cannot read would forget it for good, say a quota, or that an
// agent is gone.
func (c *Core) restore(list []Record) error {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Record) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key)) })
	var frameworks []*registry.Framework
	var others []Record
	for i, r := range list {
		var err error
		if i > 0 && list[i-1].Kind == r.Kind && list[i-1].Key == r.Key {
			return badRecord(r, errors.New("there are two of this key"))
		}
		switch r.Kind {
		case RecordFramework:
			err = check(r, checkFrameworkRecord)
			f, _ := r.Value.(*registry.Framework)
			frameworks = append(frameworks, f)
		case RecordWeight:
			err = check(r, c.recoverWeight)
		case RecordQuota:
			err = check(r, c.recoverQuota)
		case RecordAgent, RecordMaintenance:
			others = append(others, r)
		default:
			err = errors.New("no kind that this master version knows: start a version that does")
		}
		if err != nil {
			return badRecord(r, err)
		}
	}
	c.recoverFrameworks(frameworks)
	return c.recoverAgents(others)
}

// check hands a record of the right type, and complete, to fn.
func check[M proto.Message](r Record, fn func(key string, m M) error) error {
	m, ok := r.Value.(M)
	if !ok {
		return fmt.Errorf("value is a %T: must be a %T", r.Value, m)
	}
	if err := mesos.ValidateRequired(m); err != nil {
		return err
	}
	return fn(r.Key, m)
}

// badRecord names the record, and what to do.
func badRecord(r Record, err error) error {
	return fmt.Errorf("core: record %s %q: %w: restore the registry from a copy, or remove this record from it", r.Kind, r.Key, err)
}

// begin does what has to wait for the time of the first step.
func (c *Core) begin() {
	c.awaitRecovered()
	c.awaitAgents()
	c.beginHold()
	c.cfg.Remembered = nil // it has served
}
