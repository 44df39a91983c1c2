// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlaceLinksFilesAndFollowsLinks(t *testing.T) {
	host, disk := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(host, "bin/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(host, "bin/deep/program")
	if err := os.WriteFile(program, []byte("ELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("deep/program", filepath.Join(host, "bin/alias")); err != nil {
		t.Fatal(err)
	}
	for _, d := range []Data{{filepath.Join(host, "bin"), "bin"}, {program, "test/one"}, {"", "empty"}} {
		if err := place(d, disk); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin/deep/program", "bin/alias", "test/one"} {
		info, err := os.Lstat(filepath.Join(disk, name))
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v; want an executable file", name, info, err)
		}
	}
	if info, err := os.Stat(filepath.Join(disk, "empty")); err != nil || !info.IsDir() {
		t.Errorf("the empty folder: %v, %v", info, err)
	}
}

func TestPlaceRefusesNamesThatLeaveTheDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../out", "/etc/passwd", "", "."} {
		if err := place(Data{file, name}, t.TempDir()); err == nil {
			t.Errorf("a file was placed at %q", name)
		}
	}
	if err := place(Data{"/no/such/file", "x"}, t.TempDir()); err == nil {
		t.Error("a file that is not there was placed")
	}
}

func TestDataDiskHoldsWhatItWasGiven(t *testing.T) {
	if _, err := exec.LookPath("mke2fs"); err != nil {
		t.Skip("no mke2fs here: make vm-deps installs it")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "hello")
	if err := os.WriteFile(file, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(dir, "disk")
	if err := makeDataDisk(t.Context(), disk, filepath.Join(dir, "scratch"), []Data{{file, "sub/hello"}}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("debugfs", "-R", "cat /sub/hello", disk).Output()
	if string(out) != "hello" || err != nil {
		t.Errorf("on the disk: %q, %v", out, err)
	}
}

func TestCommandsEndWithWhatTheySaid(t *testing.T) {
	_, err := command(t.Context(), "", "sh", "-c", "echo out; echo trouble >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "trouble") || !strings.Contains(err.Error(), "status 3") {
		t.Errorf("got %v", err)
	}
	long := strings.Repeat("x", 3*tail) + "the end"
	if got := lastOf(long); len(got) > tail+16 || !strings.HasSuffix(got, "the end") {
		t.Errorf("%d bytes ending in %q", len(got), got[len(got)-20:])
	}
}

func TestCommandLineOfQEMU(t *testing.T) {
	l := launch{TCG, Plain, "/c/vmlinuz", "/c/initramfs", "/c,d/root", "/r/data", true}
	got := strings.Join(l.args(), " ")
	for _, want := range []string{
		"-accel tcg,thread=single,tb-size=256 -cpu max", "vm.init=plain", "-no-reboot",
		"file=/c,,d/root", "readonly=on,id=disk1,file=/r/data", "-incoming fd:5", "socket,id=port,fd=3",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	boot := l
	boot.restore = false
	restored := l.args()
	if d := cmp.Diff(boot.args(), restored[:len(restored)-2]); d != "" {
		t.Errorf("a machine that boots and one that is restored differ in more than -incoming:\n%s", d)
	}
}

func TestTestBinaryBringsFilesBack(t *testing.T) {
	c := TestBinary("/data/test/x.test", "/data/package", "/src/pkg", []string{
		"-test.v", "-test.outputdir=/src/out", "-test.coverprofile=c.out", "-test.cpuprofile=/abs/cpu",
		"-test.gocoverdir=cover", "-test.run=A|B",
	})
	want := Command{
		Dir: "/data/package",
		Args: []string{
			"/data/test/x.test", "-test.v", "-test.coverprofile=/run/vm-out/0-c.out", "-test.cpuprofile=/run/vm-out/1-cpu",
			"-test.gocoverdir=/run/vm-out/2-cover", "-test.run=A|B",
		},
		Mkdir: []string{"/run/vm-out", "/run/vm-out/2-cover"},
		Fetch: []Fetch{
			{"/run/vm-out/0-c.out", "/src/out/c.out"},
			{"/run/vm-out/1-cpu", "/abs/cpu"},
			{"/run/vm-out/2-cover", "/src/pkg/cover"},
		},
	}
	if d := cmp.Diff(want, c); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
