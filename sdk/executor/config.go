// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"fmt"
	"net"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

const (
	defaultRecovery = 15 * time.Minute
	defaultBackoff  = 2 * time.Second
	defaultGrace    = 5 * time.Second
	// registration is how long an executor that does not checkpoint tries to reach its
	// agent for the first time; the agent itself waits as long by default.
	registration = time.Minute
)

// Config is what an agent tells an executor through its environment.
type Config struct {
	FrameworkID string // MESOS_FRAMEWORK_ID
	ExecutorID  string // MESOS_EXECUTOR_ID
	Socket      string // MESOS_DOMAIN_SOCKET: path of the agent's unix socket; goes before Agent
	Agent       string // MESOS_AGENT_ENDPOINT: host:port of the agent
	Token       string // MESOS_EXECUTOR_AUTHENTICATION_TOKEN; secret, proves who this is
	Sandbox     string // MESOS_SANDBOX: the executor's directory as it sees it
	Home        string // MESOS_HOME: where Tepui is installed on the host

	Checkpoint      bool          // MESOS_CHECKPOINT: "1" = outlive a restart of the agent
	RecoveryTimeout time.Duration // MESOS_RECOVERY_TIMEOUT: for how long (15mins)
	BackoffMax      time.Duration // MESOS_SUBSCRIPTION_BACKOFF_MAX: most between attempts (2secs)
	ShutdownGrace   time.Duration // MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD (5secs)
}

// ReadConfig reads a Config with getenv. An error names the variable, its value
// and the rule.
func ReadConfig(getenv func(string) string) (Config, error) {
	c := Config{
		FrameworkID: getenv("MESOS_FRAMEWORK_ID"),
		ExecutorID:  getenv("MESOS_EXECUTOR_ID"),
		Socket:      getenv("MESOS_DOMAIN_SOCKET"),
		Agent:       getenv("MESOS_AGENT_ENDPOINT"),
		Token:       getenv("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"),
		Sandbox:     getenv("MESOS_SANDBOX"),
		Home:        getenv("MESOS_HOME"),
		Checkpoint:  getenv("MESOS_CHECKPOINT") == "1",
	}
	if err := c.check(); err != nil {
		return Config{}, err
	}
	for _, d := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{
		{"MESOS_RECOVERY_TIMEOUT", &c.RecoveryTimeout, defaultRecovery},
		{"MESOS_SUBSCRIPTION_BACKOFF_MAX", &c.BackoffMax, defaultBackoff},
		{"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", &c.ShutdownGrace, defaultGrace},
	} {
		v, err := duration(getenv(d.name), d.fallback)
		if err != nil {
			return Config{}, fmt.Errorf("%s: %w", d.name, err)
		}
		*d.value = v
	}
	return c, nil
}

func (c Config) check() error {
	const advice = "an agent sets it: run the executor as one, through ExecutorInfo"
	switch {
	case c.FrameworkID == "":
		return fmt.Errorf("MESOS_FRAMEWORK_ID: must be set: %s", advice)
	case c.ExecutorID == "":
		return fmt.Errorf("MESOS_EXECUTOR_ID: must be set: %s", advice)
	case c.Socket == "" && c.Agent == "":
		return fmt.Errorf("MESOS_DOMAIN_SOCKET, MESOS_AGENT_ENDPOINT: one must be set: %s", advice)
	}
	if c.Socket != "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Agent); err != nil {
		return fmt.Errorf("MESOS_AGENT_ENDPOINT %q: must be host:port", c.Agent)
	}
	return nil
}

func duration(text string, fallback time.Duration) (time.Duration, error) {
	if text == "" {
		return fallback, nil
	}
	d, err := mesos.ParseDuration(text)
	if err == nil && d < 0 {
		err = fmt.Errorf("%q: must not be negative", text)
	}
	return d, err
}
