// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package framework is a scheduler for tests and benchmarks: it keeps every
// offer, update and loss it is told of, with the time it came, and lets its
// caller wait for one. It decides nothing by itself.
package framework
