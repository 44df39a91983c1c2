// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/tepui/tepui/resource"
)

func TestMilliFromFloat(t *testing.T) {
	for _, tc := range []struct {
		in   float64
		want resource.Milli
	}{
		{0, 0},
		{math.Copysign(0, -1), 0},
		{0.0004, 0},
		{0.0005, 1},
		{0.1 + 0.2, 300},
		{1.0005, 1001},
		{4, 4000},
		{1e12, resource.MaxMilli},
	} {
		got, err := resource.MilliFromFloat(tc.in)
		if err != nil || got != tc.want {
			t.Errorf("MilliFromFloat(%v) = %v, %v, want %d", tc.in, int64(got), err, tc.want)
		}
	}
}

func TestMilliFromFloatRefuses(t *testing.T) {
	for _, tc := range []struct {
		in   float64
		want string
	}{
		{-0.001, "resource: quantity -0.001: must not be negative"},
		{math.Inf(-1), "resource: quantity -Inf: must not be negative"},
		{math.NaN(), "resource: quantity NaN: must be a number"},
		{math.Inf(1), "resource: quantity +Inf: must not exceed 1000000000000"},
		{math.MaxFloat64, "resource: quantity 1.7976931348623157e+308: must not exceed 1000000000000"},
		{1e12 + 1, "resource: quantity 1.000000000001e+12: must not exceed 1000000000000"},
	} {
		if got, err := resource.MilliFromFloat(tc.in); err == nil || err.Error() != tc.want {
			t.Errorf("MilliFromFloat(%v) = %v, %v, want error %q", tc.in, got, err, tc.want)
		}
	}
}

func TestMilliString(t *testing.T) {
	for _, tc := range []struct {
		in   resource.Milli
		want string
	}{
		{0, "0"},
		{1, "0.001"},
		{500, "0.5"},
		{1050, "1.05"},
		{4000, "4"},
		{-1500, "-1.5"},
		{math.MaxInt64, "9223372036854775.807"},
		{math.MinInt64, "-9223372036854775.808"},
	} {
		if got := tc.in.String(); got != tc.want {
			t.Errorf("Milli(%d) = %q, want %q", int64(tc.in), got, tc.want)
		}
	}
}

// Every quantity that the wire can state survives it to the thousandth.
func TestMilliFloatRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := resource.Milli(rapid.Int64Range(0, int64(resource.MaxMilli)).Draw(t, "m"))
		back, err := resource.MilliFromFloat(m.Float())
		if err != nil || back != m {
			t.Fatalf("%d became %d, %v", int64(m), int64(back), err)
		}
	})
}
