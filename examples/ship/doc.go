// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package ship hands out over HTTP what a framework's agents must fetch: the
// executor, and its input. It is how the examples ship themselves; a real
// cluster would rather use a file server or an object store.
package ship
