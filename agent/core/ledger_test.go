// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tepui/tepui/resource"
)

func parse(s string) resource.Resources { return resource.MustParse(s) }

func TestLedger(t *testing.T) {
	l := NewLedger(parse("cpus:4;mem:1000;ports:[1-10]"))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
	}
	a := Holder{"f", "a"}
	must(l.Open("c", parse("cpus:0.5;mem:100")))
	must(l.Grant("c", a, parse("cpus:1;mem:200;ports:[3-4]")))
	if got, want := l.Free(), parse("cpus:2.5;mem:700;ports:[1-2,5-10]"); !got.Equal(want) {
		t.Errorf("free %v, want %v", got, want)
	}
	if got, want := l.Limits("c"), (Limits{CPUs: 1500, Memory: 300 << 20}); got != want {
		t.Errorf("limits %v, want %v", got, want)
	}
	if !l.Release("c", a) || l.Release("c", a) {
		t.Error("a grant must be released once")
	}
	must(nil)
	l.Close("c")
	l.Close("c")
	must(nil)
	if !l.Free().Equal(l.Total()) {
		t.Errorf("free %v after all was given back", l.Free())
	}
}

func TestLedgerRefusesWhatIsNotFree(t *testing.T) {
	l := NewLedger(parse("cpus:4;mem:1000;ports:[1-10]"))
	if err := l.Open("c", parse("cpus:1;ports:[1-5]")); err != nil {
		t.Fatal(err)
	}
	var notContained *resource.NotContainedError
	for _, ask := range []string{"cpus:3.001", "mem:1000.001", "ports:[5-6]", "disk:1", "cpus(role):1"} {
		if err := l.Grant("c", Holder{"f", "t"}, parse(ask)); !errors.As(err, &notContained) {
			t.Errorf("grant of %s: error %v", ask, err)
		}
		if err := l.Open("d", parse(ask)); !errors.As(err, &notContained) {
			t.Errorf("account with %s: error %v", ask, err)
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{
		"a second account for a container": l.Open("c", parse("cpus:1")),
		"a grant without an account":       l.Grant("d", Holder{"f", "t"}, parse("cpus:1")),
	} {
		if err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	if err := l.Grant("c", Holder{"f", "t"}, parse("cpus:1")); err != nil {
		t.Fatal(err)
	}
	if err := l.Grant("c", Holder{"f", "t"}, parse("cpus:1")); err == nil {
		t.Error("a second grant for a task is no error")
	}
}

func TestLedgerNeverLimitsToNothing(t *testing.T) {
	l := NewLedger(parse("cpus:4;mem:1000"))
	if err := l.Open("c", resource.Resources{}); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Limits("c"), (Limits{CPUs: 10, Memory: 32 << 20}); got != want {
		t.Errorf("limits %v of an executor without resources, want %v", got, want)
	}
	if err := l.Grant("c", Holder{"f", "t"}, parse("cpus:0.1;mem:8")); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Limits("c"), (Limits{CPUs: 100, Memory: 8 << 20}); got != want {
		t.Errorf("limits %v, want just what was granted: %v", got, want)
	}
}

func TestLedgerCheckFindsWhatIsWrong(t *testing.T) {
	for name, spoil := range map[string]func(*Ledger){
		"a sum that is off":      func(l *Ledger) { l.accounts["c"].sum = parse("cpus:2") },
		"free that is off":       func(l *Ledger) { l.free = parse("cpus:4") },
		"a total that is passed": func(l *Ledger) { l.total = parse("cpus:0.5") },
		"a task nobody counted":  func(l *Ledger) { l.accounts["c"].tasks[Holder{"f", "t"}] = parse("cpus:1") },
	} {
		l := NewLedger(parse("cpus:4"))
		if err := l.Open("c", parse("cpus:1")); err != nil {
			t.Fatal(err)
		}
		if spoil(l); l.Check() == nil {
			t.Errorf("%s is not noticed", name)
		}
	}
}

// TestLedgerAgainstAModel holds a ledger against one that adds up all grants
// each time.
func TestLedgerAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := parse("cpus:10;mem:1000;ports:[1-100]")
		l := NewLedger(total)
		type grant struct {
			c ContainerID
			h Holder
		}
		opened, granted := map[ContainerID]resource.Resources{}, map[grant]resource.Resources{}
		used := func() resource.Resources {
			var sum resource.Resources
			for _, r := range opened {
				sum = sum.Add(r)
			}
			for _, r := range granted {
				sum = sum.Add(r)
			}
			return sum
		}
		amount := rapid.Custom(func(t *rapid.T) resource.Resources {
			port := rapid.IntRange(1, 100).Draw(t, "port")
			return parse(fmt.Sprintf("cpus:%d;mem:%d;ports:[%d-%d]",
				rapid.IntRange(0, 4).Draw(t, "cpus"), rapid.IntRange(0, 400).Draw(t, "mem"), port, min(100, port+5)))
		})
		container := rapid.SampledFrom([]ContainerID{"a", "b", "c"})
		holder := rapid.SampledFrom([]Holder{{"f", "1"}, {"f", "2"}, {"g", "1"}})
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				c, r := container.Draw(t, "container"), amount.Draw(t, "resources")
				_, there := opened[c]
				fits := total.Contains(r) && free(total, used()).Contains(r)
				if err := l.Open(c, r); (err == nil) != (!there && fits) {
					t.Fatalf("open: %v; there %v, fits %v", err, there, fits)
				} else if err == nil {
					opened[c] = r
				}
			},
			"grant": func(t *rapid.T) {
				g, r := grant{container.Draw(t, "container"), holder.Draw(t, "holder")}, amount.Draw(t, "resources")
				_, there := opened[g.c]
				_, twice := granted[g]
				fits := free(total, used()).Contains(r)
				if err := l.Grant(g.c, g.h, r); (err == nil) != (there && !twice && fits) {
					t.Fatalf("grant: %v; there %v, twice %v, fits %v", err, there, twice, fits)
				} else if err == nil {
					granted[g] = r
				}
			},
			"release": func(t *rapid.T) {
				g := grant{container.Draw(t, "container"), holder.Draw(t, "holder")}
				if _, there := granted[g]; l.Release(g.c, g.h) != there {
					t.Fatal("release tells the contrary of what was granted")
				}
				delete(granted, g)
			},
			"close": func(t *rapid.T) {
				c := container.Draw(t, "container")
				l.Close(c)
				delete(opened, c)
				for g := range granted {
					if g.c == c {
						delete(granted, g)
					}
				}
			},
			"": func(t *rapid.T) {
				if err := l.Check(); err != nil {
					t.Fatal(err)
				}
				if want := free(total, used()); !l.Free().Equal(want) {
					t.Fatalf("free %v, want %v", l.Free(), want)
				}
			},
		})
	})
}

func free(total, used resource.Resources) resource.Resources {
	left, err := total.Subtract(used)
	if err != nil {
		panic(err) // the model itself is over-committed
	}
	return left
}
