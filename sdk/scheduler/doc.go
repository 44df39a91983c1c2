// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package scheduler is for authors of frameworks: a framework's scheduler
// implements Scheduler, hands it to NewDriver and calls Run. The driver speaks
// with the master, calls the Scheduler back, and carries out its calls.
//
// The names and the promises are those of the App/Framework development guide
// of Mesos (2013), section "Create your Framework Scheduler"; each comment says
// which part of it a promise comes from. Driver is its SchedulerDriver,
// MesosDriver its MesosSchedulerDriver. Where the guide is silent, the driver
// does what the last release of Mesos does.
//
// Promises of the driver:
//
//   - Callbacks come one at a time, in the order in which the master sent what
//     caused them. A callback that takes long delays the next, and nothing else.
//   - Calls may be made from callbacks and from any goroutine. They put
//     what is asked for into a bounded queue and return: none waits for the network.
//   - When StatusUpdate returns, the update is acknowledged, and not before. An
//     update whose callback panics, or during which the driver is aborted, comes again.
//   - When the master is lost, Disconnected is called, and then the driver tries
//     again for as long as it runs, until Reregistered.
//   - After Stop or Abort no callback begins.
//
// The driver recovers no panic: a scheduler that panics ends its process, and
// is sent what it had not acknowledged when it comes back.
//
// The package imports the wire (api) and gRPC, and nothing of master or agent.
package scheduler
