// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package purity

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/tepui/tepui/"
	wire   = module + "api/"
)

// Core returns what a decision core must not use: whatever waits, looks at the
// world, or differs between two runs with the same inputs.
func Core() map[string]string {
	return map[string]string{
		"bufio":            "a core does no I/O",
		"context":          "a core never waits, so that there is nothing to cancel",
		"crypto/rand":      "randomness is given to a core, so that a run can be repeated",
		"io":               "a core does no I/O",
		"log":              "a core never logs: it returns notes",
		"math/rand":        "randomness is given to a core, so that a run can be repeated",
		"net":              "a core does no I/O",
		"os":               "a core does no I/O, and reads no environment",
		"reflect":          "a core is about values whose types it knows",
		"runtime":          "a core starts no goroutine, and behaves the same everywhere",
		"sync":             "one goroutine owns a core: it needs no lock",
		"syscall":          "a core does no I/O",
		"testing":          "tests are for test files",
		"unsafe":           "a core is about values whose types it knows",
		"golang.org/x/sys": "a core does no I/O",

		"google.golang.org/grpc": "a core knows messages, not how they travel",

		"time.After":     "a core never waits: the shell sends a tick when one is due",
		"time.AfterFunc": "a core never waits: the shell sends a tick when one is due",
		"time.NewTicker": "a core never waits: the shell sends a tick when one is due",
		"time.NewTimer":  "a core never waits: the shell sends a tick when one is due",
		"time.Now":       "time is given to a core, so that a run can be repeated",
		"time.Since":     "time is given to a core, so that a run can be repeated",
		"time.Sleep":     "a core never waits",
		"time.Tick":      "a core never waits: the shell sends a tick when one is due",
		"time.Until":     "time is given to a core, so that a run can be repeated",
	}
}

// Check fails the test for each use of something forbidden in a package, given
// by its import path, or in one of ours that it imports. A key of forbidden is
// an import path, which stands for itself and what is below it, or a name in a
// package, as in "time.Now"; the value says why.
func Check(t testing.TB, pkg string, forbidden map[string]string) {
	t.Helper()
	problems, err := find(pkg, forbidden)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// listed is a package as go list tells it.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

// find returns the uses of what is forbidden, in order.
func find(pkg string, forbidden map[string]string) ([]string, error) {
	all, err := list(pkg)
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(reached(pkg, all))) {
		p := all[name]
		for _, imported := range p.Imports {
			if rule := ruleFor(imported, forbidden); rule != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", name, imported, forbidden[rule]))
			}
		}
		uses, err := p.uses(forbidden)
		if err != nil {
			return nil, err
		}
		problems = append(problems, uses...)
	}
	return problems, nil
}

// list returns the package and all that it needs, by import path.
func list(pkg string) (map[string]*listed, error) {
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports", pkg).Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("purity: go list %s: %w", pkg, err)
	}
	all := make(map[string]*listed)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(listed)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("purity: output of go list %s: %w", pkg, err)
		}
		all[p.ImportPath] = p
	}
}

// reached returns the package and those of ours, but not of the wire, that it
// reaches through others of these.
func reached(pkg string, all map[string]*listed) map[string]bool {
	seen := map[string]bool{pkg: true}
	for todo := []string{pkg}; len(todo) > 0; todo = todo[1:] {
		for _, imported := range all[todo[0]].Imports {
			ours := strings.HasPrefix(imported, module) && !strings.HasPrefix(imported, wire)
			if ours && !seen[imported] {
				seen[imported] = true
				todo = append(todo, imported)
			}
		}
	}
	return seen
}

// ruleFor returns the key of forbidden that an import path falls under.
func ruleFor(imported string, forbidden map[string]string) string {
	for p := imported; p != "." && p != "/"; p = path.Dir(p) {
		if _, ok := forbidden[p]; ok {
			return p
		}
	}
	return ""
}

// uses returns where the package's files use a forbidden name.
func (p *listed) uses(forbidden map[string]string) ([]string, error) {
	var problems []string
	files := token.NewFileSet()
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("purity: %w", err)
		}
		imports := importsOf(file)
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok {
				if why, ok := forbidden[imports[id.Name]+"."+sel.Sel.Name]; ok {
					problems = append(problems, fmt.Sprintf("%s/%s:%d uses %s.%s: %s",
						p.ImportPath, name, files.Position(sel.Pos()).Line, imports[id.Name], sel.Sel.Name, why))
				}
			}
			return true
		})
	}
	return problems, nil
}

// importsOf returns the import paths of a file by the names that they have in
// it.
func importsOf(file *ast.File) map[string]string {
	imports := make(map[string]string)
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // not reached: the file was parsed
		}
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = imported
	}
	return imports
}
