// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import "google.golang.org/protobuf/proto"

// RecordKind is what a Record is about.
type RecordKind string

// Kinds of records, and the messages of api/registry that are their values.
const (
	RecordAgent       RecordKind = "agents"      // by agent id: registry.Agent
	RecordFramework   RecordKind = "frameworks"  // by framework id: registry.Framework
	RecordWeight      RecordKind = "weights"     // by role: registry.Weight
	RecordQuota       RecordKind = "quotas"      // by role: registry.Quota
	RecordMaintenance RecordKind = "maintenance" // under "schedule" and "machines": registry.Schedule, registry.Machines
)

// Record is one fact that the master remembers beyond its own life: Value is what
// is true of Key from now on, in place of what was; nil forgets it.
type Record struct {
	Kind  RecordKind
	Key   string
	Value proto.Message
}

// remember keeps a record for the next Ready.
func (c *Core) remember(kind RecordKind, key string, value proto.Message) {
	c.out.Persist = append(c.out.Persist, Record{Kind: kind, Key: key, Value: value})
}
