// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration returns d as a time.Duration; 0 if d is unset.
func Duration(d *DurationInfo) time.Duration {
	return time.Duration(d.GetNanoseconds())
}

// NewDuration returns d as a message.
func NewDuration(d time.Duration) *DurationInfo {
	ns := d.Nanoseconds()
	return &DurationInfo{Nanoseconds: &ns}
}

// durationUnit is a unit of the text form of durations.
type durationUnit struct {
	name string
	size time.Duration
}

// durationUnits returns the units, the largest first.
func durationUnits() [8]durationUnit {
	const day = 24 * time.Hour
	return [...]durationUnit{
		{"weeks", 7 * day},
		{"days", day},
		{"hrs", time.Hour},
		{"mins", time.Minute},
		{"secs", time.Second},
		{"ms", time.Millisecond},
		{"us", time.Microsecond},
		{"ns", time.Nanosecond},
	}
}

// FormatDuration returns d as Mesos writes durations in flags and in the
// environment of executors: a whole number of the largest unit that divides
// it, such as "15mins" or "90secs". ParseDuration reads it back exactly.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0ns"
	}
	units := durationUnits()
	i := 0
	for d%units[i].size != 0 { // ends: nanoseconds divide everything
		i++
	}
	return strconv.FormatInt(int64(d/units[i].size), 10) + units[i].name
}

// ParseDuration reads a decimal number, possibly with a sign and a fraction,
// and one of the units ns, us, ms, secs, mins, hrs, days and weeks: "15mins",
// "1.5hrs". The result is rounded to nanoseconds.
func ParseDuration(text string) (time.Duration, error) {
	const fits = "must be a number that fits into 64 bits of nanoseconds (292 years)"
	number, unit := splitUnit(text)
	for _, u := range durationUnits() {
		if u.name != unit {
			continue
		}
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			if d := time.Duration(n) * u.size; int64(d/u.size) == n {
				return d, nil
			}
			return 0, durationError(text, fits)
		}
		v, err := strconv.ParseFloat(number, 64)
		ns := math.Round(v * float64(u.size))
		if err != nil || math.Abs(ns) >= math.MaxInt64 {
			return 0, durationError(text, fits)
		}
		return time.Duration(ns), nil
	}
	return 0, durationError(text, "must be a number and one of ns, us, ms, secs, mins, hrs, days, weeks")
}

// splitUnit cuts the text where the number ends.
func splitUnit(text string) (number, unit string) {
	unit = strings.TrimLeft(text, "+-.0123456789")
	return text[:len(text)-len(unit)], strings.TrimLeft(unit, " ")
}

func durationError(text, rule string) error {
	return &FieldError{"duration", quote(text), rule}
}
