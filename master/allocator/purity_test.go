// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"testing"

	"github.com/tepui/tepui/internal/purity"
)

func TestThePackageIsPure(t *testing.T) {
	purity.Check(t, "github.com/tepui/tepui/master/allocator", purity.Core())
}
