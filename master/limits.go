// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import "time"

const (
	// inboxSize is how many inputs may wait for the loop. It covers some 10 ms
	// of work; when it is full, connections wait, and their peers with them.
	inboxSize = 1024
	// maxBatch is how many inputs are stepped before their outcome is sent. It
	// bounds how long the first of them waits, well below a millisecond.
	maxBatch = 256

	// maxMessage is the largest message taken from a peer. An agent that
	// registers lists all its tasks, 1 KB each: 16 MiB are 16,000 tasks on one
	// agent.
	maxMessage = 16 << 20
	// maxQueued and maxQueuedBytes bound what may wait for one peer. It is
	// several seconds of a busy framework's updates; a peer that is further
	// behind than that is cut off.
	maxQueued      = 1 << 16
	maxQueuedBytes = 64 << 20

	// looseShare is the part of a queue, one in so many, that messages may fill
	// which are sent with best effort.
	looseShare = 16

	// maxConnections bounds the schedulers and agents together, well above the
	// largest clusters that are known.
	maxConnections = 1 << 17
	// maxStreams bounds the calls on one transport connection: a peer needs
	// one, and a program with many frameworks one each.
	maxStreams = 1024

	// MaxAnswer is the largest answer that an operator is sent: who asks must be
	// ready to receive it. The state of a cluster is some 500 bytes a task, so that
	// one with more than 250,000 is asked for its parts.
	MaxAnswer = 128 << 20
	// maxRequests bounds the calls of operators that are not answered yet, and with
	// them what their answers take.
	maxRequests = 256
	// slowWrite is how long a write of the registry may take until an operator is
	// told that it is slow.
	slowWrite = time.Second
	// requestTimeout is how long an operator waits at most for an answer: longer
	// than an agent may keep a master waiting until it is unreachable.
	requestTimeout = 2 * time.Minute

	// firstMessageTimeout is how long a new connection may say nothing.
	firstMessageTimeout = 30 * time.Second
	// pingAfter and pingTimeout find peers that are gone without a word: a
	// connection on which nothing came for the first is pinged, and is over
	// when nothing comes for the second.
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second
	// minPing is how often a peer may ping us.
	minPing = 5 * time.Second

	// flushTimeout is how long an ending connection tries to send what is
	// queued, and stopTimeout how long a stopping master waits for all of them.
	flushTimeout = time.Second
	stopTimeout  = 2 * time.Second
)
