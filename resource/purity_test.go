// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"testing"

	"github.com/tepui/tepui/internal/purity"
)

// The cores import this package, so what holds for them holds for it; and of
// ours it knows the messages only.
func TestPurity(t *testing.T) {
	forbidden := purity.Core()
	for _, upper := range []string{"agent", "cmd", "executor", "fetcher", "internal", "isolator", "master", "sdk", "api/link"} {
		forbidden["github.com/tepui/tepui/"+upper] = "imports point down: below resource there is only api/v1"
	}
	purity.Check(t, "github.com/tepui/tepui/resource", forbidden)
}
