// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package house holds the test that keeps the house in order: which of our
// packages may import which. It has no code of its own.
package house
