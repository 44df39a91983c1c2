// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
)

func TestLoadOrder(t *testing.T) {
	const dep = `kernel/drivers/net/veth.ko:
kernel/net/llc/llc.ko:
kernel/net/802/stp.ko: kernel/net/llc/llc.ko
kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko
kernel/drivers/block/virtio-blk.ko.xz: kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio.ko:
`
	const builtin = "kernel/fs/ext4/ext4.ko\n"
	got, err := loadOrder(dep, builtin, []string{"virtio_blk", "ext4", "bridge", "veth"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"kernel/drivers/virtio/virtio.ko", "kernel/drivers/block/virtio-blk.ko.xz",
		"kernel/net/llc/llc.ko", "kernel/net/802/stp.ko", "kernel/net/bridge/bridge.ko",
		"kernel/drivers/net/veth.ko",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if _, err := loadOrder(dep, builtin, []string{"zfs"}); err == nil || !strings.Contains(err.Error(), `"zfs"`) {
		t.Errorf("a module that is not there: %v", err)
	}
}

func TestModulesAreDecompressed(t *testing.T) {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("module")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "m.ko.xz")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := readModule(file); string(got) != "module" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("not xz"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readModule(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("what is not xz: %v", err)
	}
}

// entry is what a reader of the format sees.
type cpioEntry struct {
	name         string
	mode         int
	major, minor int
	data         string
}

// readCPIO reads the "newc" format by its description, not by our writer.
func readCPIO(t *testing.T, b []byte) []cpioEntry {
	t.Helper()
	var out []cpioEntry
	for pos := 0; ; {
		if string(b[pos:pos+6]) != "070701" {
			t.Fatalf("no header at byte %d", pos)
		}
		field := func(i int) int {
			n, err := strconv.ParseInt(string(b[pos+6+8*i:pos+14+8*i]), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
		e := cpioEntry{mode: field(1), major: field(9), minor: field(10)}
		size, nameSize := field(6), field(11)
		pos += 110
		e.name = string(b[pos : pos+nameSize-1])
		pos = (pos + nameSize + 3) &^ 3
		e.data = string(b[pos : pos+size])
		pos = (pos + size + 3) &^ 3
		if e.name == "TRAILER!!!" {
			return out
		}
		out = append(out, e)
	}
}

func TestInitramfsHasTheProgramAndItsModules(t *testing.T) {
	k := kernel{dir: t.TempDir(), version: "6.1"}
	for name, text := range map[string]string{
		"modules.dep":     "a/one.ko: a/two.ko\na/two.ko:\n",
		"modules.builtin": "",
		"a/one.ko":        "ONE",
		"a/two.ko":        "TWO!!",
	} {
		file := filepath.Join(k.modules(), name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := initramfs([]byte("PROGRAM"), k, []string{"one"})
	if err != nil {
		t.Fatal(err)
	}
	want := []cpioEntry{
		{"dev", 0o40755, 0, 0, ""},
		{"proc", 0o40755, 0, 0, ""},
		{"dev/console", 0o20600, 5, 1, ""},
		{"init", 0o100755, 0, 0, "PROGRAM"},
		{"modules", 0o40755, 0, 0, ""},
		{"modules/000-two.ko", 0o100644, 0, 0, "TWO!!"},
		{"modules/001-one.ko", 0o100644, 0, 0, "ONE"},
	}
	if d := cmp.Diff(want, readCPIO(t, b), cmp.AllowUnexported(cpioEntry{})); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestTheGuestsProgramMustBeStatic(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := readStatic(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a script: %v", err)
	}
	const shell = "/bin/sh"
	f, err := elf.Open(shell)
	if err != nil {
		t.Skipf("no ELF file at %s", shell)
	}
	defer f.Close()
	if !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Skipf("%s is static", shell)
	}
	if _, err := readStatic(shell); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("a dynamic program: %v", err)
	}
}

func TestWhatAptSays(t *testing.T) {
	name, err := dependency("linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n")
	if name != "linux-image-6.1.0-56-cloud-amd64" || err != nil {
		t.Errorf("got %q, %v", name, err)
	}
	if _, err := dependency("linux-image-cloud-amd64\n"); err == nil {
		t.Error("a package without dependencies has one")
	}
	file, err := packageFile("'http://mirror.example/debian/pool/l/linux-image-6.1_6.1-2_amd64.deb' linux-image-6.1_6.1-2_amd64.deb 267 SHA256:e7\n")
	if file != "linux-image-6.1_6.1-2_amd64.deb" || err != nil {
		t.Errorf("got %q, %v", file, err)
	}
	if _, err := packageFile(""); err == nil {
		t.Error("nothing to download was found")
	}
}
