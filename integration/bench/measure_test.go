// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestMeasureTakesTurnsAndDropsTheFirstRound(t *testing.T) {
	var order strings.Builder
	n := 0
	step := func(name string) candidate {
		return candidate{name, func() (time.Duration, error) {
			order.WriteString(name)
			n++
			return time.Duration(n) * time.Millisecond, nil
		}}
	}
	got, err := measure(2, []candidate{step("a"), step("b")})
	if err != nil {
		t.Fatal(err)
	}
	if order.String() != "ababab" {
		t.Errorf("order %q, want ababab", &order)
	}
	if a := got[0]; len(a.took) != 2 || a.took[0] != 3*time.Millisecond || a.quantile(1) != 5*time.Millisecond {
		t.Errorf("a took %v, want 3 ms and 5 ms", a.took)
	}
}

func TestMeasureNamesWhatFailed(t *testing.T) {
	cause := errors.New("no such program")
	_, err := measure(1, []candidate{{"crun", func() (time.Duration, error) { return 0, cause }}})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "crun") {
		t.Errorf("got %v, want the candidate and the cause", err)
	}
}

func TestTableShowsRatioToTheFirst(t *testing.T) {
	var b strings.Builder
	err := table(&b, []sample{
		{"floor", []time.Duration{2 * time.Millisecond}},
		{"ours", []time.Duration{3 * time.Millisecond}},
	})
	if err != nil || !strings.Contains(b.String(), "1.50") || !strings.Contains(b.String(), "3.00 ms") {
		t.Errorf("got %v\n%s", err, &b)
	}
}
