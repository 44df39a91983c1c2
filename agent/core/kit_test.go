// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import "syscall"

func waitStatus(s int) syscall.WaitStatus { return syscall.WaitStatus(s) }
