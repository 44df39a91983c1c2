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
	"google.golang.org/protobuf/encoding/protojson"
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

// domainValue is a flag such as europe/berlin-1, or the JSON that Mesos has.
type domainValue struct{ *mesos.DomainInfo }

func (v *domainValue) String() string {
	d := v.GetFaultDomain()
	if d == nil {
		return ""
	}
	return d.GetRegion().GetName() + "/" + d.GetZone().GetName()
}

func (v *domainValue) Set(text string) error {
	v.DomainInfo = nil
	if text == "" {
		return nil
	}
	region, zone, ok := strings.Cut(text, "/")
	if strings.HasPrefix(text, "{") {
		d := new(mesos.DomainInfo)
		if err := protojson.Unmarshal([]byte(text), d); err != nil {
			return fmt.Errorf("must be REGION/ZONE, or the JSON of a DomainInfo: %w", err)
		}
		region, zone, ok = d.GetFaultDomain().GetRegion().GetName(), d.GetFaultDomain().GetZone().GetName(), true
	}
	if !ok || region == "" || zone == "" {
		return errors.New("must be REGION/ZONE, such as europe/berlin-1")
	}
	v.DomainInfo = &mesos.DomainInfo{FaultDomain: &mesos.DomainInfo_FaultDomain{
		Region: &mesos.DomainInfo_FaultDomain_RegionInfo{Name: &region},
		Zone:   &mesos.DomainInfo_FaultDomain_ZoneInfo{Name: &zone},
	}}
	return nil
}

func (*domainValue) Type() string { return "domain" }
