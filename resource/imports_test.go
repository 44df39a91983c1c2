// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The cores import this package, so what holds for them holds for it.
func TestIsPure(t *testing.T) {
	forbidden := map[string]string{
		"net":       "a value is not sent by the package that computes it",
		"os":        "what a host has is found out by the agent",
		"sync":      "values do not change, so there is nothing to guard",
		"context":   "nothing here waits",
		"time":      "an amount has no time",
		"log":       "errors are returned",
		"log/slog":  "errors are returned",
		"math/rand": "equal inputs must give equal results",
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbidden[path]; why != "" {
				t.Errorf("%s imports %s: %s", name, path, why)
			}
			if strings.HasPrefix(path, "github.com/tepui/tepui/") && path != "github.com/tepui/tepui/api/v1" {
				t.Errorf("%s imports %s: of our own only api/v1", name, path)
			}
		}
	}
}
