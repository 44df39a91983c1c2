// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"os/user"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

// plan is a spec turned into what the clone and process 1 need.
type plan struct {
	flags uintptr // namespaces, as flags of clone
	init  pid1.Config
}

// newPlan checks all of the spec before anything is made. What the isolator
// does not implement is refused: a container that silently lacks what its spec
// asks for would be worse than none.
func newPlan(spec *specs.Spec) (*plan, error) {
	if spec == nil || spec.Process == nil {
		return nil, errors.New("spec has no process")
	}
	if err := unsupported(spec); err != nil {
		return nil, err
	}
	p := &plan{init: pid1.Config{Hostname: spec.Hostname, Umask: -1}}
	for _, step := range []func(*specs.Spec) error{p.command, p.identity, p.rlimits, p.namespaces, p.mounts} {
		if err := step(spec); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) command(spec *specs.Spec) error {
	proc := spec.Process
	switch {
	case len(proc.Args) == 0 || proc.Args[0] == "":
		return errors.New("process.args: must begin with a program")
	case !path.IsAbs(proc.Cwd):
		return fmt.Errorf("process.cwd: %q must be an absolute path", proc.Cwd)
	}
	for _, list := range [][]string{proc.Args, proc.Env, {proc.Cwd, spec.Hostname}} {
		for _, s := range list {
			if strings.IndexByte(s, 0) >= 0 {
				return fmt.Errorf("process: %q contains a zero byte", s)
			}
		}
	}
	p.init.Args, p.init.Env, p.init.Dir = proc.Args, proc.Env, proc.Cwd
	p.init.NoNewPrivs = proc.NoNewPrivileges
	if proc.OOMScoreAdj != nil {
		p.init.OOMScoreAdj = *proc.OOMScoreAdj
	}
	return nil
}

// identity takes the user by numbers, or by name if there is one.
func (p *plan) identity(spec *specs.Spec) error {
	u := spec.Process.User
	p.init.UID, p.init.GID, p.init.Groups = u.UID, u.GID, u.AdditionalGids
	if u.Umask != nil {
		p.init.Umask = int(*u.Umask & 0o777)
	}
	if u.Username == "" {
		return nil
	}
	if u.UID != 0 || u.GID != 0 || len(u.AdditionalGids) > 0 {
		return fmt.Errorf("process.user: username %q and numbers exclude each other", u.Username)
	}
	return p.lookUp(u.Username)
}

// lookUp finds a user of the host with all groups.
func (p *plan) lookUp(name string) error {
	found, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("process.user: %w", err)
	}
	groups, err := found.GroupIds()
	if err != nil {
		return fmt.Errorf("process.user: groups of %s: %w", name, err)
	}
	ids := make([]uint32, 0, len(groups)+2)
	for _, text := range append([]string{found.Uid, found.Gid}, groups...) {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return fmt.Errorf("process.user: id %q of %s: %w", text, name, err)
		}
		ids = append(ids, uint32(id))
	}
	p.init.UID, p.init.GID, p.init.Groups = ids[0], ids[1], ids[2:]
	return nil
}

func (p *plan) rlimits(spec *specs.Spec) error {
	for _, l := range spec.Process.Rlimits {
		number, ok := rlimitNumber(l.Type)
		switch {
		case !ok:
			return fmt.Errorf("process.rlimits: %q is no resource limit of Linux", l.Type)
		case l.Soft > l.Hard:
			return fmt.Errorf("process.rlimits: %s: soft %d must not exceed hard %d", l.Type, l.Soft, l.Hard)
		case slices.ContainsFunc(p.init.Rlimits, func(r pid1.Rlimit) bool { return r.Resource == number }):
			return fmt.Errorf("process.rlimits: %s is there twice", l.Type)
		}
		p.init.Rlimits = append(p.init.Rlimits, pid1.Rlimit{Resource: number, Soft: l.Soft, Hard: l.Hard})
	}
	return nil
}

// rlimitNumber knows the limits by the names that the OCI spec takes from getrlimit(2).
func rlimitNumber(name string) (int, bool) {
	i := slices.Index([]string{
		unix.RLIMIT_CPU: "CPU", unix.RLIMIT_FSIZE: "FSIZE", unix.RLIMIT_DATA: "DATA", unix.RLIMIT_STACK: "STACK",
		unix.RLIMIT_CORE: "CORE", unix.RLIMIT_RSS: "RSS", unix.RLIMIT_NPROC: "NPROC", unix.RLIMIT_NOFILE: "NOFILE",
		unix.RLIMIT_MEMLOCK: "MEMLOCK", unix.RLIMIT_AS: "AS", unix.RLIMIT_LOCKS: "LOCKS",
		unix.RLIMIT_SIGPENDING: "SIGPENDING", unix.RLIMIT_MSGQUEUE: "MSGQUEUE", unix.RLIMIT_NICE: "NICE",
		unix.RLIMIT_RTPRIO: "RTPRIO", unix.RLIMIT_RTTIME: "RTTIME",
	}, strings.TrimPrefix(name, "RLIMIT_"))
	return i, i >= 0 && strings.HasPrefix(name, "RLIMIT_")
}

// namespaces defaults to pid, mount, ipc and uts. The first two cannot be done
// without: the end of process 1 is what ends the container, and it mounts /proc.
func (p *plan) namespaces(spec *specs.Spec) error {
	p.flags = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	if spec.Linux == nil || spec.Linux.Namespaces == nil {
		return nil
	}
	p.flags = 0
	for _, n := range spec.Linux.Namespaces {
		if n.Path != "" {
			return fmt.Errorf("linux.namespaces: joining the %s namespace %s is not supported", n.Type, n.Path)
		}
		switch n.Type {
		case specs.PIDNamespace:
			p.flags |= unix.CLONE_NEWPID
		case specs.MountNamespace:
			p.flags |= unix.CLONE_NEWNS
		case specs.IPCNamespace:
			p.flags |= unix.CLONE_NEWIPC
		case specs.UTSNamespace:
			p.flags |= unix.CLONE_NEWUTS
		case specs.NetworkNamespace:
			p.flags |= unix.CLONE_NEWNET
		case specs.CgroupNamespace:
			p.init.NewCgroupNS = true
		default:
			return fmt.Errorf("linux.namespaces: type %q is not supported", n.Type)
		}
	}
	const must = unix.CLONE_NEWPID | unix.CLONE_NEWNS
	if p.flags&must != must {
		return errors.New("linux.namespaces: must contain pid and mount")
	}
	if spec.Hostname != "" && p.flags&unix.CLONE_NEWUTS == 0 {
		return fmt.Errorf("hostname: %q needs a uts namespace", spec.Hostname)
	}
	return nil
}
