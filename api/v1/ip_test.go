// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos_test

import (
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
)

func TestParseIP(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1":         "10.0.0.1",
		"::ffff:10.0.0.1":  "10.0.0.1",
		"2001:DB8::0:1":    "2001:db8::1",
		"":                 "",
		"10.0.0":           "",
		"fe80::1%eth0":     "",
		"host.example.com": "",
	} {
		got, err := mesos.ParseIP("machine.ip", in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
		if err != nil && (!strings.Contains(err.Error(), "machine.ip") || !strings.Contains(err.Error(), in)) {
			t.Errorf("error %q does not name the field and the value", err)
		}
	}
}
