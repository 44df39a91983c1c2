// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package tainted breaks rules, for the tests of package purity.
package tainted

import (
	clock "time"

	"github.com/tepui/tepui/internal/purity/internal/tainted/below"
)

// Now calls what a pure package must not.
func Now() (clock.Time, string) { return clock.Now(), below.Home() }
