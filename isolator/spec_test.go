// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"os/user"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

func simple(change func(*specs.Spec)) *specs.Spec {
	s := &specs.Spec{Process: &specs.Process{Args: []string{"true"}, Cwd: "/"}}
	if change != nil {
		change(s)
	}
	return s
}

func TestPlanOfASimpleSpec(t *testing.T) {
	p, err := newPlan(simple(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := pid1.Config{Args: []string{"true"}, Dir: "/", Umask: -1}
	if diff := cmp.Diff(want, p.init); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p.flags != unix.CLONE_NEWPID|unix.CLONE_NEWNS|unix.CLONE_NEWIPC|unix.CLONE_NEWUTS {
		t.Errorf("namespaces %#x", p.flags)
	}
}

func TestPlanOfEverything(t *testing.T) {
	umask, score := uint32(0o22), 300
	p, err := newPlan(&specs.Spec{
		Version:     specs.Version,
		Annotations: map[string]string{"a": "b"},
		Root:        &specs.Root{Path: "/"},
		Hostname:    "host",
		Process: &specs.Process{
			Args: []string{"/bin/sh", "-c", "true"}, Env: []string{"A=1"}, Cwd: "/srv", NoNewPrivileges: true, OOMScoreAdj: &score,
			User:    specs.User{UID: 1, GID: 2, AdditionalGids: []uint32{3, 4}, Umask: &umask},
			Rlimits: []specs.POSIXRlimit{{Type: "RLIMIT_CORE"}, {Type: "RLIMIT_RTTIME", Soft: 5, Hard: 6}},
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc"},
			{Destination: "/a/", Type: "bind", Source: "/b/", Options: []string{"rbind", "rprivate", "ro", "rw", "noatime", "nodev"}},
			{Destination: "/c", Type: "none", Source: "/d", Options: []string{"bind", "relatime"}},
			{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"size=64m", "mode=1777", "noexec", "dev"}},
		},
		Linux: &specs.Linux{Namespaces: []specs.LinuxNamespace{
			{Type: specs.PIDNamespace},
			{Type: specs.MountNamespace},
			{Type: specs.UTSNamespace},
			{Type: specs.NetworkNamespace},
			{Type: specs.CgroupNamespace},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := pid1.Config{
		Args: []string{"/bin/sh", "-c", "true"}, Env: []string{"A=1"}, Dir: "/srv", Hostname: "host",
		UID: 1, GID: 2, Groups: []uint32{3, 4}, Umask: 0o22, NoNewPrivs: true, OOMScoreAdj: 300, NewCgroupNS: true,
		Rlimits: []pid1.Rlimit{{Resource: unix.RLIMIT_CORE}, {Resource: unix.RLIMIT_RTTIME, Soft: 5, Hard: 6}},
		Mounts: []pid1.Mount{
			{
				Type: "bind", Source: "/b", Target: "/a", Recursive: true,
				Set: unix.MOUNT_ATTR_NOATIME | unix.MOUNT_ATTR_NODEV, Clear: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR__ATIME,
			},
			{Type: "bind", Source: "/d", Target: "/c", Clear: unix.MOUNT_ATTR__ATIME},
			{
				Type: "tmpfs", Target: "/tmp", Set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOEXEC, Clear: unix.MOUNT_ATTR_NODEV,
				Options: []string{"size=64m", "mode=1777"},
			},
		},
	}
	if diff := cmp.Diff(want, p.init); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p.flags != unix.CLONE_NEWPID|unix.CLONE_NEWNS|unix.CLONE_NEWUTS|unix.CLONE_NEWNET {
		t.Errorf("namespaces %#x", p.flags)
	}
}

func TestPlanTakesAUserByName(t *testing.T) {
	me, err := user.Current()
	if err != nil || me.Username == "" {
		t.Skip(err)
	}
	p, err := newPlan(simple(func(s *specs.Spec) { s.Process.User.Username = me.Username }))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.init.Groups) == 0 {
		t.Errorf("user %s has no groups", me.Username)
	}
}

func TestPlanRefuses(t *testing.T) {
	bind := func(m specs.Mount) func(*specs.Spec) {
		return func(s *specs.Spec) { s.Mounts = []specs.Mount{m} }
	}
	namespaces := func(list ...specs.LinuxNamespace) func(*specs.Spec) {
		return func(s *specs.Spec) { s.Linux = &specs.Linux{Namespaces: list} }
	}
	pidns, mountns := specs.LinuxNamespace{Type: specs.PIDNamespace}, specs.LinuxNamespace{Type: specs.MountNamespace}
	for _, c := range []struct {
		says   string
		change func(*specs.Spec)
	}{
		{"process.args", func(s *specs.Spec) { s.Process.Args = nil }},
		{"process.args", func(s *specs.Spec) { s.Process.Args = []string{""} }},
		{`"rel" must be an absolute path`, func(s *specs.Spec) { s.Process.Cwd = "rel" }},
		{"zero byte", func(s *specs.Spec) { s.Process.Args = []string{"a\x00b"} }},
		{"zero byte", func(s *specs.Spec) { s.Process.Env = []string{"A=\x00"} }},
		{"zero byte", func(s *specs.Spec) { s.Hostname = "\x00" }},
		{"exclude each other", func(s *specs.Spec) { s.Process.User = specs.User{Username: "root", UID: 1} }},
		{"no-such-user", func(s *specs.Spec) { s.Process.User = specs.User{Username: "no-such-user"} }},
		{"RLIMIT_BEER", func(s *specs.Spec) { s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_BEER"}} }},
		{`"NOFILE"`, func(s *specs.Spec) { s.Process.Rlimits = []specs.POSIXRlimit{{Type: "NOFILE"}} }},
		{"soft 2 must not exceed hard 1", func(s *specs.Spec) { s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_CPU", Soft: 2, Hard: 1}} }},
		{"twice", func(s *specs.Spec) {
			s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_CPU"}, {Type: "RLIMIT_CPU"}}
		}},
		{"must contain pid and mount", namespaces(pidns)},
		{"must contain pid and mount", namespaces([]specs.LinuxNamespace{}...)},
		{`"user" is not supported`, namespaces(pidns, mountns, specs.LinuxNamespace{Type: specs.UserNamespace})},
		{"joining the pid namespace /x", namespaces(mountns, specs.LinuxNamespace{Type: specs.PIDNamespace, Path: "/x"})},
		{"needs a uts namespace", func(s *specs.Spec) { s.Hostname = "h"; namespaces(pidns, mountns)(s) }},
		{`destination "rel"`, bind(specs.Mount{Destination: "rel", Type: "tmpfs"})},
		{`destination "/"`, bind(specs.Mount{Destination: "/", Type: "tmpfs"})},
		{`destination "/x/.."`, bind(specs.Mount{Destination: "/x/..", Type: "tmpfs"})},
		{`destination "/proc/sys"`, bind(specs.Mount{Destination: "/proc/sys", Type: "tmpfs"})},
		{`destination "/proc"`, bind(specs.Mount{Destination: "/proc", Type: "bind", Source: "/x"})},
		{`source "rel"`, bind(specs.Mount{Destination: "/x", Type: "bind", Source: "rel"})},
		{`type "ext4"`, bind(specs.Mount{Destination: "/x", Type: "ext4", Source: "/dev/sda"})},
		{`option "shared"`, bind(specs.Mount{Destination: "/x", Type: "bind", Source: "/y", Options: []string{"shared"}})},
		{`option "size=1m"`, bind(specs.Mount{Destination: "/x", Type: "bind", Source: "/y", Options: []string{"size=1m"}})},
		{`option "huge=always"`, bind(specs.Mount{Destination: "/x", Type: "tmpfs", Options: []string{"huge=always"}})},
		{"id mappings", bind(specs.Mount{Destination: "/x", Type: "bind", Source: "/y", UIDMappings: []specs.LinuxIDMapping{{}}})},
		{"root: only the host's root", func(s *specs.Spec) { s.Root = &specs.Root{Path: "/rootfs"} }},
		{"root: only the host's root", func(s *specs.Spec) { s.Root = &specs.Root{Path: "/", Readonly: true} }},
		{"hooks: is not supported", func(s *specs.Spec) { s.Hooks = &specs.Hooks{} }},
		{"domainname: is not supported", func(s *specs.Spec) { s.Domainname = "d" }},
		{"process.terminal: is not supported", func(s *specs.Spec) { s.Process.Terminal = true }},
		{"process.capabilities: is not supported", func(s *specs.Spec) { s.Process.Capabilities = &specs.LinuxCapabilities{} }},
		{"process.apparmorProfile: is not supported", func(s *specs.Spec) { s.Process.ApparmorProfile = "p" }},
		{"linux.seccomp: is not supported", func(s *specs.Spec) { s.Linux = &specs.Linux{Seccomp: &specs.LinuxSeccomp{}} }},
		{"linux.resources: is not supported", func(s *specs.Spec) { s.Linux = &specs.Linux{Resources: &specs.LinuxResources{}} }},
		{"linux.maskedPaths: is not supported", func(s *specs.Spec) { s.Linux = &specs.Linux{MaskedPaths: []string{"/proc/kcore"}} }},
	} {
		if _, err := newPlan(simple(c.change)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want an error that says %s", err, c.says)
		}
	}
	for _, s := range []*specs.Spec{nil, {}} {
		if _, err := newPlan(s); err == nil || !strings.Contains(err.Error(), "no process") {
			t.Errorf("%v: %v", s, err)
		}
	}
}
