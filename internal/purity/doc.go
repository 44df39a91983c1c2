// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package purity keeps packages pure that are meant to be: a test of such a
// package names what it must not use, each with the reason, and fails where the
// package, or one of ours that it imports, does.
//
// The packages below api are not looked into: they are generated, and carry the
// runtimes of protobuf and gRPC with them, which a pure package does not call.
package purity
