// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"strconv"

	"github.com/tepui/tepui/resource"
)

const (
	cpuWeight = "cpu.weight"
	cpuMax    = "cpu.max"

	minWeight = 1
	maxWeight = 10000

	// cfsPeriod is the period of cpu.max in microseconds, the kernel's default.
	cfsPeriod = 100_000
	// minQuota is the smallest quota that the kernel takes, in microseconds:
	// a hundredth of a core.
	minQuota = 1000
)

// setCPU writes the share that cpus stand for and, with cfs, the most that the
// group may use even of an idle machine.
func setCPU(g *group, cpus resource.Milli, cfs bool) error {
	if err := g.set(cpuWeight, weight(cpus)); err != nil {
		return err
	}
	if !cfs {
		return nil
	}
	return g.set(cpuMax, quota(cpus))
}

// weight is 100 for each cpu, within what the kernel takes. It is linear, so
// that 1 and 3 cpus share a busy core as 1 to 3.
func weight(cpus resource.Milli) string {
	return strconv.FormatInt(min(max(int64(cpus)/10, minWeight), maxWeight), 10)
}

// quota is the value of cpu.max: cpus times the period, per period.
func quota(cpus resource.Milli) string {
	q := max(int64(cpus)*(cfsPeriod/1000), minQuota)
	return strconv.FormatInt(q, 10) + " " + strconv.Itoa(cfsPeriod)
}
