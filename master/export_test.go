// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import operator "github.com/tepui/tepui/api/v1/master"

// Fitting is what an operator is sent in place of an answer.
func Fitting(answer *operator.Response) (*operator.Response, error) { return fitting(answer) }
