// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/binary"
	"fmt"
)

// The names of things, each kind with its own type so that they are not mixed
// up. All but ConnID become names of directories and obey mesos.ValidateID.
type (
	FrameworkID string
	ExecutorID  string
	TaskID      string
	ContainerID string // chosen by the core, a UUID
	ConnID      uint64 // chosen by the shell, never twice
)

// ids makes ids from a nonce that is new with each start of the agent, and a
// counter.
type ids struct {
	nonce [8]byte
	last  uint64
}

// uuid returns a UUID of version 8: the nonce, then the counter.
func (i *ids) uuid() [16]byte {
	i.last++
	var u [16]byte
	copy(u[:8], i.nonce[:])
	binary.BigEndian.PutUint64(u[8:], i.last)
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u
}

func (i *ids) container() ContainerID {
	u := i.uuid()
	return ContainerID(fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
}
