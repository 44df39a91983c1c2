// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// outDir is where test binaries write files that go back to the host.
const outDir = "/run/vm-out"

// writtenFiles and writtenDirs are the flags of a test binary that name what
// it writes (go help testflag).
var (
	writtenFiles = []string{"coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace", "testlogfile"}
	writtenDirs  = []string{"gocoverdir", "fuzzcachedir", "artifacts"}
)

// TestBinary makes the command that runs a test binary in the guest, as go
// test -exec asks for: args are the binary's, wd is the folder of the host in
// which they were meant. What the binary is told to write is written in the
// guest and brought back. binary and dir are the guest's names of the program
// and of its working directory.
func TestBinary(binary, dir, wd string, args []string) Command {
	c := Command{Args: []string{binary}, Dir: dir, Mkdir: []string{outDir}}
	base := wd
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "-test.outputdir="); ok {
			base = absolute(wd, v) // relative names of files are meant here
		}
	}
	for _, a := range args {
		if strings.HasPrefix(a, "-test.outputdir=") {
			continue // the others are absolute now
		}
		c.Args = append(c.Args, c.redirect(a, wd, base))
	}
	return c
}

// redirect returns the argument with a file of the guest for one of the host,
// and notes that it is to be brought back.
func (c *Command) redirect(arg, wd, base string) string {
	for _, name := range writtenFiles {
		if v, ok := strings.CutPrefix(arg, "-test."+name+"="); ok {
			return "-test." + name + "=" + c.bring(absolute(base, v))
		}
	}
	for _, name := range writtenDirs {
		if v, ok := strings.CutPrefix(arg, "-test."+name+"="); ok {
			return "-test." + name + "=" + c.BringDir(absolute(wd, v))
		}
	}
	return arg
}

// bring returns a file of the guest that will become the file of the host.
func (c *Command) bring(host string) string {
	guest := path.Join(outDir, strconv.Itoa(len(c.Fetch))+"-"+filepath.Base(host))
	c.Fetch = append(c.Fetch, Fetch{Guest: guest, Host: host})
	return guest
}

// BringDir returns a folder of the guest whose files will be brought into the
// folder of the host.
func (c *Command) BringDir(host string) string {
	guest := c.bring(host)
	c.Mkdir = append(c.Mkdir, guest)
	return guest
}

func absolute(base, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(base, name)
}
