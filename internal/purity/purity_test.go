// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package purity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tainted = module + "internal/purity/internal/tainted"

func TestFindsWhatIsForbiddenDirectlyAndBelow(t *testing.T) {
	got, err := find(tainted, map[string]string{"time.Now": "no clock", "os": "no world", "net": "no network"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		tainted + "/tainted.go:14 uses time.Now: no clock",
		tainted + "/below imports os: no world",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}

func TestAnImportRuleStandsForWhatIsBelowIt(t *testing.T) {
	for imported, want := range map[string]string{
		"net":         "net",
		"net/http":    "net",
		"netip":       "",
		"crypto/rand": "crypto/rand",
		"crypto/aes":  "",
	} {
		if got := ruleFor(imported, map[string]string{"net": "", "crypto/rand": ""}); got != want {
			t.Errorf("rule for %s is %q, want %q", imported, got, want)
		}
	}
}

func TestTheWireIsNotLookedInto(t *testing.T) {
	got, err := find(module+"resource", map[string]string{"google.golang.org/protobuf/runtime": "generated code only"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 {
		t.Errorf("found %q below resource, which imports the wire", got)
	}
}

func TestAPackageThatIsNotThereIsAnError(t *testing.T) {
	if _, err := find(module+"no/such", nil); err == nil || !strings.Contains(err.Error(), "no/such") {
		t.Errorf("error is %v, want one that names the package", err)
	}
}
