// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	mesos "github.com/tepui/tepui/api/v1"
)

// underscores lets --work-dir be written for --work_dir.
func underscores(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "-", "_"))
}

// variable is the environment form of a flag.
func variable(flag string) string { return "TEPUI_" + strings.ToUpper(flag) }

// fromEnvironment sets each flag that was not given and whose environment form
// is set. Flags go before the environment, the environment before defaults.
func (a *app) fromEnvironment(cmd *cobra.Command, _ []string) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value, ok := a.env(variable(f.Name))
		if !ok || f.Changed || f.Name == "help" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("%s %q: %w", variable(f.Name), value, cause(err)))
		}
	})
	if len(errs) > 0 {
		return usageError{errors.Join(errs...)}
	}
	return nil
}

// cause takes what pflag wraps around the error of a value away.
func cause(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}

// command completes a command: its flags have environment forms.
func (a *app) command(cmd *cobra.Command) *cobra.Command {
	cmd.PreRunE = a.fromEnvironment
	cmd.DisableFlagsInUseLine = true
	cmd.Flags().SortFlags = false
	return cmd
}

// durationValue is a flag that takes Mesos's notation (15mins) and Go's (15m).
type durationValue struct {
	d        *time.Duration
	positive bool // 0 is refused
}

func durationFlag(set *pflag.FlagSet, d *time.Duration, name string, usual time.Duration, usage string) {
	*d = usual
	set.Var(durationValue{d: d}, name, usage)
}

// positiveFlag is durationFlag where 0 makes no sense.
func positiveFlag(set *pflag.FlagSet, d *time.Duration, name string, usual time.Duration, usage string) {
	*d = usual
	set.Var(durationValue{d: d, positive: true}, name, usage)
}

func (v durationValue) String() string {
	if v.d == nil || *v.d == 0 {
		return "0"
	}
	return mesos.FormatDuration(*v.d)
}

func (v durationValue) Set(text string) error {
	d, err := mesos.ParseDuration(text)
	if err != nil {
		if goes, goErr := time.ParseDuration(text); goErr == nil {
			d, err = goes, nil
		}
	}
	switch {
	case err != nil:
		return errors.New("must be a number and a unit, such as 500ms, 5secs, 15mins or 1hrs")
	case d < 0:
		return errors.New("must not be negative")
	case d == 0 && v.positive:
		return errors.New("must be more than 0")
	}
	*v.d = d
	return nil
}

func (durationValue) Type() string { return "duration" }
