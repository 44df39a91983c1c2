// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"math"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
)

func TestAConfigOfWhenAgentsAreUnreachableThatBreaksARuleNamesIt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*core.Config)
		words  []string
	}{
		"negative ping timeout":  {func(c *core.Config) { c.AgentPingTimeout = -1 }, []string{"timeout", "0 or more"}},
		"negative ping timeouts": {func(c *core.Config) { c.MaxAgentPingTimeouts = -1 }, []string{"MaxAgentPingTimeouts", "-1"}},
		"rate of none":           {func(c *core.Config) { c.AgentRemovalRate.Per = time.Hour }, []string{"AgentRemovalRate", "above 0"}},
		"rate in no time":        {func(c *core.Config) { c.AgentRemovalRate.N = 1 }, []string{"AgentRemovalRate", "above 0"}},
		"limit above all":        {func(c *core.Config) { c.RecoveryAgentRemovalLimit = 1.5 }, []string{"RecoveryAgentRemovalLimit", "1.5"}},
		"limit not a number":     {func(c *core.Config) { c.RecoveryAgentRemovalLimit = math.NaN() }, []string{"RecoveryAgentRemovalLimit"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := core.Config{Master: &mesos.MasterInfo{Id: new("m")}, Allocator: allocator.New(allocator.Config{})}
			c.change(&cfg)
			_, err := core.New(cfg)
			if err == nil {
				t.Fatal("it is taken")
			}
			for _, word := range c.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
		})
	}
}
