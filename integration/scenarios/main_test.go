// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/hosts"
	"github.com/tepui/tepui/integration/kernel"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// patience bounds every wait of a scenario; an emulated machine is slow.
const patience = time.Minute

// executorMode is the argument that makes this test binary a custom executor.
const executorMode = "act-as-executor"

func TestMain(m *testing.M) {
	hosts.Main()
	if len(os.Args) > 2 && os.Args[1] == executorMode {
		os.Exit(runExecutor(os.Args[2]))
	}
	os.Exit(m.Run())
}

// onKernel lets the test go on only where it can run and was asked to.
func onKernel(t *testing.T) context.Context {
	t.Helper()
	kernel.Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	t.Cleanup(cancel)
	return ctx
}

// begin starts a cluster and a framework. When the test ends, both are
// stopped, and nothing of them may be left on the host.
func begin(t *testing.T, o cluster.Options) (context.Context, *cluster.Cluster, *framework.Framework) {
	t.Helper()
	ctx := onKernel(t)
	leavesNothing(t)
	c := cluster.Start(t, o)
	return ctx, c, subscribe(t, c, nil)
}

func subscribe(t *testing.T, c *cluster.Cluster, info *mesos.FrameworkInfo) *framework.Framework {
	t.Helper()
	f, err := framework.Start(c.Address, info)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Errorf("the framework's driver ended with: %v", err)
		}
	})
	return f
}

func launch(t *testing.T, ctx context.Context, f *framework.Framework, tasks ...*mesos.TaskInfo) *mesos.Offer {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	offer, err := f.Launch(ctx, nil, tasks...)
	if err != nil {
		t.Fatal(err)
	}
	return offer
}

func await(t *testing.T, ctx context.Context, f *framework.Framework, task string, state mesos.TaskState) framework.Update {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	u, err := f.Await(ctx, task, state)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// eventually looks again and again until look has no objection.
func eventually(t *testing.T, look func() error) {
	t.Helper()
	var objection error
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if kernel.Until(ctx, func() (bool, error) { objection = look(); return objection == nil, nil }) != nil {
		t.Fatalf("still after %s: %v", patience, objection)
	}
}

// actor is a custom executor that this test binary is, acting in the given way.
func actor(t *testing.T, id, role string) *mesos.ExecutorInfo {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := framework.Program("./executor", executorMode, role)
	command.Uris = []*mesos.CommandInfo_URI{{
		Value:      proto.String("file://" + self),
		Executable: proto.Bool(true),
		OutputFile: proto.String("executor"),
	}}
	return framework.Executor(id, command, 0.1, 64)
}

func wantReason(t *testing.T, u framework.Update, want mesos.TaskStatus_Reason) {
	t.Helper()
	if u.GetReason() != want {
		t.Errorf("%s of %s has reason %v (%s), want %v", u.GetState(), u.GetTaskId().GetValue(), u.GetReason(), u.GetMessage(), want)
	}
}
