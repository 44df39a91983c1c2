// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import "github.com/tepui/tepui/master/core"

// Registry is what a master remembers beyond its own life. Package registry has
// one.
type Registry interface {
	// Load returns what is remembered. The master calls it once, before all else.
	Load() ([]core.Record, error)
	// Persist returns once all of the records are durable. The loop waits for it;
	// an error ends the master.
	Persist(records []core.Record) error
}
