// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// The defaults of a Config.
const (
	DefaultRegistrationTimeout = time.Minute
	DefaultShutdownGrace       = 5 * time.Second
	DefaultKillGrace           = 3 * time.Second
	DefaultMaxGrace            = time.Hour
	DefaultStopTimeout         = 2 * time.Minute
)

// Config is what an agent is told when it is made.
type Config struct {
	Master    string         // host:port of the master
	Hostname  string         // as offers name the host
	Advertise netip.AddrPort // where executors and masters reach the agent; zero: the address it listens on

	// WorkDir is where sandboxes are; absolute, existing, and open to the users
	// of tasks.
	WorkDir string
	// RuntimeDir gets the agent's unix socket; absolute, existing, and open to
	// the users of executors. Empty: executors have only TCP.
	RuntimeDir     string
	FrameworksHome string // where relative URIs start; empty: they are refused
	MesosHome      string // MESOS_HOME of every executor; empty: not set

	Resources  resource.Resources
	Attributes []*mesos.Attribute
	Domain     *mesos.DomainInfo // where the host is; nil: nowhere in particular

	Isolator     Containers
	FetchCommand []string // runs fetcher.Main, such as {"/proc/self/exe", "fetch"}
	// SwitchUser runs tasks as the users that they or their frameworks name;
	// otherwise as the agent's own.
	SwitchUser bool

	// Zero means the default. How long an executor may take to subscribe, at first
	// and when it has lost its connection; what executors and commands get to end
	// by themselves when they do not say themselves, and the most that they can
	// say; how long Serve waits for containers to end, of which they have the
	// first half for themselves.
	RegistrationTimeout, ShutdownGrace, KillGrace, MaxGrace, StopTimeout time.Duration

	Log     *slog.Logger // nil: nothing is logged
	Version string
	// Dial connects to the master; nil: TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// withDefaults checks the configuration and fills in what is left out.
func (c Config) withDefaults() (Config, error) {
	for _, d := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"RegistrationTimeout", &c.RegistrationTimeout, DefaultRegistrationTimeout},
		{"ShutdownGrace", &c.ShutdownGrace, DefaultShutdownGrace},
		{"KillGrace", &c.KillGrace, DefaultKillGrace},
		{"MaxGrace", &c.MaxGrace, DefaultMaxGrace},
		{"StopTimeout", &c.StopTimeout, DefaultStopTimeout},
	} {
		if *d.value < 0 {
			return c, fmt.Errorf("agent: config: %s %v must not be negative", d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	switch {
	case c.Master == "":
		return c, errors.New("agent: config: Master must be set, as host:port")
	case c.Hostname == "":
		return c, errors.New("agent: config: Hostname must be set")
	case !filepath.IsAbs(c.WorkDir):
		return c, fmt.Errorf("agent: config: WorkDir %q must be an absolute path", c.WorkDir)
	case c.RuntimeDir != "" && !filepath.IsAbs(c.RuntimeDir):
		return c, fmt.Errorf("agent: config: RuntimeDir %q must be an absolute path, or empty", c.RuntimeDir)
	case c.Isolator == nil:
		return c, errors.New("agent: config: Isolator must be set")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = dialTCP
	}
	return c, nil
}
