// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package registry has the messages that a master remembers beyond its own life:
// one for each kind of record of master/core. Numbers of fields are a promise to
// every file on disk. The package imports api/v1 and protobuf.
package registry
