// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// cpio builds an archive in the "newc" format of the kernel's initramfs
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpio struct {
	buf  bytes.Buffer
	ino  int
	dirs map[string]bool
}

const (
	cpioDir     = 0o040000
	cpioFile    = 0o100000
	cpioCharDev = 0o020000
)

// entry appends one header with its data. mode has the type of the file.
func (c *cpio) entry(name string, mode, major, minor int, data []byte) {
	c.ino++
	fmt.Fprintf(&c.buf, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		c.ino, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0)
	c.buf.WriteString(name)
	c.buf.WriteByte(0)
	c.pad()
	c.buf.Write(data)
	c.pad()
}

func (c *cpio) pad() {
	for c.buf.Len()%4 != 0 {
		c.buf.WriteByte(0)
	}
}

// dir appends a folder and those above it, once.
func (c *cpio) dir(name string) {
	if name == "." || c.dirs[name] {
		return
	}
	c.dir(path.Dir(name))
	if c.dirs == nil {
		c.dirs = map[string]bool{}
	}
	c.dirs[name] = true
	c.entry(name, cpioDir|0o755, 0, 0, nil)
}

func (c *cpio) file(name string, perm int, data []byte) {
	c.dir(path.Dir(name))
	c.entry(name, cpioFile|perm, 0, 0, data)
}

// bytes ends the archive.
func (c *cpio) bytes() []byte {
	c.entry("TRAILER!!!", 0, 0, 0, nil)
	return c.buf.Bytes()
}

// initramfs makes the archive that boots the guest: the program as /init and
// the modules it loads.
func initramfs(program []byte, k kernel, modules []string) ([]byte, error) {
	dep, err := os.ReadFile(filepath.Join(k.modules(), "modules.dep"))
	if err != nil {
		return nil, err
	}
	builtin, err := os.ReadFile(filepath.Join(k.modules(), "modules.builtin"))
	if err != nil {
		return nil, err
	}
	order, err := loadOrder(string(dep), string(builtin), modules)
	if err != nil {
		return nil, err
	}
	var c cpio
	c.dir("dev")
	c.dir("proc")
	c.entry("dev/console", cpioCharDev|0o600, 5, 1, nil)
	c.file("init", 0o755, program)
	for i, file := range order {
		b, err := readModule(filepath.Join(k.modules(), file))
		if err != nil {
			return nil, err
		}
		c.file(fmt.Sprintf("modules/%03d-%s.ko", i, moduleName(file)), 0o644, b)
	}
	return c.bytes(), nil
}

// getInitramfs returns the file of the initramfs of a guest program.
func getInitramfs(ctx context.Context, s *Store, program []byte, k kernel) (string, error) {
	dir, err := s.Get(ctx, Artifact{
		Kind:   "initramfs",
		Inputs: []string{filepath.Base(k.dir), strings.Join(bootModules, " "), digest(program)},
		Build: func(_ context.Context, dir string) error {
			b, err := initramfs(program, k, bootModules)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "initramfs"), b, 0o644)
		},
	})
	return filepath.Join(dir, "initramfs"), err
}

// readStatic reads a program that the kernel can start where there is nothing
// but it.
func readStatic(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("%s is linked dynamically: build it with CGO_ENABLED=0", file)
		}
	}
	return b, nil
}
