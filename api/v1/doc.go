// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package mesos is the Mesos v1 data model: frameworks, agents, resources,
// offers, tasks and their updates, as proto2 messages under the names and
// numbers that existing clients use. Importers call it mesos.
//
// Beside the generated messages there is what every user of them needs and
// what is the same everywhere: the rules for ids and roles (ValidateID,
// ValidateRole), required fields with their path (ValidateRequired), durations
// and their text form (ParseDuration, FormatDuration), and which states end a
// task (Terminal). What depends on the state of a cluster does not belong here.
//
// Invariants:
//
//   - every message is accepted by every function: unset, empty and nil parts
//     give an error or a zero, never a panic;
//   - an error about a peer's message is a *FieldError: field, value, rule;
//   - nothing here waits, logs, or keeps state.
//
// The package imports protobuf and pure standard packages, and nothing of ours.
package mesos
