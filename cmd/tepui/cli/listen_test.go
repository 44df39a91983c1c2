// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net"
	"testing"
)

func TestAgentListensTowardsItsMaster(t *testing.T) {
	f := listenFlags{ip: "127.0.0.1"}
	if err := f.towards(t.Context(), "127.0.0.1:5050", false); err != nil || f.ip != "127.0.0.1" {
		t.Errorf("for a master on this host: %s, %v", f.ip, err)
	}
	if err := f.towards(t.Context(), "192.0.2.1:5050", true); err != nil || f.ip != "127.0.0.1" {
		t.Errorf("as it was told: %s, %v", f.ip, err)
	}
	route, err := net.Dial("udp", "192.0.2.1:5050") // sends nothing
	if err != nil {
		t.Skipf("no route to others: %v", err)
	}
	want, _, _ := net.SplitHostPort(route.LocalAddr().String())
	if err := route.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.towards(t.Context(), "192.0.2.1:5050", false); err != nil || f.ip != want {
		t.Errorf("for a master elsewhere: %s, %v, want %s", f.ip, err, want)
	}
}
