// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
)

// rateValue is a flag such as 1/10mins; empty is no limit.
type rateValue struct{ core.Rate }

func (v *rateValue) String() string {
	if v == nil || v.N == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%s", v.N, mesos.FormatDuration(v.Per))
}

func (v *rateValue) Set(text string) error {
	if text == "" {
		v.Rate = core.Rate{}
		return nil
	}
	count, per, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	var rate core.Rate
	if !ok || err != nil || n < 1 || (durationValue{d: &rate.Per, positive: true}).Set(strings.TrimSpace(per)) != nil {
		return errors.New("must be a number and a time, such as 1/10mins or 20/1hrs")
	}
	rate.N = n
	v.Rate = rate
	return nil
}

func (*rateValue) Type() string { return "rate" }

// weightsValue is a flag such as web=2,batch=0.5.
type weightsValue map[string]float64

func (v *weightsValue) String() string {
	if v == nil {
		return ""
	}
	var parts []string
	for _, role := range slices.Sorted(maps.Keys(*v)) {
		parts = append(parts, role+"="+strconv.FormatFloat((*v)[role], 'g', -1, 64))
	}
	return strings.Join(parts, ",")
}

func (v *weightsValue) Set(text string) error {
	*v = make(weightsValue)
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		weights, err := parseWeights([]string{strings.TrimSpace(part)})
		if err != nil {
			return err
		}
		(*v)[weights[0].GetRole()] = weights[0].GetWeight()
	}
	return nil
}

func (*weightsValue) Type() string { return "weights" }
