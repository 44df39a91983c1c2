// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTreeThatIsReady(t *testing.T) {
	mount := fakeDir(t, map[string]string{
		"cgroup.subtree_control":       "cpu memory\n",
		"tepui/cgroup.subtree_control": "cpu memory pids\n",
		"tepui/cgroup.procs":           "",
	})
	tr, err := openTree(Host{Mount: mount, Own: filepath.Join(mount, "elsewhere")}, mount+"/tepui/", []string{CPU, Memory})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.close()
	if tr.path != mount+"/tepui" {
		t.Errorf("its path is %s", tr.path)
	}
	if _, err := os.Stat(mount + "/tepui/agent"); err == nil {
		t.Error("the caller was moved without need")
	}
}

// A fake file system keeps what is written, so the controllers are asked for
// in each group and never come on.
func TestTreeWhoseControllersDoNotComeOn(t *testing.T) {
	mount := fakeDir(t, map[string]string{
		"cgroup.subtree_control":         "",
		"a/cgroup.subtree_control":       "",
		"a/tepui/cgroup.subtree_control": "\n",
		"a/tepui/cgroup.procs":           "17\n18\n",
	})
	_, err := openTree(Host{Mount: mount}, mount+"/a/tepui", []string{CPU, Memory})
	if err == nil {
		t.Fatal("it is taken for ready")
	}
	for _, says := range []string{mount + "/a/tepui", "controller cpu is not enabled", "processes 17, 18 sit in"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, which does not say %q", err, says)
		}
	}
	for _, dir := range []string{"", "/a", "/a/tepui"} {
		b, err := os.ReadFile(mount + dir + "/cgroup.subtree_control")
		if err != nil || string(b) != "+cpu +memory" {
			t.Errorf("%s/cgroup.subtree_control was written %q, %v", dir, b, err)
		}
	}
}

func TestTreeMovesItsCaller(t *testing.T) {
	mount := fakeDir(t, map[string]string{"svc/cgroup.subtree_control": "cpu\n", "svc/agent/cgroup.procs": ""})
	for range 2 { // the second time the leaf is there
		tr, err := openTree(Host{Mount: mount, Own: mount + "/svc"}, mount+"/svc", []string{CPU})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.close()
		if b, err := os.ReadFile(mount + "/svc/agent/cgroup.procs"); err != nil || string(b) != "0" {
			t.Errorf("cgroup.procs was written %q, %v", b, err)
		}
	}
}

func TestTreeOutsideOfTheMount(t *testing.T) {
	dir := fakeDir(t, map[string]string{"cgroup.subtree_control": "cpu memory\n"})
	tr, err := openTree(Host{Mount: "/sys/fs/cgroup"}, dir, []string{CPU, Memory})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.close()
	if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("cpu\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openTree(Host{Mount: "/sys/fs/cgroup"}, dir, []string{CPU, Memory}); err == nil || !strings.Contains(err.Error(), "is not enabled") {
		t.Errorf("got %v", err)
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		dir, base string
		want      bool
	}{
		{"/a", "/a", true},
		{"/a/b", "/a", true},
		{"/ab", "/a", false},
		{"/", "/a", false},
		{"/a", "/", true},
	} {
		if got := within(c.dir, c.base); got != c.want {
			t.Errorf("%s within %s: %t", c.dir, c.base, got)
		}
	}
}
