// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// fakeHost makes a /proc and a cgroup file system: CG in the texts stands for the
// directory of the latter, which look returns too.
func fakeHost(t *testing.T, mountinfo, own, controllers string, cgroups map[string]string) (h Host, cg string) {
	t.Helper()
	cg = fakeDir(t, cgroups)
	proc := fakeDir(t, map[string]string{
		"self/mountinfo": strings.ReplaceAll(mountinfo, "CG", cg),
		"self/cgroup":    own,
		"cgroups":        controllers,
	})
	h = Host{Kernel: "6.1.0-56-cloud-amd64"}
	if err := h.look(proc); err != nil {
		t.Fatal(err)
	}
	return h, cg
}

const (
	heading    = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
	unified    = "30 1 0:26 / CG rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	allV2      = heading + "cpu\t0\t1\t1\nmemory\t0\t1\t1\npids\t0\t1\t1\n"
	allOffered = "cpuset cpu io memory pids\n"
)

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name                        string
		mountinfo, own, controllers string
		cgroups                     map[string]string
		tree                        string // relative to the mount
		missing                     string // what Require says of cpu and memory; "" for nothing
		remedy                      string
	}{
		{
			name: "cgroup v2 only", mountinfo: unified, own: "0::/\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": allOffered}, tree: "tepui",
		},
		{
			name: "in a session of systemd", mountinfo: unified, own: "0::/user.slice/user-0.slice/session-1.scope\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": allOffered, "user.slice/user-0.slice/session-1.scope/cgroup.controllers": "memory pids\n"}, tree: "tepui",
		},
		{
			name: "root of a cgroup namespace", mountinfo: unified, own: "0::/\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": "cpu memory\n", "cgroup.type": "domain\n"}, tree: ".",
		},
		{
			name: "started again in a cgroup namespace", mountinfo: unified, own: "0::/agent\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": "cpu memory\n", "cgroup.type": "domain\n", "agent/cgroup.controllers": ""}, tree: ".",
		},
		{
			name: "a cgroup namespace without controllers", mountinfo: unified, own: "0::/\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": "pids\n", "cgroup.type": "domain\n"}, tree: ".",
			missing: "cgroup v2 controller cpu, memory", remedy: "echo '+cpu +memory' > cgroup.subtree_control",
		},
		{
			name: "a mount of another cgroup namespace", mountinfo: "30 1 0:26 /.. CG rw - cgroup2 cgroup2 rw\n", own: "0::/\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": allOffered}, tree: "tepui",
			missing: "a cgroup v2 file system of this cgroup namespace", remedy: "umount",
		},
		{
			name: "hybrid", mountinfo: "29 1 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" + unified, own: "4:memory:/\n0::/\n",
			controllers: heading + "cpu\t3\t1\t1\nmemory\t4\t1\t1\n",
			cgroups:     map[string]string{"cgroup.controllers": "\n"}, tree: "tepui",
			missing: "cgroup v2 controller cpu, memory", remedy: "cgroup_no_v1=all",
		},
		{
			name: "memory disabled", mountinfo: unified, own: "0::/\n", controllers: heading + "cpu\t0\t1\t1\nmemory\t0\t1\t0\n",
			cgroups: map[string]string{"cgroup.controllers": "cpuset cpu io pids\n"}, tree: "tepui",
			missing: "cgroup v2 controller memory", remedy: "cgroup_disable=memory",
		},
		{
			name: "not in the kernel", mountinfo: unified, own: "0::/\n", controllers: heading,
			cgroups: map[string]string{"cgroup.controllers": "pids\n"}, tree: "tepui",
			missing: "cgroup v2 controller cpu, memory", remedy: "boot a kernel with the cpu controller",
		},
		{
			name: "v1 only", mountinfo: "29 1 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", own: "4:memory:/\n",
			controllers: heading + "memory\t4\t1\t1\n",
			missing:     "a cgroup v2 file system", remedy: "systemd.unified_cgroup_hierarchy=1",
		},
		{
			name: "nothing mounted", mountinfo: "22 1 0:21 / /proc rw - proc proc rw\n", own: "0::/\n", controllers: allV2,
			missing: "a cgroup v2 file system", remedy: "mount -t cgroup2",
		},
		{
			name: "read-only", mountinfo: "30 1 0:26 / CG ro - cgroup2 cgroup2 rw\n", own: "0::/\n", controllers: allV2,
			cgroups: map[string]string{"cgroup.controllers": allOffered}, tree: "tepui",
			missing: "a cgroup v2 file system that can be written", remedy: "remount,rw",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, cg := fakeHost(t, c.mountinfo, c.own, c.controllers, c.cgroups)
			tree := ""
			if c.tree != "" {
				tree = filepath.Join(cg, c.tree)
			}
			if h.Tree != tree {
				t.Errorf("the tree is %q, want %q", h.Tree, tree)
			}
			err := h.Require([]string{CPU, Memory})
			if c.missing == "" {
				if err != nil {
					t.Errorf("Require: %v", err)
				}
				return
			}
			var e *HostError
			if !errors.As(err, &e) || e.Missing != c.missing || !strings.Contains(e.Remedy, c.remedy) || e.Found == "" {
				t.Errorf("Require: %v; want missing %q, remedy %q", err, c.missing, c.remedy)
			}
			if err := h.Require(nil); err != nil {
				t.Errorf("Require of nothing: %v", err)
			}
		})
	}
}

// systemd marks what it has delegated; the process is in it or right below it.
func TestProbeFindsDelegation(t *testing.T) {
	for _, own := range []string{"/svc", "/svc/agent", "/other"} {
		cgroups := map[string]string{"cgroup.controllers": allOffered, "svc/cgroup.controllers": "cpu memory\n", "svc/agent/cgroup.type": "domain\n", "other/cgroup.type": "domain\n"}
		cg := fakeDir(t, cgroups)
		if err := unix.Setxattr(filepath.Join(cg, "svc"), "user.delegate", []byte("1"), 0); err != nil {
			t.Skipf("no extended attributes in %s: %v", cg, err)
		}
		h := Host{}
		if err := h.lookAtMounts(strings.ReplaceAll(unified, "CG", cg), own); err != nil {
			t.Fatal(err)
		}
		if err := h.lookForTree(); err != nil {
			t.Fatal(err)
		}
		want, offered := "svc", []string{"cpu", "memory"}
		if own == "/other" {
			want, offered = "tepui", strings.Fields(allOffered)
		}
		if h.Tree != filepath.Join(cg, want) || !slices.Equal(h.Offered, offered) {
			t.Errorf("in %s: the tree is %s with %v, want %s with %v", own, h.Tree, h.Offered, want, offered)
		}
	}
}

func TestProbeRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no mountinfo":     {"self/cgroup": "0::/\n"},
		"bad mountinfo":    {"self/mountinfo": "garbage\n"},
		"bad controllers":  {"self/mountinfo": "", "cgroups": "garbage\n"},
		"controllers gone": {"self/mountinfo": "30 1 0:26 / /no/such/dir rw - cgroup2 cgroup2 rw\n", "self/cgroup": "0::/\n"},
	} {
		h := Host{}
		if err := h.look(fakeDir(t, files)); err == nil {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestRequire(t *testing.T) {
	whole := Host{Kernel: "6.1.0", Mount: "/sys/fs/cgroup", RealRoot: true, Tree: "/sys/fs/cgroup/tepui", Offered: []string{"cpu", "memory"}}
	user, old, delegated := whole, whole, whole
	user.UID = 1000
	old.Kernel = "5.10.0-30-amd64"
	delegated.Tree, delegated.Offered = "/sys/fs/cgroup/svc", []string{"memory", "pids"}
	for _, c := range []struct {
		name      string
		host      Host
		isolation []string
		says      []string
	}{
		{"everything", whole, []string{CPU, Memory}, nil},
		{"nothing", whole, nil, nil},
		{"unknown", whole, []string{"gpu"}, []string{`isolation "gpu"`, "must be one of cpu, memory"}},
		{"a user", user, []string{CPU}, []string{"rights of root", "user id 1000", "as root"}},
		{"a user without isolation", user, nil, []string{"rights of root"}},
		{"an old kernel", old, []string{CPU}, []string{"cgroup.kill", "5.14", "5.10.0-30-amd64"}},
		{"an old kernel without isolation", old, nil, nil},
		{"part delegated", delegated, []string{CPU, Memory}, []string{"missing: cgroup v2 controller cpu\n", "memory, pids (in /sys/fs/cgroup/svc", "Delegate=yes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.host.Require(c.isolation)
			if (err == nil) != (c.says == nil) {
				t.Fatalf("got %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("got %v, which does not say %q", err, s)
				}
			}
		})
	}
}

// Probe works anywhere, and New says no to who is not root.
func TestNewWithoutRoot(t *testing.T) {
	if _, err := Probe(); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Skip("is root")
	}
	_, err := New(Options{RuntimeDir: t.TempDir(), Init: "/bin/true"})
	var e *HostError
	if !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}
