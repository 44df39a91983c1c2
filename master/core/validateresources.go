// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// checkResources checks the form of the resources of a task or an executor, and
// that they are allocated to the role of the offer where they say to which.
func (l *launch) checkResources(field string, list []*mesos.Resource) (resource.Resources, error) {
	res, err := resource.FromProto(list)
	if err != nil {
		return res, fmt.Errorf("%s: %w", field, err)
	}
	for i, r := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		if role := r.GetAllocationInfo().GetRole(); r.GetAllocationInfo() != nil && role != l.role {
			return res, fmt.Errorf("%s.allocation_info.role %q: must be %q, the role of the offer", at, role, l.role)
		}
		if r.GetName() == resource.GPUs && res.Scalar(resource.GPUs)%1000 != 0 {
			return res, fmt.Errorf("%s.scalar %v: gpus must be a whole number", at, res.Scalar(resource.GPUs))
		}
		if r.Shared != nil {
			return res, fmt.Errorf("%s.shared: must be unset: this master version has no shared volumes", at)
		}
		if err := checkMounted(at, r); err != nil {
			return res, err
		}
	}
	return res, checkMix(field, res)
}

// checkMounted checks where a task wants to see a persistent volume.
func checkMounted(field string, r *mesos.Resource) error {
	p := r.GetDisk().GetPersistence()
	if p == nil {
		return nil
	}
	v := r.GetDisk().GetVolume()
	switch clean := path.Clean(v.GetContainerPath()); {
	case v == nil:
		return fmt.Errorf("%s.disk.volume: must be set for volume %q", field, p.GetId())
	case v.HostPath != nil || v.Source != nil || v.Image != nil:
		return fmt.Errorf("%s.disk.volume: must have none of host_path, source and image for persistent volume %q", field, p.GetId())
	case v.GetContainerPath() == "" || strings.ContainsRune(v.GetContainerPath(), 0) ||
		path.IsAbs(clean) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../"):
		return fmt.Errorf("%s.disk.volume.container_path %q: must be a path below the sandbox, where agents of this version put volumes",
			field, brief(v.GetContainerPath()))
	}
	return nil
}

// checkMix checks that no volume is there twice, and that of no resource a part is
// revocable and a part is not.
func checkMix(field string, r resource.Resources) error {
	seen := make(map[resource.VolumeID]bool)
	for _, v := range r.Volumes() {
		if seen[v] {
			return fmt.Errorf("%s: disk.persistence.id %q: must be there once for role %q", field, v.ID, v.Role)
		}
		seen[v] = true
	}
	for _, name := range r.Revocable().Names() {
		if slices.Contains(r.NonRevocable().Names(), name) {
			return fmt.Errorf("%s: %s: must be all revocable or all not, is both", field, name)
		}
	}
	return nil
}

// checkLimits checks how much of what a task may use beyond what it has.
func (l *launch) checkLimits(field string, t *mesos.TaskInfo, res resource.Resources) error {
	limits := t.GetLimits()
	if len(limits) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		limit := limits[name].GetValue()
		switch {
		case name != resource.CPUs && name != resource.Mem:
			return fmt.Errorf("%s[%q]: must be of cpus or mem", field, brief(name))
		case math.IsNaN(limit) || limit < res.Scalar(name).Float():
			return fmt.Errorf("%s[%q] %v: must be at least what the task has of it, %v, or Infinity", field, name, limit, res.Scalar(name))
		}
	}
	if !l.agent.can(mesos.AgentInfo_Capability_TASK_RESOURCE_LIMITS) {
		return fmt.Errorf("%s: must be empty, agent %s has not the capability TASK_RESOURCE_LIMITS", field, l.agent.id)
	}
	return nil
}
