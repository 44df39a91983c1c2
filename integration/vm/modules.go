// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ulikunitz/xz"
)

// bootModules are loaded before the snapshot: the machine's devices, and what
// hosts in namespaces need.
var bootModules = []string{
	"virtio_pci", "virtio_console", "virtio_blk", "virtio_rng", "overlay", "veth", "bridge",
}

// moduleName is how modprobe calls the module in a file.
func moduleName(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(base, "-", "_")
}

// loadOrder returns the files of the modules and of all they need, each after
// what it needs. dep and builtin are the texts of modules.dep and
// modules.builtin.
func loadOrder(dep, builtin string, names []string) ([]string, error) {
	needs := map[string][]string{} // file: files
	files := map[string]string{}   // name: file
	for line := range strings.Lines(dep) {
		file, rest, ok := strings.Cut(line, ":")
		if ok {
			files[moduleName(file)] = file
			needs[file] = strings.Fields(rest)
		}
	}
	inKernel := map[string]bool{}
	for file := range strings.FieldsSeq(builtin) {
		inKernel[moduleName(file)] = true
	}
	var order []string
	var add func(file string)
	add = func(file string) {
		if slices.Contains(order, file) {
			return
		}
		// modules.dep lists all, also indirectly, needed modules; those needed
		// first stand last.
		for _, n := range slices.Backward(needs[file]) {
			add(n)
		}
		order = append(order, file)
	}
	for _, name := range names {
		switch file, ok := files[name]; {
		case ok:
			add(file)
		case !inKernel[name]:
			return nil, fmt.Errorf("the kernel has no module %q", name)
		}
	}
	return order, nil
}

// readModule returns a module as the kernel takes it. The guest is slow, so
// modules are decompressed here.
func readModule(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil || filepath.Ext(file) != ".xz" {
		return b, err
	}
	r, err := xz.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out.Bytes(), nil
}
