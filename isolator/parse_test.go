// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFlatKeyed(t *testing.T) {
	got, err := parseFlatKeyed("low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n")
	want := flatKeyed{"low": 0, "high": 0, "max": 12, "oom": 1, "oom_kill": 3, "oom_group_kill": 1}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for _, bad := range []string{"oom", "oom x", "oom -1", "oom 1 2", " 1", "oom 1\n\nmax 2", "oom 99999999999999999999"} {
		if m, err := parseFlatKeyed(bad); err == nil {
			t.Errorf("%q is taken as %v", bad, m)
		}
	}
}

func FuzzParseFlatKeyed(f *testing.F) {
	f.Add("low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n")
	f.Add("usage_usec 35125\nuser_usec 12345\nsystem_usec 22780\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n")
	f.Add("populated 1\nfrozen 0\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseFlatKeyed(text)
		if err != nil {
			return
		}
		// What is accepted has a line for each key, and each value can be found in it.
		if lines := len(strings.Split(strings.TrimSuffix(text, "\n"), "\n")); text != "" && len(m) > lines {
			t.Errorf("%d keys from %d lines", len(m), lines)
		}
		for k := range m {
			if !strings.Contains(text, k+" ") {
				t.Errorf("key %q is not in the text", k)
			}
		}
	})
}

func TestParseMountLine(t *testing.T) {
	for _, c := range []struct {
		line string
		want mountLine
	}{
		{
			"31 23 0:27 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate",
			mountLine{root: "/", point: "/sys/fs/cgroup", fsType: "cgroup2", super: []string{"rw", "nsdelegate"}},
		},
		{
			"31 23 0:27 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw",
			mountLine{root: "/../..", point: "/sys/fs/cgroup", readOnly: true, fsType: "cgroup2", super: []string{"rw"}},
		},
		{
			`36 35 98:0 /a\040b /mnt/tab\011back\134 rw master:1 propagate_from:2 - ext3 /dev/x\040y rw,errors=continue`,
			mountLine{root: "/a b", point: "/mnt/tab\tback\\", fsType: "ext3", super: []string{"rw", "errors=continue"}},
		},
	} {
		got, err := parseMountLine(c.line)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(mountLine{})); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", c.line, err, diff)
		}
	}
	for _, bad := range []string{"", "31 23 0:27 / /x rw", "a - b", "31 23 0:27 / /x - cgroup2 none rw", "31 23 0:27 / /x rw - cgroup2"} {
		if m, err := parseMountLine(bad); err == nil {
			t.Errorf("%q is taken as %+v", bad, m)
		}
	}
}

func FuzzParseMountLine(f *testing.F) {
	f.Add("31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate")
	f.Add(`36 35 98:0 /mnt1 /mnt\0402 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`)
	f.Add(`1 2 3 \ \9 rw - x y \`)
	f.Fuzz(func(t *testing.T, line string) {
		m, err := parseMountLine(line)
		if err != nil {
			return
		}
		if len(m.point) > len(line) || len(m.root) > len(line) || m.fsType != "" && !strings.Contains(line, " - "+m.fsType) {
			t.Errorf("%q is taken as %+v", line, m)
		}
	})
}

func FuzzParseOwnCgroup(f *testing.F) {
	f.Add("0::/system.slice/tepui-agent.service\n")
	f.Add("9:name=systemd:/\n4:memory:/a\n0::/\n")
	f.Add("0::/gone (deleted)\n")
	f.Fuzz(func(t *testing.T, text string) {
		own := parseOwnCgroup(text)
		if strings.Contains(own, "\n") || !strings.Contains(text, own) {
			t.Errorf("%q gives %q", text, own)
		}
	})
}

func TestParseOwnCgroup(t *testing.T) {
	for text, want := range map[string]string{
		"0::/a/b\n":                              "/a/b",
		"4:memory:/m\n1:cpu:/c\n0::/\n":          "/",
		"4:memory:/m\n":                          "",
		"10::/x\n0::/y":                          "/y",
		"0::/system.slice/x.service (deleted)\n": "/system.slice/x.service",
	} {
		if got := parseOwnCgroup(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func FuzzParseControllerLine(f *testing.F) {
	f.Add("cpu\t3\t64\t1")
	f.Add("memory 0 1 0")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseControllerLine(line)
		if err == nil && (c.name == "" || !strings.Contains(line, c.name)) {
			t.Errorf("%q is taken as %+v", line, c)
		}
	})
}

func TestParseKernel(t *testing.T) {
	for release, want := range map[string][2]int{
		"6.1.0-56-cloud-amd64": {6, 1}, "5.14": {5, 14}, "7.3+deb13": {7, 3}, "4.19-rc1": {4, 19},
	} {
		major, minor, ok := parseKernel(release)
		if !ok || [2]int{major, minor} != want {
			t.Errorf("%s is %d.%d, %t", release, major, minor, ok)
		}
	}
	for _, bad := range []string{"", "linux", "6", "x.1", "6.x"} {
		if _, _, ok := parseKernel(bad); ok {
			t.Errorf("%q is taken for a release", bad)
		}
	}
}
