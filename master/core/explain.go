// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

// explain answers why a framework gets what it gets.
func (c *Core) explain(in ExplainCall) {
	c.fail(in.Request, failf(Unsupported, "explain: not supported by this master version"))
}
