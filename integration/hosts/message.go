// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

// The test and a host's PID 1 talk over a socket of type SOCK_SEQPACKET, one
// JSON message a packet. With a start come three files: the command's stdin,
// stdout and stderr.

// maxMessage bounds a message, in bytes; a command's environment has to fit.
const maxMessage = 128 << 10

// machine is what PID 1 is told in its environment.
type machine struct {
	Name  string // host name
	Disk  string // becomes /srv
	Names string // file that becomes /etc/hosts
}

// request goes to PID 1: start a command, or send a signal to one.
type request struct {
	ID     int // given by the test; names the command from then on
	Start  *start
	Signal int
}

// start describes a command.
type start struct {
	Args  []string
	Env   []string
	Dir   string
	Alone bool // in the root cgroup, by itself, instead of PID 1's
}

// event comes from PID 1.
type event struct {
	ID     int    // of the command; 0 = PID 1 itself
	Kind   string // one of the constants below
	PID    int    // with started: as the host counts
	Status uint32 // with ended: the wait status
	Error  string // with failed
}

const (
	kindReady   = "ready"
	kindStarted = "started"
	kindFailed  = "failed"
	kindEnded   = "ended"
)
