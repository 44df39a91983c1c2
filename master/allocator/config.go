// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// DefaultInterval is how long a refused piece waits at most until it is offered
// to another framework, and at least until it is offered to the same again.
const DefaultInterval = time.Second

// DefaultMinAllocatable is what a piece must have at least, one or the other,
// to be worth offering.
const DefaultMinAllocatable = "cpus:0.01|mem:32"

// Sorter is how roles, or the frameworks of a role, are put in order.
type Sorter uint8

// Sorters.
const (
	// DRF is lowest weighted dominant share first.
	DRF Sorter = iota
	// Random draws lots, in proportion to weights.
	Random
)

// ParseSorter reads the name of a sorter: drf or random.
func ParseSorter(name string) (Sorter, error) {
	switch name {
	case "drf":
		return DRF, nil
	case "random":
		return Random, nil
	}
	return DRF, fmt.Errorf("allocator: sorter %q: must be drf or random", name)
}

// Config is how an allocator is set up. The zero value of each field is its
// default, but for FilterGPU, which masters set unless told otherwise.
type Config struct {
	// Interval is DefaultInterval by default.
	Interval time.Duration
	// RoleSorter and FrameworkSorter are DRF by default.
	RoleSorter, FrameworkSorter Sorter
	// FairSharingExcluded are the names of scalars that do not count into shares.
	FairSharingExcluded []string
	// MinAllocatable are amounts of which a piece must have one at least, all of
	// its scalars, to be worth offering; DefaultMinAllocatable by default. An empty
	// list that is not nil lets every piece pass.
	MinAllocatable []resource.Resources
	// FilterGPU keeps agents with GPUs for frameworks with GPU_RESOURCES.
	FilterGPU bool
	// Domain is the master's. Agents of another region are for frameworks with
	// REGION_AWARE. Without one all agents count as near.
	Domain *mesos.DomainInfo
	// Optimistic grants what is free to everybody who may have it, and not only to
	// whom it is due: the first to use it wins.
	Optimistic bool
	// Seed decides what is drawn by lot. The same seed gives the same lots.
	Seed uint64
}

// ParseMinAllocatable reads amounts as operators write them: alternatives
// separated by "|", of which each is the text of resources, "cpus:0.01|mem:32".
// The empty text is no minimum.
func ParseMinAllocatable(text string) ([]resource.Resources, error) {
	list := []resource.Resources{}
	if text == "" {
		return list, nil
	}
	for part := range strings.SplitSeq(text, "|") {
		r, err := resource.Parse(part)
		if err != nil {
			return nil, fmt.Errorf("allocator: minimum %q: %w", part, err)
		}
		if !r.IsPlain() || r.IsEmpty() || slices.Contains(r.Names(), resource.Ports) {
			return nil, fmt.Errorf("allocator: minimum %q: must be scalars, as in %q", part, DefaultMinAllocatable)
		}
		list = append(list, r)
	}
	return list, nil
}

// New returns an allocator that knows nothing.
func New(cfg Config) *Fair {
	if cfg.Interval <= 0 {
		cfg.Interval = DefaultInterval
	}
	f := &Fair{
		cfg:        cfg,
		rng:        random{cfg.Seed},
		few:        maxFew,
		region:     cfg.Domain.GetFaultDomain().GetRegion().GetName(),
		near:       cfg.Domain.GetFaultDomain() == nil,
		agents:     make(map[core.AgentID]*agent),
		frameworks: make(map[core.FrameworkID]*framework),
		roles:      make(map[string]*role),
		weights:    make(map[string]float64),
		bounds:     make(map[string]*bound),
		kinds:      kinds{numbers: make(map[string]int), excluded: cfg.FairSharingExcluded},
	}
	f.root = &node{weight: 1, sorter: cfg.RoleSorter}
	if cfg.MinAllocatable == nil {
		cfg.MinAllocatable, _ = ParseMinAllocatable(DefaultMinAllocatable) // a constant that parses, a test tells
	}
	for _, r := range cfg.MinAllocatable {
		var set floor
		for name, v := range r.Scalars() {
			set = append(set, amount{f.kinds.number(name), name, v})
		}
		f.minimum = append(f.minimum, set)
	}
	return f
}
