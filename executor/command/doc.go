// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package command is the executor of a task that is one command.
//
// A command task has no executor process: PID 1 of its container runs the
// command, and this package speaks for it. It is a pure state machine. The
// agent tells it what happened (the command started, it ended, somebody wants
// it killed, time passed) and carries out the effects it answers with.
//
// Invariants:
//   - exactly one terminal Update comes out of an Executor, whatever the order
//     of its inputs, and nothing after it;
//   - TASK_RUNNING comes at most once and first;
//   - after Kill or Shutdown the task ends as TASK_KILLED, whatever the status
//     of the command;
//   - Destroy is asked for at most once, never later than the grace period
//     after SIGTERM.
//
// It must not import anything of the agent, nor read a clock, sleep, or touch
// a process: time comes in as a value, signals go out as values.
package command
