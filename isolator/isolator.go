// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// Options says how an Isolator is to work.
type Options struct {
	// Root is the cgroup v2 directory below which the containers are made. If it is
	// empty it is chosen: the process's own cgroup if that was delegated to
	// it (systemd Delegate=yes, the root of a cgroup namespace), otherwise
	// tepui below the real root.
	Root string
	// RuntimeDir, on a tmpfs, has a folder for each container with its exit
	// status. It is made if it is not there.
	RuntimeDir string
	// Init is the path of tepui-init. It is copied once into a sealed file in
	// memory, so it may be replaced at any time.
	Init string
	// Isolation names what is limited: CPU, Memory. Empty means no cgroups at
	// all: namespaces only, for development.
	Isolation []string
	// CFS also limits what a container may use of an idle machine (cpu.max).
	CFS bool
}

// Isolator starts containers and knows those that it has started. Its methods
// may be called concurrently.
type Isolator struct {
	host    Host
	limits  enforcement
	tree    *tree // nil without cgroups
	runtime *os.Root
	init    *os.File // the sealed program of process 1
	null    *os.File

	cloning sync.Mutex     // held while a process 1 is cloned, which only one can be at a time anyway
	waiting sync.WaitGroup // one for each container whose process 1 may live

	mu         sync.Mutex
	containers map[string]*Container
	closed     bool
}

// New looks at the host, refuses what it cannot do (HostError), moves the
// calling process into a leaf of its own and enables the controllers. It also
// marks every descriptor that the process has inherited as close-on-exec, so
// that none of them leaks into a container.
func New(o Options) (*Isolator, error) {
	host, err := Probe()
	if err != nil {
		return nil, err
	}
	if err := host.Require(o.Isolation); err != nil {
		return nil, err
	}
	if err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return nil, fmt.Errorf("isolator: mark inherited descriptors close-on-exec: %w", err)
	}
	i := &Isolator{
		host: host,
		limits: enforcement{
			cpu:    slices.Contains(o.Isolation, CPU),
			memory: slices.Contains(o.Isolation, Memory),
			cfs:    o.CFS,
		},
		containers: make(map[string]*Container),
	}
	if err := i.open(o); err != nil {
		return nil, errors.Join(err, i.release())
	}
	return i, nil
}

// open gets what all containers share.
func (i *Isolator) open(o Options) (err error) {
	if i.init, err = seal(o.Init); err != nil {
		return err
	}
	if i.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return fmt.Errorf("isolator: %w", err)
	}
	if err := os.MkdirAll(o.RuntimeDir, 0o700); err != nil {
		return fmt.Errorf("isolator: make runtime directory: %w", err)
	}
	if i.runtime, err = os.OpenRoot(o.RuntimeDir); err != nil {
		return fmt.Errorf("isolator: open runtime directory: %w", err)
	}
	if !i.limits.any() {
		return nil
	}
	root := o.Root
	if root == "" {
		root = i.host.Tree
	}
	controllers := slices.Clone(o.Isolation)
	if slices.Contains(i.host.Offered, pids) {
		controllers = append(controllers, pids)
	}
	i.tree, err = openTree(i.host, root, controllers)
	return err
}

// Host returns what the machine offered when New looked.
func (i *Isolator) Host() Host { return i.host }

// Root returns the directory of the cgroup tree, or "" without cgroups.
func (i *Isolator) Root() string {
	if i.tree == nil {
		return ""
	}
	return i.tree.path
}

// Start makes container id and runs the command of spec in it. It returns when
// the execution of the command can no longer fail, or with a *StartError that names the step and
// its object; then nothing of the container is left. If ctx ends before the
// command runs, the start has failed. Of spec it uses Process.{Args, Env, Cwd,
// User, Rlimits, NoNewPrivileges, OOMScoreAdj}, Hostname, Mounts (bind, tmpfs)
// and Linux.Namespaces, and refuses anything else that is set.
func (i *Isolator) Start(ctx context.Context, id string, spec *specs.Spec, limits Limits, stdio Stdio) (*Container, error) {
	p, err := newPlan(spec)
	if err := errors.Join(checkID(id), limits.check(), err); err != nil {
		return nil, &StartError{ID: id, Step: StepSpec, Err: err}
	}
	c, err := i.register(id, limits)
	if err != nil {
		return nil, &StartError{ID: id, Step: StepSpec, Err: err}
	}
	if err := c.start(ctx, p, stdio); err != nil {
		return nil, c.abandon(ctx, err)
	}
	return c, nil
}

// checkID makes sure that id is the name of one directory and not that of one
// of ours.
func checkID(id string) error {
	bad := func(r rune) bool { return r < ' ' || r == '/' || r == '\\' || r == 0x7f }
	switch {
	case id == "" || id == "." || id == ".." || len(id) > 255 || slices.ContainsFunc([]rune(id), bad):
		return fmt.Errorf("container id %q: must be a file name of 1 to 255 bytes without '/', '\\' and control characters", id)
	case id == agentName:
		return fmt.Errorf("container id %q: is the name of the agent's own cgroup", id)
	}
	return nil
}

func (i *Isolator) register(id string, limits Limits) (*Container, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, ErrClosed
	}
	if i.containers[id] != nil {
		return nil, ErrExists
	}
	c := &Container{
		isolator: i,
		id:       id,
		limits:   limits,
		gate:     make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	i.containers[id] = c
	return c, nil
}

func (i *Isolator) unregister(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.containers, id)
}

// Close lets go of the containers, which live on, and of everything else. No
// other method may be running; afterwards Start and Wait return ErrClosed.
func (i *Isolator) Close() error {
	i.mu.Lock()
	if i.closed {
		i.mu.Unlock()
		return nil
	}
	i.closed = true
	left := i.containers
	i.containers = nil
	i.mu.Unlock()
	var errs []error
	for _, c := range left {
		errs = append(errs, c.letGo())
	}
	i.waiting.Wait()
	return errors.Join(append(errs, i.release())...)
}

// release closes what open has opened, as far as it came.
func (i *Isolator) release() error {
	var errs []error
	if i.init != nil {
		errs = append(errs, i.init.Close())
	}
	if i.null != nil {
		errs = append(errs, i.null.Close())
	}
	if i.runtime != nil {
		errs = append(errs, i.runtime.Close())
	}
	if i.tree != nil {
		errs = append(errs, i.tree.close())
	}
	return errors.Join(errs...)
}

// existing turns the kernel's word for it into ours.
func existing(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", ErrExists, err)
	}
	return err
}
