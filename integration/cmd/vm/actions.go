// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/tepui/tepui/integration/vm"
)

// Where exec puts a program and its testdata on the data disk.
const (
	programDir = "test"
	packageDir = "package"
)

func (t *tool) image(ctx context.Context) (int, error) {
	if _, err := t.prepare(ctx); err != nil {
		return exitTrouble, err
	}
	return 0, nil
}

func (t *tool) run(ctx context.Context) (int, error) {
	if len(t.args) == 0 {
		return 2, errors.New("run: no program given, e.g. vm run ps aux")
	}
	return t.runInside(ctx, vm.Command{Args: t.args})
}

func (t *tool) sh(ctx context.Context) (int, error) {
	if len(t.args) == 0 {
		return 2, errors.New("sh: no line given, e.g. vm sh 'cat /proc/self/cgroup'")
	}
	return t.runInside(ctx, vm.Command{Args: []string{"/bin/sh", "-c", strings.Join(t.args, " ")}})
}

// exec runs a test binary, or any static program, of the host.
func (t *tool) exec(ctx context.Context) (int, error) {
	if len(t.args) == 0 {
		return 2, errors.New("exec: no program given; go test -exec 'vm exec' gives one")
	}
	if t.useUp {
		return 2, errors.New("exec: a program of the host needs a fresh VM: leave -up out")
	}
	wd, err := os.Getwd()
	if err != nil {
		return exitTrouble, err
	}
	program := path.Join(programDir, filepath.Base(t.args[0]))
	t.data = append(t.data, vm.Data{Host: t.args[0], Guest: program})
	if err := t.addTestdata(wd); err != nil {
		return exitTrouble, err
	}
	dir := path.Join(vm.DataDir, packageDir)
	return t.runInside(ctx, vm.TestBinary(path.Join(vm.DataDir, program), dir, wd, t.args[1:]))
}

// addTestdata gives the program its package's testdata, and a working
// directory in any case.
func (t *tool) addTestdata(wd string) error {
	host := filepath.Join(wd, "testdata")
	_, err := os.Stat(host)
	if err == nil {
		t.data = append(t.data, vm.Data{Host: host, Guest: path.Join(packageDir, "testdata")})
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.data = append(t.data, vm.Data{Host: "", Guest: packageDir})
	return nil
}

// up keeps a VM until it is told to end.
func (t *tool) up(ctx context.Context) (int, error) {
	img, err := t.prepare(ctx)
	if err != nil {
		return exitTrouble, err
	}
	m, err := img.Start(ctx, t.upDir(), t.data)
	if errors.Is(err, fs.ErrExist) {
		return exitTrouble, fmt.Errorf("a VM is up already, or was not ended cleanly: vm stop ends it: %w", err)
	}
	if err != nil {
		return exitTrouble, err
	}
	release, _ := m.Kernel()
	if err := m.Hang(); err != nil {
		return exitTrouble, errors.Join(err, m.Stop())
	}
	fmt.Fprintf(t.stderr, "vm: up, Linux %s; vm -up sh LINE uses it, an interrupt or vm stop ends it\n", release)
	select {
	case <-t.signals:
	case <-m.Ended():
	}
	if err := m.Stop(); err != nil {
		return exitTrouble, err
	}
	return 0, nil
}

// stop ends the VM that another call keeps, and cleans up after one that was
// killed.
func (t *tool) stop(ctx context.Context) (int, error) {
	dir := t.upDir()
	m, err := vm.Attach(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return exitTrouble, err
	}
	if err != nil { // nobody behind the socket
		return 0, os.RemoveAll(dir)
	}
	if err := m.Stop(); err != nil && !errors.Is(err, io.EOF) { // QEMU may end before it answers
		return exitTrouble, err
	}
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return exitTrouble, fmt.Errorf("the VM's folder %s does not go: %w", dir, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
