// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/resource"
	"pgregory.net/rapid"
)

const (
	volume    = `disk{"disk":{"source":{"type":"MOUNT","mount":{"root":"/m"}}}}:70`
	revocable = `cpus{"revocable":{}}:5`
)

func TestAmountsTellForWhomTheyAre(t *testing.T) {
	var got []resource.Amount
	for a := range resource.MustParse("cpus:1;cpus(ops):2;ports:[1-2];" + revocable).Amounts() {
		got = append(got, a)
	}
	want := []resource.Amount{
		{Name: "cpus", Value: 1000},
		{Name: "cpus", Value: 2000, Role: "ops"},
		{Name: "cpus", Value: 5000, Revocable: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("amounts (-want +got):\n%s", d)
	}
}

func TestCutTakesOnlyWhatIsLoose(t *testing.T) {
	for name, c := range map[string]struct{ have, want string }{
		"enough":                {"cpus:1;mem:50", "cpus:1;mem:50"},
		"a part":                {"cpus:7;mem:50", "cpus:2;mem:50"},
		"none is left of gpus":  {"gpus:3;mem:50", "mem:50"},
		"the reserved stays":    {"cpus:7;cpus(ops):9", "cpus:2;cpus(ops):9"},
		"the revocable stays":   {"cpus:7;" + revocable, "cpus:2;" + revocable},
		"what is whole is left": {"disk:80;" + volume, "disk:60"},
		"a whole that fits":     {volume + ";cpus:1", "cpus:1"},
		"ports are not scalars": {"cpus:7;ports:[1-9]", "cpus:2;ports:[1-9]"},
	} {
		t.Run(name, func(t *testing.T) {
			most := map[string]resource.Milli{"cpus": 2000, "mem": 50_000, "gpus": 0, "disk": 60_000}
			got := resource.MustParse(c.have).Cut(func(name string, _ resource.Milli) resource.Milli { return most[name] })
			if !got.Equal(resource.MustParse(c.want)) {
				t.Errorf("%s is cut to %s, want %s", c.have, got, c.want)
			}
		})
	}
}

func TestWhatIsCutIsAPartAndNotOverTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := amounts().Draw(t, "resources")
		most := resource.Milli(rapid.Int64Range(0, 20_000).Draw(t, "most"))
		cut := r.Cut(func(string, resource.Milli) resource.Milli { return most })
		if !r.Contains(cut) {
			t.Fatalf("%s is not a part of %s", cut, r)
		}
		sums := make(map[string]resource.Milli)
		for a := range cut.Amounts() {
			if a.Role == "" && !a.Revocable {
				sums[a.Name] += a.Value
			}
		}
		for name, sum := range sums {
			if sum > most {
				t.Fatalf("%s has %v of %s, want %v at most", cut, sum, name, most)
			}
		}
	})
}

func TestFirmUnsharedAndPlain(t *testing.T) {
	r := resource.MustParse("cpus:1;" + revocable)
	if r.IsPlain() || !r.Firm().IsPlain() || !r.Unshared().Equal(r) {
		t.Errorf("of %s firm is %s and unshared %s", r, r.Firm(), r.Unshared())
	}
	shared := resource.MustParse(`disk{"reservations":[{"type":"STATIC","role":"ops"}],"disk":{"persistence":{"id":"p"},"volume":{"mode":"RW","container_path":"p"}},"shared":{}}:5;mem:1`)
	if got := shared.Unshared(); !got.Equal(resource.MustParse("mem:1")) {
		t.Errorf("unshared is %s, want mem:1", got)
	}
}
