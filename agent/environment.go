// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// defaultPath is the PATH of what runs, unless it brings its own.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// What an executor is told of how to come back to an agent that restarts.
const (
	recoveryTimeout        = "15mins"
	subscriptionBackoffMax = "2secs"
)

// environment makes the environment of what runs: the contract of Mesos, and
// what the command brings. Nothing of the agent's own environment is in it.
type environment struct {
	endpoint  netip.AddrPort // of the agent
	socket    string         // path of the agent's unix socket; empty without one
	mesosHome string
	secret    *secret
}

// of returns the environment of a launch in a sandbox, as sorted NAME=VALUE.
func (e *environment) of(l *core.Launch, sandbox string) ([]string, error) {
	env := map[string]string{
		"PATH":                                 defaultPath,
		"MESOS_FRAMEWORK_ID":                   string(l.Framework),
		"MESOS_EXECUTOR_ID":                    string(l.Executor),
		"MESOS_DIRECTORY":                      sandbox,
		"MESOS_SANDBOX":                        sandbox,
		"MESOS_AGENT_ENDPOINT":                 e.endpoint.String(),
		"MESOS_SLAVE_ID":                       l.Agent,
		"MESOS_SLAVE_PID":                      "slave(1)@" + e.endpoint.String(),
		"MESOS_CHECKPOINT":                     "0",
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": duration(l.ShutdownGrace),
		"MESOS_HTTP_COMMAND_EXECUTOR":          "0",
		"LIBPROCESS_PORT":                      "0",
	}
	if e.mesosHome != "" {
		env["MESOS_HOME"] = e.mesosHome
	}
	if l.Checkpoint {
		env["MESOS_CHECKPOINT"] = "1"
		env["MESOS_RECOVERY_TIMEOUT"] = recoveryTimeout
		env["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = subscriptionBackoffMax
	}
	if l.Custom {
		env["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"] = e.secret.token(l.Container)
		if e.socket != "" {
			env["MESOS_DOMAIN_SOCKET"] = e.socket
		}
	}
	if err := addVariables(env, l.Command.GetEnvironment()); err != nil {
		return nil, err
	}
	return join(env), nil
}

// addVariables adds what a command brings, over what is there.
func addVariables(env map[string]string, e *mesos.Environment) error {
	for i, v := range e.GetVariables() {
		switch name := v.GetName(); {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			return fmt.Errorf("command.environment.variables[%d].name %q: must not be empty or contain = or NUL", i, name)
		case v.GetType() != mesos.Environment_Variable_VALUE || v.GetSecret() != nil:
			return fmt.Errorf("command.environment.variables[%d] %s: only values are supported, not secrets", i, name)
		case strings.Contains(v.GetValue(), "\x00"):
			return fmt.Errorf("command.environment.variables[%d] %s: the value must not contain NUL", i, name)
		default:
			env[name] = v.GetValue()
		}
	}
	return nil
}

func join(env map[string]string) []string {
	all := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		all = append(all, name+"="+env[name])
	}
	return all
}

// duration writes a duration as Mesos does: a number and one unit.
func duration(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "hrs"}, {time.Minute, "mins"}, {time.Second, "secs"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}} {
		if d >= u.unit && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
