// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
)

// What the cluster of the tasks benchmark has: enough for every window below.
const tasksResources = "cpus:1000;mem:1000000"

// tasks measures one agent: how long a command takes from ACCEPT to RUNNING
// and to FINISHED, and how many tasks it does in a second. isolation is what
// the agent isolates; "none" needs no cgroup v2.
func tasks(w io.Writer, isolation string, rounds int) (err error) {
	dir, err := os.MkdirTemp("", "tepui-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	local, address, err := startLocal(dir, isolation)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Stop()) }()
	f, err := framework.Start(address, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Stop()) }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := latency(ctx, w, f, rounds); err != nil {
		return err
	}
	command := func(i int) *mesos.TaskInfo { return framework.Command("many-"+strconv.Itoa(i), "true", 0.1, 16) }
	if err := throughput(ctx, w, f, "command tasks", 10*rounds, 32, command); err != nil {
		return err
	}
	e, err := finisher()
	if err != nil {
		return err
	}
	quick := func(i int) *mesos.TaskInfo { return framework.In(e, "quick-"+strconv.Itoa(i), 0.01, 1) }
	return throughput(ctx, w, f, "tasks in one custom executor", 200*rounds, 1000, quick)
}

// startLocal starts a master and an agent in one process on loopback.
func startLocal(dir, isolation string) (*cluster.Process, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	address := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		return nil, "", err
	}
	p, err := cluster.Run("tepui", []string{
		"local", "--ip", "127.0.0.1", "--port", strconv.Itoa(address.Port), "--log_level", "error",
		"--work_dir", filepath.Join(dir, "work"), "--runtime_dir", filepath.Join(dir, "run"),
		"--isolation", isolation, "--resources", tasksResources,
	}, nil)
	if err != nil {
		return nil, "", err
	}
	return p, address.String(), p.Listens(address.String())
}

// latency runs commands one after the other on an idle cluster.
func latency(ctx context.Context, w io.Writer, f *framework.Framework, rounds int) error {
	var running, finished []time.Duration
	for i := range rounds {
		id := "one-" + strconv.Itoa(i)
		offer, err := f.Offer(ctx, nil)
		if err != nil {
			return err
		}
		accepted := time.Now()
		if err := f.LaunchWith(offer, framework.Command(id, "true", 0.1, 16)); err != nil {
			return err
		}
		for _, wait := range []struct {
			state mesos.TaskState
			into  *[]time.Duration
		}{{mesos.TaskState_TASK_RUNNING, &running}, {mesos.TaskState_TASK_FINISHED, &finished}} {
			u, err := f.Await(ctx, id, wait.state)
			if err != nil {
				return err
			}
			*wait.into = append(*wait.into, u.At.Sub(accepted))
		}
	}
	for _, s := range []sample{{"ACCEPT to TASK_RUNNING", running}, {"ACCEPT to TASK_FINISHED", finished}} {
		slices.Sort(s.took)
		fmt.Fprintf(w, "%s: min %s, median %s, p95 %s\n", s.name, ms(s.took[0]), ms(s.quantile(0.5)), ms(s.quantile(0.95)))
	}
	return nil
}

// throughput runs n tasks, at most window of them at a time.
func throughput(ctx context.Context, w io.Writer, f *framework.Framework, what string, n, window int, task func(int) *mesos.TaskInfo) error {
	began := time.Now()
	launched := 0
	var open []string
	for launched < n || len(open) > 0 {
		var wave []*mesos.TaskInfo
		for launched < n && len(open)+len(wave) < window {
			wave = append(wave, task(launched))
			launched++
		}
		if len(wave) > 0 {
			if _, err := f.Launch(ctx, nil, wave...); err != nil {
				return err
			}
			for _, t := range wave {
				open = append(open, t.GetTaskId().GetValue())
			}
		}
		if _, err := f.Await(ctx, open[0], mesos.TaskState_TASK_FINISHED); err != nil {
			return err
		}
		open = slices.DeleteFunc(open, f.Finished)
	}
	took := time.Since(began)
	_, err := fmt.Fprintf(w, "%s: %d in %s, %.0f tasks/s\n", what, n, took.Round(time.Millisecond), float64(n)/took.Seconds())
	return err
}

// finisher is the executor that this program is, see runFinisher.
func finisher() (*mesos.ExecutorInfo, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := framework.Program(filepath.Base(self), executorCommand)
	command.Value = proto.String(self)
	return framework.Executor("finisher", command, 0.1, 64), nil
}
