// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/vagrant"
)

// scenarioLimit is how long the scenarios of one machine may take.
const scenarioLimit = 30 * time.Minute

// The scenarios that need one machine run on an agent as they run elsewhere, with
// masters and agents of their own on its loopback. The machine's agent rests
// meanwhile: the scenarios measure processors.
func TestScenariosOnAnAgent(t *testing.T) {
	m := open(t).Agents[1]
	binary := os.Getenv("TEPUI_SCENARIOS")
	if binary == "" {
		t.Skip("TEPUI_SCENARIOS does not name the test binary of integration/scenarios: 'make test-vagrant' sets it")
	}
	const dir = "/opt/scenarios" // where programs are for any user
	run(t, m, "systemctl stop tepui-agent; mkdir -p "+dir+"/bin")
	t.Cleanup(func() { run(t, m, "rm -rf "+dir+"; systemctl start tepui-agent") })
	put(t, m, binary, dir+"/scenarios.test")
	for _, program := range []string{"tepui", "tepui-init"} {
		put(t, m, filepath.Join(cluster.Bin(), program), filepath.Join(dir, "bin", program))
	}

	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	out, err := m.Run(ctx, "cd "+dir+" && INTEGRATION=host TEPUI_BIN="+dir+"/bin ./scenarios.test -test.v -test.timeout="+scenarioLimit.String()+" 2>&1")
	t.Log(out)
	if err != nil {
		t.Error(err)
	}
}

// put copies a file of ours to a machine, as a program.
func put(t *testing.T, m vagrant.Machine, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := m.Put(ctx, data, to); err != nil {
		t.Fatal(err)
	}
}
