// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos

import "net/netip"

// ParseIP returns an IP address in the one way of writing it that all others are
// compared in. The error is a *FieldError that names the field.
func ParseIP(field, ip string) (string, error) {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Zone() != "" {
		return "", &FieldError{field, quote(ip), "must be an IP address without a zone"}
	}
	return addr.Unmap().String(), nil
}
