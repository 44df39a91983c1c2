// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
)

func (a *app) roles() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:     "roles [flags]",
		Short:   "List the roles in which frameworks are offered resources",
		Long:    "Roles lists the roles that have a framework, a weight or a quota, and what they use and are offered.",
		Example: "  tepui roles",
		Args:    noArgs,
	}
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, _ []string) error {
		answer, err := m.get(ctx, operator.Call_GET_ROLES)
		if err != nil {
			return err
		}
		return f.print(answer.GetGetRoles(), func(w io.Writer) error {
			t := newTable(w, "ROLE", "WEIGHT", "FRAMEWORKS", "RESOURCES")
			for _, r := range answer.GetGetRoles().GetRoles() {
				t.row(r.GetName(), number(r.GetWeight()), strconv.Itoa(len(r.GetFrameworks())), resourcesText(r.GetResources()))
			}
			return t.flush()
		})
	})
}

func (a *app) weights() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "weights [ROLE=WEIGHT...] [flags]",
		Short: "Show or set the weights of roles",
		Long: "Weights shows the weights of roles or sets some: a role of weight 2 is due twice as much as one of weight 1,\n" +
			"which a role has otherwise. They are remembered.",
		Example: "  tepui weights\n  tepui weights web=2 batch=0.5",
		Args: func(_ *cobra.Command, args []string) error {
			_, err := parseWeights(args)
			return err
		},
	}
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, args []string) error {
		weights, err := parseWeights(args)
		if err != nil {
			return err
		}
		if len(weights) > 0 {
			if _, err := m.call(ctx, &operator.Call{
				Type:          operator.Call_UPDATE_WEIGHTS.Enum(),
				UpdateWeights: &operator.Call_UpdateWeights{WeightInfos: weights},
			}); err != nil {
				return err
			}
		}
		answer, err := m.get(ctx, operator.Call_GET_WEIGHTS)
		if err != nil {
			return err
		}
		return f.print(answer.GetGetWeights(), func(w io.Writer) error {
			t := newTable(w, "ROLE", "WEIGHT")
			for _, i := range answer.GetGetWeights().GetWeightInfos() {
				t.row(i.GetRole(), strconv.FormatFloat(i.GetWeight(), 'g', -1, 64))
			}
			return t.flush()
		})
	})
}

// parseWeights reads ROLE=WEIGHT.
func parseWeights(args []string) ([]*mesos.WeightInfo, error) {
	var weights []*mesos.WeightInfo
	for _, arg := range args {
		role, text, ok := strings.Cut(arg, "=")
		weight, err := strconv.ParseFloat(text, 64)
		switch {
		case !ok || role == "":
			return nil, usageError{fmt.Errorf("%q: must be ROLE=WEIGHT, such as web=2", arg)}
		case err != nil || !(weight > 0) || math.IsInf(weight, 1):
			return nil, usageError{fmt.Errorf("%q: the weight must be a number greater than 0", arg)}
		}
		weights = append(weights, &mesos.WeightInfo{Role: &role, Weight: &weight})
	}
	return weights, nil
}
