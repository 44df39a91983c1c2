// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package below breaks a rule one step further away.
package below

import "os"

// Home reads the environment.
func Home() string { return os.Getenv("HOME") }
