// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package executor is for authors of frameworks: a framework's executor
// implements Executor, hands it to NewDriver and calls Run. Its agent fetches
// the program, starts it in a container and sends it tasks; the driver speaks
// with the agent, calls the Executor back, and carries out its calls.
//
// The names and the promises are those of the App/Framework development guide
// of Mesos (2013), section "Create your Framework Executor"; each comment says
// which part of it a promise comes from. Driver is its ExecutorDriver,
// MesosDriver its MesosExecutorDriver. Where the guide is silent, the driver
// does what the last release of Mesos does.
//
// Promises of the driver:
//
//   - Callbacks come one at a time: while LaunchTask runs, no other begins. An
//     executor that wants to run tasks side by side starts a goroutine for each.
//   - Calls may be made from callbacks and from any goroutine, and none
//     waits for the network.
//   - A status update is kept until the agent has acknowledged it, and sent again
//     when the agent comes back. Stop waits for the acknowledgements.
//   - After Stop or Abort no callback begins.
//
// Everything an executor must know is in its environment (see Config); the
// guide's MESOS_HOME, where Tepui is installed on the host, is there too. A
// driver reads it when it starts.
//
// The package imports the wire (api) and gRPC, and nothing of master or agent.
package executor
