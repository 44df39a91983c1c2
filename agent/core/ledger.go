// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/resource"
)

// Limits are what a container may use, as they go to its cgroup.
type Limits struct {
	CPUs   resource.Milli // thousandths of a core, never 0
	Memory int64          // bytes, never 0
}

// union is the more of both, in each dimension.
func (l Limits) union(o Limits) Limits {
	return Limits{CPUs: max(l.CPUs, o.CPUs), Memory: max(l.Memory, o.Memory)}
}

// Holder names a task in the ledger.
type Holder struct {
	Framework FrameworkID
	Task      TaskID
}

// What a container gets that was granted no cpus or no memory at all: an
// executor without resources of its own, between two tasks. It keeps the
// executor alive and bounded.
const (
	floorCPUs   resource.Milli = 10       // thousandths of a core: the least cpu.weight
	floorMemory int64          = 32 << 20 // bytes
)

// Ledger is the account of the host's resources: the total, and what each
// container's executor and tasks hold. Every number about resources that the
// agent writes, sends or shows is read from here; nothing else adds up.
//
// The zero Ledger is empty; NewLedger gives it a total.
type Ledger struct {
	total    resource.Resources
	free     resource.Resources
	accounts map[ContainerID]*account
}

// account is what one container holds.
type account struct {
	executor resource.Resources
	tasks    map[Holder]resource.Resources
	sum      resource.Resources // executor and tasks
}

// NewLedger returns the ledger of a host with these resources, all of them free.
func NewLedger(total resource.Resources) *Ledger {
	return &Ledger{total: total, free: total, accounts: map[ContainerID]*account{}}
}

// Total is what the host has.
func (l *Ledger) Total() resource.Resources { return l.total }

// Free is what nobody holds.
func (l *Ledger) Free() resource.Resources { return l.free }

// Open gives a new container an account, with what its executor holds. The
// error is a *resource.NotContainedError when not that much is free.
func (l *Ledger) Open(c ContainerID, executor resource.Resources) error {
	if _, ok := l.accounts[c]; ok {
		return fmt.Errorf("core: container %s has an account already", c)
	}
	free, err := l.free.Subtract(executor)
	if err != nil {
		return err
	}
	l.free = free
	l.accounts[c] = &account{
		executor: executor,
		tasks:    map[Holder]resource.Resources{},
		sum:      executor,
	}
	return nil
}

// Grant lets a task of the container hold what it asks for. The error is a
// *resource.NotContainedError when not that much is free.
func (l *Ledger) Grant(c ContainerID, h Holder, r resource.Resources) error {
	a, ok := l.accounts[c]
	if !ok {
		return fmt.Errorf("core: container %s has no account", c)
	}
	if _, ok := a.tasks[h]; ok {
		return fmt.Errorf("core: task %s of framework %s has its grant already", h.Task, h.Framework)
	}
	free, err := l.free.Subtract(r)
	if err != nil {
		return err
	}
	l.free, a.sum = free, a.sum.Add(r)
	a.tasks[h] = r
	return nil
}

// Release takes back what a task holds, and tells whether it held anything.
func (l *Ledger) Release(c ContainerID, h Holder) bool {
	a, ok := l.accounts[c]
	if !ok {
		return false
	}
	r, ok := a.tasks[h]
	if !ok {
		return false
	}
	delete(a.tasks, h)
	l.free = l.free.Add(r)
	if sum, err := a.sum.Subtract(r); err == nil {
		a.sum = sum
	} else {
		a.sum = a.add() // copies of a shared volume are the one case where sums do not come apart
	}
	return true
}

// Close takes back all that a container holds, and its account.
func (l *Ledger) Close(c ContainerID) {
	a, ok := l.accounts[c]
	if !ok {
		return
	}
	delete(l.accounts, c)
	l.free = l.free.Add(a.executor)
	for _, h := range a.holders() {
		l.free = l.free.Add(a.tasks[h])
	}
}

// Convert makes other resources of a part of what is free. The error is a
// *resource.NotContainedError when that part is not free.
func (l *Ledger) Convert(conv resource.Conversion) error {
	free, err := conv.Apply(l.free)
	if err != nil {
		return err
	}
	total, err := conv.Apply(l.total)
	if err != nil {
		return err
	}
	l.free, l.total = free, total
	return nil
}

// Held is what a container's executor and tasks hold together.
func (l *Ledger) Held(c ContainerID) resource.Resources {
	if a, ok := l.accounts[c]; ok {
		return a.sum
	}
	return resource.Resources{}
}

// Limits derives a container's limits from what it holds.
func (l *Ledger) Limits(c ContainerID) Limits {
	held := l.Held(c)
	limits := Limits{CPUs: held.CPUs(), Memory: held.MemBytes()}
	if limits.CPUs <= 0 {
		limits.CPUs = floorCPUs
	}
	if limits.Memory <= 0 {
		limits.Memory = floorMemory
	}
	return limits
}

// Check adds everything up again and tells the first account that is wrong.
func (l *Ledger) Check() error {
	var used resource.Resources
	for _, c := range slices.Sorted(maps.Keys(l.accounts)) {
		a := l.accounts[c]
		sum := a.add()
		if !sum.Equal(a.sum) {
			return fmt.Errorf("core: ledger: container %s holds %s, its account says %s", c, sum, a.sum)
		}
		used = used.Add(sum)
	}
	if !l.total.Contains(used) {
		return fmt.Errorf("core: ledger: %s are in use, the total is %s", used, l.total)
	}
	if free, err := l.total.Subtract(used); err != nil || !free.Equal(l.free) {
		return fmt.Errorf("core: ledger: %s are free, the account says %s", free, l.free)
	}
	return nil
}

func (a *account) add() resource.Resources {
	sum := a.executor
	for _, h := range a.holders() {
		sum = sum.Add(a.tasks[h])
	}
	return sum
}

// holders are the account's tasks in a fixed order.
func (a *account) holders() []Holder {
	return slices.SortedFunc(maps.Keys(a.tasks), func(x, y Holder) int {
		return cmp.Or(cmp.Compare(x.Framework, y.Framework), cmp.Compare(x.Task, y.Task))
	})
}
