// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import "time"

// Greeting is the payload of [Hello]. What a snapshot froze is set right with
// it: the clock stood still, the random numbers are those of every other
// machine restored from it, and the data disk has been exchanged.
type Greeting struct {
	Session string    // drawn anew for each session; echoed in Welcome
	Now     time.Time // the guest's clock is set to it
	Seed    []byte    // mixed into the guest's random numbers
	Data    bool      // mount the data disk, if it is not mounted
}

// Welcome is the payload of [Ready].
type Welcome struct {
	Session string
	Kernel  string        // release, as uname -r prints it
	Uptime  time.Duration // since the guest's boot
	Error   string        // why the greeting could not be carried out; empty = it was
}

// Request is the payload of [Run]: one command.
type Request struct {
	Args  []string // argv; Args[0] is looked up in the guest's PATH
	Env   []string // "NAME=value", added to the guest's own
	Dir   string   // working directory; empty = "/"
	Mkdir []string // directories made before the command starts
	Fetch []string // files and folders sent back afterwards; those not there are left out
	Input []byte   // the command's stdin, at most 512 KiB; empty = /dev/null
}

// Result is the payload of [Done].
type Result struct {
	Code    int    // exit code; -1 if the command did not exit by itself
	Signal  int    // the signal that ended it, or 0
	Error   string // why there was nothing to wait for; empty = it ran
	Elapsed time.Duration
	User    time.Duration
	System  time.Duration
	MaxRSS  int64 // bytes
}
