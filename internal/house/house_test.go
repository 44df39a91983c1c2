// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/tepui/tepui/"

// room is a folder of the house, with what the code in it may import of ours.
// A path stands for itself and everything below it. The first room whose
// folder matches a package is that package's room.
type room struct {
	folder string
	may    []string
	why    string
}

var rooms = []room{
	{"api", []string{"api"}, "the wire imports nothing of ours"},
	{"resource", []string{"api"}, "the algebra knows the wire, nothing else"},
	{"isolator", []string{"resource"}, "a library that stands alone: OCI specs, paths, resource quantities"},
	{"fetcher", []string{"resource"}, "a library that stands alone: URIs and paths"},
	{"sdk/schedulertest", []string{"api", "resource", "sdk", "master/core", "agent/core"}, "the test kit may use the cores"},
	{"sdk", []string{"api", "resource", "sdk/internal"}, "framework authors get the wire and nothing of master or agent"},
	{"executor", []string{"api", "resource"}, "executors speak the wire and nothing of agent"},
	{"master/core", []string{"api", "resource"}, "the core decides and knows no allocator but by its own interface"},
	{"master/registry", []string{"api", "master/core"}, "a registry keeps what the core remembers and knows no shell"},
	{"master/allocator", []string{"api", "resource", "master/core"}, "an allocator implements the core's interface"},
	{"master", []string{"api", "resource", "master", "internal"}, "master and agent share only api and resource"},
	{"agent/core", []string{"api", "resource", "executor/command"}, "the core decides; containers are actions to it"},
	{"agent", []string{"api", "resource", "agent", "executor", "isolator", "fetcher", "internal"}, "master and agent share only api and resource"},
	{"examples", []string{"api", "resource", "sdk", "examples"}, "an example is a framework: it uses what its authors get"},
	{"internal", []string{"api", "resource", "internal"}, "shared pieces know no room above them"},
	{"cmd", []string{""}, "wiring may see everything"},
	{"integration", []string{""}, "the whole may see everything"},
}

// allowed tells whether a package of this folder may import that one. Both are
// relative to the module.
func (r room) allowed(imported string) bool {
	for _, m := range append(r.may, r.folder) {
		if below(imported, m) {
			return true
		}
	}
	return false
}

func below(pkg, folder string) bool {
	return folder == "" || pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

func roomOf(pkg string) (room, bool) {
	for _, r := range rooms {
		if below(pkg, r.folder) {
			return r, true
		}
	}
	return room{}, false
}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	cmd.Dir = "../.."
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportsPointDownTheHouse(t *testing.T) {
	all := packages(t)
	if len(all) == 0 {
		t.Fatal("go list names no package of " + module)
	}
	for _, p := range all {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		r, ok := roomOf(pkg)
		if !ok {
			t.Errorf("%s is in no room: give its folder a line in the table of rooms", pkg)
			continue
		}
		for _, imp := range p.Imports {
			ours, isOurs := strings.CutPrefix(imp, module)
			if isOurs && !r.allowed(ours) {
				t.Errorf("%s imports %s: %s", pkg, ours, r.why)
			}
		}
	}
}

func TestRoomsRefuse(t *testing.T) {
	for _, c := range []struct{ pkg, imports string }{
		{"api/v1", "resource"},
		{"isolator", "fetcher"},
		{"fetcher", "isolator"},
		{"master", "agent"},
		{"agent", "master"},
		{"master/core", "master/allocator"},
		{"sdk/scheduler", "master/core"},
		{"executor/command", "agent/core"},
		{"resource", "master"},
	} {
		r, ok := roomOf(c.pkg)
		if !ok || r.allowed(c.imports) {
			t.Errorf("%s may import %s", c.pkg, c.imports)
		}
	}
}
