// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/pflag"
	"github.com/tepui/tepui/master"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/resource"
)

// allocationFlags say how a master divides what is free.
type allocationFlags struct {
	roleSorter      string
	frameworkSorter string
	excluded        []string
	minimum         string
	filterGPU       bool
	optimistic      bool

	// What check makes of them.
	roles, frameworks allocator.Sorter
	minima            []resource.Resources
}

func (f *allocationFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.roleSorter, "role_sorter", "drf", "order of roles: drf, lowest dominant share first, or random")
	set.StringVar(&f.frameworkSorter, "framework_sorter", "drf", "order of the frameworks of a role: drf or random")
	set.StringSliceVar(&f.excluded, "fair_sharing_excluded_resource_names", nil, "resources that do not count in shares, as in gpus,disk")
	set.StringVar(&f.minimum, "min_allocatable_resources", allocator.DefaultMinAllocatable, "the least that is worth offering, one of several amounts; empty = everything is")
	set.BoolVar(&f.filterGPU, "filter_gpu_resources", true, "keep agents with GPUs for frameworks with the capability GPU_RESOURCES")
	set.BoolVar(&f.optimistic, "optimistic_offers", false, "offer the same resources to several frameworks at a time: the first to use them wins")
}

// check reads what flags say in words.
func (f *allocationFlags) check() (err error) {
	if f.roles, err = allocator.ParseSorter(f.roleSorter); err != nil {
		return usageError{fmt.Errorf("--role_sorter %q: must be drf or random", f.roleSorter)}
	}
	if f.frameworks, err = allocator.ParseSorter(f.frameworkSorter); err != nil {
		return usageError{fmt.Errorf("--framework_sorter %q: must be drf or random", f.frameworkSorter)}
	}
	if f.minima, err = allocator.ParseMinAllocatable(f.minimum); err != nil {
		return usageError{fmt.Errorf("--min_allocatable_resources: %w", err)}
	}
	return nil
}

// complete wires what was checked.
func (f *allocationFlags) complete(config *master.Config) {
	config.RoleSorter, config.FrameworkSorter = f.roles, f.frameworks
	config.FairSharingExcluded = f.excluded
	config.MinAllocatable = f.minima
	config.OfferGPUs = !f.filterGPU
	config.OptimisticOffers = f.optimistic
}
