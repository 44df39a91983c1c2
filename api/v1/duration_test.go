// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	mesos "github.com/tepui/tepui/api/v1"
)

func TestDuration(t *testing.T) {
	if d := mesos.Duration(nil); d != 0 {
		t.Errorf("unset is %v", d)
	}
	if d := mesos.Duration(&mesos.DurationInfo{}); d != 0 {
		t.Errorf("empty is %v", d)
	}
	if d := mesos.Duration(mesos.NewDuration(90 * time.Second)); d != 90*time.Second {
		t.Errorf("90s became %v", d)
	}
}

func TestFormatDuration(t *testing.T) {
	for _, tc := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0ns"},
		{1, "1ns"},
		{1500 * time.Microsecond, "1500us"},
		{250 * time.Millisecond, "250ms"},
		{2 * time.Second, "2secs"},
		{90 * time.Second, "90secs"},
		{15 * time.Minute, "15mins"},
		{36 * time.Hour, "36hrs"},
		{48 * time.Hour, "2days"},
		{14 * 24 * time.Hour, "2weeks"},
		{-5 * time.Second, "-5secs"},
		{math.MaxInt64, "9223372036854775807ns"},
		{math.MinInt64, "-9223372036854775808ns"},
	} {
		if got := mesos.FormatDuration(tc.d); got != tc.want {
			t.Errorf("%v is %q, want %q", tc.d, got, tc.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, tc := range []struct {
		text string
		want time.Duration
	}{
		{"15mins", 15 * time.Minute},
		{"5secs", 5 * time.Second},
		{"1.5hrs", 90 * time.Minute},
		{".5secs", 500 * time.Millisecond},
		{"0.1ns", 0},
		{"-1days", -24 * time.Hour},
		{"+1weeks", 7 * 24 * time.Hour},
		{"10 secs", 10 * time.Second},
		{"9223372036854775807ns", math.MaxInt64},
	} {
		if got, err := mesos.ParseDuration(tc.text); err != nil || got != tc.want {
			t.Errorf("%q is %v, %v, want %v", tc.text, got, err, tc.want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	const (
		units = "must be a number and one of ns, us, ms, secs, mins, hrs, days, weeks"
		fits  = "must be a number that fits into 64 bits of nanoseconds (292 years)"
	)
	for _, tc := range []struct{ text, want string }{
		{"", `duration: "": ` + units},
		{"5", `duration: "5": ` + units},
		{"5s", `duration: "5s": ` + units},
		{"5Secs", `duration: "5Secs": ` + units},
		{" 5secs", `duration: " 5secs": ` + units},
		{"1e3secs", `duration: "1e3secs": ` + units},
		{"infsecs", `duration: "infsecs": ` + units},
		{"secs", `duration: "secs": ` + fits},
		{"1.2.3secs", `duration: "1.2.3secs": ` + fits},
		{"--1secs", `duration: "--1secs": ` + fits},
		{"1000000weeks", `duration: "1000000weeks": ` + fits},
		{"99999999999999999999ns", `duration: "99999999999999999999ns": ` + fits},
		{strings.Repeat("9", 400) + "ns", `duration: "` + strings.Repeat("9", 64) + `"… (402 bytes): ` + fits},
	} {
		if got, err := mesos.ParseDuration(tc.text); err == nil || err.Error() != tc.want || got != 0 {
			t.Errorf("%q is %v, %v, want error %s", tc.text, got, err, tc.want)
		}
	}
}

func TestDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		back, err := mesos.ParseDuration(mesos.FormatDuration(d))
		if err != nil || back != d {
			t.Fatalf("%d is %q, read back as %d, %v", d, mesos.FormatDuration(d), back, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"15mins", "1.5hrs", "-5secs", "9223372036854775807ns"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := mesos.ParseDuration(text)
		if err != nil {
			return
		}
		if back, err := mesos.ParseDuration(mesos.FormatDuration(d)); err != nil || back != d {
			t.Fatalf("%q is %v, read back as %v, %v", text, d, back, err)
		}
	})
}
