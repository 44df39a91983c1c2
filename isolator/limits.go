// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"fmt"

	"github.com/tepui/tepui/resource"
)

// Limits is what a container may use.
type Limits struct {
	CPUs   resource.Milli // sets cpu.weight, and cpu.max with Options.CFS
	Memory int64          // bytes, rounded down to whole pages; 0 = no limit
}

// check tells what is wrong with l whatever the kernel says.
func (l Limits) check() error {
	if l.CPUs < 0 {
		return fmt.Errorf("limits: CPUs is %v: must not be negative", l.CPUs)
	}
	if l.Memory < 0 {
		return fmt.Errorf("limits: Memory is %d bytes: must not be negative", l.Memory)
	}
	return nil
}

// enforcement says which limits are written.
type enforcement struct {
	cpu, memory, cfs bool
}

func (e enforcement) any() bool { return e.cpu || e.memory }

// first gives a new group its limits.
func (e enforcement) first(g *group, l Limits) error {
	if e.memory {
		if err := prepareMemory(g); err != nil {
			return err
		}
	}
	return e.change(g, l)
}

// change writes l and reads it back. The CPU comes first: memory can be refused
// for what is in use, and that must not keep the CPU from shrinking.
func (e enforcement) change(g *group, l Limits) error {
	if e.cpu {
		if err := setCPU(g, l.CPUs, e.cfs); err != nil {
			return err
		}
	}
	if e.memory {
		return setMemory(g, l.Memory)
	}
	return nil
}
