// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Milli is a quantity in thousandths of its unit: cpus in thousandths of a
// core, mem and disk in thousandths of a megabyte (1 MB = 1<<20 bytes), gpus
// in thousandths of a device.
type Milli int64

// MaxMilli is the largest quantity that a Resource message or a text may
// state: 10^12 units. Up to it every thousandth survives the way through a
// float64 and back, and no sum of fewer than 9,000 such quantities overflows.
const MaxMilli Milli = 1e15

// MilliFromFloat rounds v to the nearest thousandth. It refuses what is not a
// quantity: negative numbers, NaN, infinities, and more than MaxMilli.
func MilliFromFloat(v float64) (Milli, error) {
	switch {
	case math.IsNaN(v):
		return 0, fmt.Errorf("resource: quantity %v: must be a number", v)
	case v < 0:
		return 0, fmt.Errorf("resource: quantity %v: must not be negative", v)
	case v*1000 > float64(MaxMilli):
		return 0, fmt.Errorf("resource: quantity %v: must not exceed %v", v, MaxMilli)
	}
	return Milli(math.Round(v * 1000)), nil
}

// Float returns the quantity in whole units, as the wire carries it.
func (m Milli) Float() float64 {
	return float64(m) / 1000
}

// String returns the quantity in whole units with as many decimals as it
// needs: "4", "0.5", "0.001".
func (m Milli) String() string {
	sign, abs := "", uint64(m)
	if m < 0 {
		sign, abs = "-", -abs
	}
	s := sign + strconv.FormatUint(abs/1000, 10)
	if frac := abs % 1000; frac != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%03d", frac), "0")
	}
	return s
}

// plus adds two quantities that are not negative; a sum that would overflow
// stays at the largest int64.
func (m Milli) plus(o Milli) Milli {
	if s := m + o; s >= m {
		return s
	}
	return math.MaxInt64
}
