// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/resource"
)

func (a *app) quota() *cobra.Command {
	return a.group("quota", "Show and set what roles are promised and limited to",
		"Quota is what a role is promised, and kept free for it, and what it may have at most. It is of a\n"+
			"top-level role and everything below it, and it is remembered.",
		a.getQuota(), a.setQuota(), a.removeQuota())
}

func (a *app) getQuota() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:     "get [ROLE] [flags]",
		Short:   "Show the quota of one role, or of all that have one",
		Example: "  tepui quota get\n  tepui quota get web",
		Args: func(cmd *cobra.Command, args []string) error {
			return someArgs("ROLE")(cmd, append(args, "any")[:max(1, len(args))])
		},
	}
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, args []string) error {
		answer, err := m.get(ctx, operator.Call_GET_QUOTA)
		if err != nil {
			return err
		}
		list := answer.GetGetQuota().GetStatus()
		if len(args) > 0 {
			list = onlyRole(list, args[0])
		}
		return f.print(list, func(w io.Writer) error {
			t := newTable(w, "ROLE", "PROMISED", "LIMIT")
			for _, c := range list.GetConfigs() {
				t.row(c.GetRole(), scalarsText(c.GetGuarantees()), scalarsText(c.GetLimits()))
			}
			return t.flush()
		})
	})
}

func onlyRole(list *quota.QuotaStatus, role string) *quota.QuotaStatus {
	only := new(quota.QuotaStatus)
	for _, c := range list.GetConfigs() {
		if c.GetRole() == role {
			only.Configs = append(only.Configs, c)
		}
	}
	return only
}

func (a *app) setQuota() *cobra.Command {
	var f operatorFlags
	var promised, limit string
	var force bool
	cmd := &cobra.Command{
		Use:   "set ROLE [flags]",
		Short: "Set the quota of a role, in place of what it was",
		Long: "Set gives a role a quota, in place of the whole quota that it has: what is not named is neither promised\n" +
			"nor limited.",
		Example: "  tepui quota set web --guarantee 'cpus:16;mem:65536' --limit 'cpus:64'",
		Args:    someArgs("ROLE"),
	}
	cmd.Flags().StringVar(&promised, "guarantee", "", "what the role is promised, as in cpus:4;mem:8192")
	cmd.Flags().StringVar(&limit, "limit", "", "what the role may have at most, as in cpus:4;mem:8192")
	cmd.Flags().BoolVar(&force, "force", false, "also where the cluster has not as much as is promised")
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		config := &quota.QuotaConfig{Role: &args[0]}
		var err error
		if config.Guarantees, err = amounts("guarantee", promised); err != nil {
			return err
		}
		if config.Limits, err = amounts("limit", limit); err != nil {
			return err
		}
		if len(config.Guarantees)+len(config.Limits) == 0 {
			return usageError{errors.New("--guarantee or --limit must be given: 'tepui quota remove' removes a quota")}
		}
		if err := m.updateQuota(ctx, config, force); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "role %s has a quota\n", plain(args[0]))
		return nil
	})
}

func (a *app) removeQuota() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:     "remove ROLE [flags]",
		Short:   "Remove the quota of a role",
		Example: "  tepui quota remove web",
		Args:    someArgs("ROLE"),
	}
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		if err := m.updateQuota(ctx, &quota.QuotaConfig{Role: &args[0]}, false); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "role %s has no quota\n", plain(args[0]))
		return nil
	})
}

func (m *operators) updateQuota(ctx context.Context, config *quota.QuotaConfig, force bool) error {
	_, err := m.call(ctx, &operator.Call{
		Type:        operator.Call_UPDATE_QUOTA.Enum(),
		UpdateQuota: &operator.Call_UpdateQuota{Force: &force, QuotaConfigs: []*quota.QuotaConfig{config}},
	})
	return err
}

// amounts reads name:amount;name:amount. Nothing at all may be a limit: it is not
// what resources are, which have no amounts of 0.
func amounts(flag, text string) (map[string]*mesos.Value_Scalar, error) {
	out := make(map[string]*mesos.Value_Scalar)
	for item := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, value, _ := strings.Cut(item, ":")
		name = strings.TrimSpace(name)
		number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		amount, tooMuch := resource.MilliFromFloat(number)
		switch {
		case err != nil || tooMuch != nil || number < 0 || name == "" || strings.Contains(name, "("):
			return nil, usageError{fmt.Errorf("--%s %q: must be amounts without roles, such as cpus:4;mem:8192", flag, text)}
		case out[name] != nil:
			return nil, usageError{fmt.Errorf("--%s %q: %s is named twice", flag, text, name)}
		}
		out[name] = &mesos.Value_Scalar{Value: new(amount.Float())}
	}
	return out, nil
}
