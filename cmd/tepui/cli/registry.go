// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"github.com/tepui/tepui/master/registry"
)

// registryName is the file, in the work directory, of what a master remembers.
const registryName = "registry.db"

// registryFlags say where a master remembers.
type registryFlags struct{ workDir string }

func (f *registryFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.workDir, "work_dir", "/var/lib/tepui/master", "directory for what must outlive the master: agents, frameworks, weights, quota, maintenance")
}

// open opens the registry, and makes it and its directory where there is none.
func (f *registryFlags) open() (*registry.Registry, error) {
	dir, err := filepath.Abs(f.workDir)
	if err != nil {
		return nil, fmt.Errorf("--work_dir %q: %w", f.workDir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("--work_dir %s: %w: choose a directory that can be made", dir, err)
	}
	return registry.Open(filepath.Join(dir, registryName))
}
