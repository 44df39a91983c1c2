// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// checkProbes checks the check and the health check of a task.
func checkProbes(field string, t *mesos.TaskInfo) error {
	if t.Check != nil {
		if err := checkCheck(field+".check", t.GetCheck()); err != nil {
			return err
		}
	}
	if t.HealthCheck != nil {
		return checkHealth(field+".health_check", t.GetHealthCheck())
	}
	return nil
}

func checkCheck(field string, c *mesos.CheckInfo) error {
	if n := count(c.Command != nil, c.Http != nil, c.Tcp != nil); n > 1 {
		return fmt.Errorf("%s: must have one of command, http and tcp, has %d", field, n)
	}
	var missing bool
	switch c.GetType() {
	case mesos.CheckInfo_COMMAND:
		missing = c.Command == nil
	case mesos.CheckInfo_HTTP:
		missing = c.Http == nil
	case mesos.CheckInfo_TCP:
		missing = c.Tcp == nil
	default:
		return fmt.Errorf("%s.type %v: must be COMMAND, HTTP or TCP", field, c.GetType())
	}
	if missing {
		return fmt.Errorf("%s: must have what its type %v names", field, c.GetType())
	}
	if c.Command != nil {
		if err := checkCommand(field+".command.command", c.GetCommand().GetCommand()); err != nil {
			return err
		}
	}
	return checkSeconds(
		fieldSeconds{field + ".delay_seconds", c.GetDelaySeconds()},
		fieldSeconds{field + ".interval_seconds", c.GetIntervalSeconds()},
		fieldSeconds{field + ".timeout_seconds", c.GetTimeoutSeconds()},
	)
}

func checkHealth(field string, h *mesos.HealthCheck) error {
	var missing bool
	switch h.GetType() {
	case mesos.HealthCheck_COMMAND:
		missing = h.Command == nil
	case mesos.HealthCheck_HTTP:
		missing = h.Http == nil
	case mesos.HealthCheck_TCP:
		missing = h.Tcp == nil
	default:
		return fmt.Errorf("%s.type %v: must be COMMAND, HTTP or TCP", field, h.GetType())
	}
	if missing {
		return fmt.Errorf("%s: must have what its type %v names", field, h.GetType())
	}
	if h.Command != nil {
		if err := checkCommand(field+".command", h.GetCommand()); err != nil {
			return err
		}
	}
	return checkSeconds(
		fieldSeconds{field + ".delay_seconds", h.GetDelaySeconds()},
		fieldSeconds{field + ".interval_seconds", h.GetIntervalSeconds()},
		fieldSeconds{field + ".timeout_seconds", h.GetTimeoutSeconds()},
		fieldSeconds{field + ".grace_period_seconds", h.GetGracePeriodSeconds()},
	)
}

type fieldSeconds struct {
	field string
	value float64
}

// checkSeconds checks that durations in seconds are numbers that are not
// negative.
func checkSeconds(list ...fieldSeconds) error {
	for _, s := range list {
		if !(s.value >= 0) {
			return fmt.Errorf("%s %v: must be 0 or more", s.field, s.value)
		}
	}
	return nil
}
