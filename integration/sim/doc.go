// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package sim plays a whole cluster in one goroutine: the real core of a master
// with its allocator, the real cores of many agents, schedulers and executors that
// are models, and a network between them that loses, delays, repeats and reorders.
// Everything crashes and comes back. Time is virtual, all chance comes from one
// seed, and a seed always plays the same.
//
// # The script
//
// A seed makes a plan: a list of actions, each with its own moment and its own
// random number. An action is something that nobody has to answer for: a scheduler
// answers an offer, an executor dies, a cable is cut, the master crashes. What
// follows from it follows by itself: messages travel, timers fire, links are opened
// again. The actions do not share their random numbers, so that any part of the
// plan can be played: the shrinker looks for a short one that still fails.
//
// A step is one action with all that happens until the next. After each step the
// invariants are checked of every core that did something.
//
// # The network
//
// A connection is ordered, and either delivers or breaks. When it breaks, a part of
// what was under way still arrives, each end hears of it at a time of its own, and
// what is sent meanwhile is lost. A new connection does not wait for that, so that
// the old one still delivers when the new one has long begun.
//
// # The end
//
// After the last action the network is healed, all come back and everything is
// killed. Then every task must have ended for its framework, every container must
// be gone, nothing may be in use, and all that is free must be offered.
package sim
