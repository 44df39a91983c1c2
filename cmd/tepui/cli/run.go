// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

type runFlags struct {
	master      string
	cpus        float64
	mem         float64
	disk        float64
	uris        []string
	executables []string
	name        string
	user        string
	environment []string
	timeout     time.Duration
	connect     time.Duration
}

func (a *app) run() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARG...]",
		Short: "Run one command on the cluster and wait for it",
		Long: "Run is a framework with one task. It prints, on standard error, each state of the task.\n" +
			"The command is started in its sandbox, without a shell; its output is in the sandbox too.\n\n" +
			"Exit status: that of the command; 128 and its number if a signal ended the command;\n" +
			"  2  wrong usage\n" +
			"120  the task was lost with its executor or agent, or may still run: the master was away when the\n" +
			"     run was interrupted or --timeout was over, and did not come back within 20 seconds\n" +
			"121  the task was not started: it was refused, or a fetch or the start failed\n" +
			"122  the task broke a limit, such as that of its memory\n" +
			"123  the task was killed by someone else\n" +
			"124  the task took longer than --timeout and was killed, or no offer had room for it in that time\n" +
			"125  there is no master (see --connect_timeout), or it refused the framework\n" +
			"130  the run was interrupted and the task killed (143: terminated)",
		Example: "  tepui run --cpus 0.5 --mem 64 -- sh -c 'echo hello from $MESOS_SANDBOX; sleep 1'\n" +
			"  tepui run --master 10.0.0.1:5050 --uri http://files/tool.tgz --timeout 10mins -- ./tool --fast",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return usageError{errors.New("COMMAND is missing: write it after --")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			task, need, err := f.task(args)
			if err != nil {
				return usageError{err}
			}
			return a.runTask(cmd.Context(), &f, task, need)
		},
	}
	set := cmd.Flags()
	set.SetInterspersed(false)
	set.StringVar(&f.master, "master", "127.0.0.1:5050", "address of the master, host:port")
	set.Float64Var(&f.cpus, "cpus", 0.1, "cpus that the task needs")
	set.Float64Var(&f.mem, "mem", 64, "memory that the task needs, and its limit, in MB")
	set.Float64Var(&f.disk, "disk", 0, "disk that the task needs, in MB")
	set.StringArrayVar(&f.uris, "uri", nil, "URI to fetch into the sandbox; .tar, .tgz, .tar.gz, .tbz2, .tar.bz2 and .zip are unpacked; may be repeated")
	set.StringArrayVar(&f.executables, "executable_uri", nil, "URI of a program to fetch into the sandbox and make executable; may be repeated")
	set.StringVar(&f.name, "name", "", "name of the task (default: that of the command)")
	set.StringVar(&f.user, "user", "", "user that the task runs as (default: the one who runs this)")
	set.StringArrayVar(&f.environment, "env", nil, "environment variable NAME=VALUE of the task; may be repeated")
	durationFlag(set, &f.timeout, "timeout", 0, "kill the task and give up after this time, waiting for offers included; 0 = never")
	durationFlag(set, &f.connect, "connect_timeout", 30*time.Second, "give up if no master has registered the framework after this time; 0 = never")
	return a.command(cmd)
}

// task describes the task, but for where it runs.
func (f *runFlags) task(args []string) (*mesos.TaskInfo, resource.Resources, error) {
	if err := masterAddress(f.master); err != nil {
		return nil, resource.Resources{}, err
	}
	need, err := f.resources()
	if err != nil {
		return nil, need, err
	}
	command, err := f.command(args)
	if err != nil {
		return nil, need, err
	}
	if f.name == "" {
		f.name = args[0]
	}
	return &mesos.TaskInfo{
		Name:    proto.String(f.name),
		TaskId:  &mesos.TaskID{Value: proto.String("run")},
		Command: command,
	}, need, nil
}

func (f *runFlags) resources() (resource.Resources, error) {
	if !(f.cpus > 0) {
		return resource.Resources{}, fmt.Errorf("--cpus %g: must be more than 0", f.cpus)
	}
	if !(f.mem > 0) {
		return resource.Resources{}, fmt.Errorf("--mem %g: must be more than 0, in MB", f.mem)
	}
	need, err := resource.Parse(fmt.Sprintf("cpus:%g;mem:%g;disk:%g", f.cpus, f.mem, f.disk))
	switch {
	case err != nil:
		return need, fmt.Errorf("--cpus, --mem, --disk: %w", err)
	case need.Scalar("cpus") == 0:
		return need, fmt.Errorf("--cpus %g: must be at least 0.001", f.cpus)
	case need.Scalar("mem") == 0:
		return need, fmt.Errorf("--mem %g: must be at least 0.001, in MB", f.mem)
	}
	return need, nil
}

func variableOf(text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return "", "", fmt.Errorf("--env %q: must be NAME=VALUE", text)
	}
	return name, value, nil
}

// runTask runs the task to its end; the error carries the exit status.
func (a *app) runTask(ctx context.Context, f *runFlags, task *mesos.TaskInfo, need resource.Resources) error {
	framework := newOneOff(task, need, a.stderr)
	driver := scheduler.NewDriver(framework, &mesos.FrameworkInfo{
		User: proto.String(f.user),
		Name: proto.String("tepui run " + f.name),
	}, f.master, scheduler.WithLogger(slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{
		Level: slog.LevelWarn, ReplaceAttr: withoutTime,
	}))))
	if _, err := driver.Start(); err != nil {
		return err
	}
	defer func() {
		driver.Stop(false)
		_, _ = driver.Join() // what ended the driver is in the framework's result
	}()
	timeout, connect := after(f.timeout), after(f.connect)
	registered := framework.registered
	for {
		select {
		case end := <-framework.result:
			framework.sayWhere(ctx, end)
			return a.exit(end)
		case <-registered:
			registered, connect = nil, nil
		case <-ctx.Done():
			return a.giveUp(framework, driver, context.Cause(ctx).Error(), exitSignal+signalNumber(ctx))
		case <-timeout:
			return a.giveUp(framework, driver, fmt.Sprintf("not done after %v (--timeout)", f.timeout), exitTimeout)
		case <-connect:
			return a.giveUp(framework, driver, fmt.Sprintf("not registered by %s after %v (--connect_timeout)", f.master, f.connect), exitNoCluster)
		}
	}
}

// after is time.After, but never for 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}

func (a *app) exit(end oneOffEnd) error {
	if end.err != nil {
		fmt.Fprintf(a.stderr, "tepui run: %s\n", oneLine(end.err))
		return &exitError{exitNoCluster}
	}
	if code := outcome(end.status); code != exitDone {
		return &exitError{code}
	}
	return nil
}

// signalNumber is that of the signal that ended ctx, 0 if none did.
func signalNumber(ctx context.Context) int {
	var by *interrupted
	if errors.As(context.Cause(ctx), &by) {
		return int(by.signal)
	}
	return 0
}

// withoutTime leaves the time out of a log line, for a person who just looks on.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
