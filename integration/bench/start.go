// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator"
	"github.com/tepui/tepui/resource"
)

// The limits and the command that every way of starting a container gets.
const (
	startCPUs   = resource.Milli(500)
	startMemory = int64(64 << 20)
	startPeriod = uint64(100_000) // microseconds, the kernel's default for cpu.max
)

func startCommand() []string { return []string{"/bin/true"} }

// starts compares ways to run /bin/true once in a container with limits, from
// nothing to nothing: made, run, waited for, taken away. The first row is the
// floor: the same program cloned and executed with no container at all.
func starts(rounds int) ([]sample, error) {
	dir, err := os.MkdirTemp("", "tepui-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	iso, err := isolator.New(isolator.Options{
		RuntimeDir: filepath.Join(dir, "run"),
		Init:       initPath(),
		Isolation:  []string{"cpu", "memory"},
		CFS:        true,
	})
	if err != nil {
		return nil, err
	}
	defer iso.Close()
	candidates := []candidate{
		{"clone + exec", bare},
		{"tepui, until the command runs", func() (time.Duration, error) { return ours(iso, dir, false) }},
		{"tepui, whole run", func() (time.Duration, error) { return ours(iso, dir, true) }},
	}
	root, err := hostRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.unmount()
	for _, runtime := range []string{"crun", "runc"} {
		c, err := runtimeCandidate(runtime, filepath.Join(dir, runtime), string(root))
		if errors.Is(err, exec.ErrNotFound) {
			fmt.Fprintf(os.Stderr, "bench: no %s on this host, left out\n", runtime)
			continue
		}
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, c)
	}
	return measure(rounds, candidates)
}

// initPath is tepui-init beside this program, or the one that TEPUI_INIT names.
func initPath() string {
	if p := os.Getenv("TEPUI_INIT"); p != "" {
		return p
	}
	self, err := os.Executable()
	if err != nil {
		return "tepui-init"
	}
	return filepath.Join(filepath.Dir(self), "tepui-init")
}

func bare() (time.Duration, error) {
	args := startCommand()
	began := time.Now()
	p, err := os.StartProcess(args[0], args, &os.ProcAttr{})
	if err != nil {
		return 0, err
	}
	state, err := p.Wait()
	if err == nil && !state.Success() {
		err = fmt.Errorf("%s: %s", args[0], state)
	}
	return time.Since(began), err
}

// ours takes one container through its life. The time is that of the start, or
// of the whole life.
func ours(iso *isolator.Isolator, dir string, whole bool) (time.Duration, error) {
	ctx := context.Background()
	spec := &specs.Spec{Process: &specs.Process{Args: startCommand(), Cwd: dir, Env: []string{"PATH=/usr/bin:/bin"}}}
	began := time.Now()
	c, err := iso.Start(ctx, fmt.Sprintf("bench-%d", began.UnixNano()), spec,
		isolator.Limits{CPUs: startCPUs, Memory: startMemory}, isolator.Stdio{})
	if err != nil {
		return 0, err
	}
	started := time.Since(began)
	exit, err := c.Wait(ctx)
	if err == nil && exit.Status != 0 {
		err = fmt.Errorf("%v: wait status %#x", startCommand(), exit.Status)
	}
	if err := errors.Join(err, c.Destroy(ctx)); err != nil {
		return 0, err
	}
	if whole {
		return time.Since(began), nil
	}
	return started, nil
}

// runtimeCandidate runs an installed OCI runtime on a bundle with the same
// command, namespaces and limits.
func runtimeCandidate(name, bundle, root string) (candidate, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return candidate{}, err
	}
	if err := writeBundle(bundle, root); err != nil {
		return candidate{}, err
	}
	return candidate{name + " run", func() (time.Duration, error) {
		id := fmt.Sprintf("bench-%d", time.Now().UnixNano())
		cmd := exec.Command(path, "run", "--bundle", bundle, id)
		began := time.Now()
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return time.Since(began), err
	}}, nil
}

// mountPoint is where something is mounted for as long as a benchmark runs.
type mountPoint string

// hostRoot mounts the host's root file system a second time, below dir: an OCI
// runtime needs a mount point to make the container's root of.
func hostRoot(dir string) (mountPoint, error) {
	at := filepath.Join(dir, "rootfs")
	if err := os.Mkdir(at, 0o755); err != nil {
		return "", err
	}
	if err := unix.Mount("/", at, "", unix.MS_BIND, ""); err != nil {
		return "", fmt.Errorf("bench: mount / on %s: %w", at, err)
	}
	return mountPoint(at), nil
}

func (m mountPoint) unmount() {
	if err := unix.Unmount(string(m), unix.MNT_DETACH); err != nil {
		fmt.Fprintf(os.Stderr, "bench: unmount %s: %v\n", m, err)
	}
}

// writeBundle makes an OCI bundle whose root file system is the host's own,
// as our container sees it too.
func writeBundle(dir, root string) error {
	quota, swap := int64(startCPUs)*int64(startPeriod)/1000, startMemory
	shares, memory, period := uint64(512), startMemory, startPeriod
	spec := specs.Spec{
		Version: "1.0.2", // which Debian 12's runtimes know
		Process: &specs.Process{Args: startCommand(), Cwd: "/", Env: []string{"PATH=/usr/bin:/bin"}},
		Root:    &specs.Root{Path: root},
		Mounts:  []specs.Mount{{Destination: "/proc", Type: "proc", Source: "proc"}},
		Linux: &specs.Linux{
			CgroupsPath: "/bench-" + filepath.Base(dir),
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace},
				{Type: specs.MountNamespace},
				{Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace},
			},
			Resources: &specs.LinuxResources{
				CPU:    &specs.LinuxCPU{Shares: &shares, Quota: &quota, Period: &period},
				Memory: &specs.LinuxMemory{Limit: &memory, Swap: &swap},
			},
		},
	}
	text, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644)
}
