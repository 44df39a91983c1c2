// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Testframework is the test framework of the Mesos guide: a scheduler that
// launches a number of tasks and an executor that runs them, many tasks in one
// executor. Each task reports to the scheduler by a framework message and
// then finishes; when all have, the scheduler says so and exits with 0.
//
//	tepui local &
//	testframework --master 127.0.0.1:5050 --tasks 5
//
// It is one program that is both: the scheduler serves itself over HTTP, and the
// agents fetch it and start it as "testframework executor".
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/examples/ship"
	"github.com/tepui/tepui/sdk/executor"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

const program = "testframework"

type flags struct {
	master string
	ip     string
	user   string
	tasks  int
	cpus   float64
	mem    float64
	limit  time.Duration
}

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "executor" {
		_, err = executor.NewDriver(&testExecutor{}).Run()
	} else {
		err = schedule(parse(os.Args[1:]))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
		os.Exit(1)
	}
}

func parse(args []string) flags {
	var f flags
	set := flag.NewFlagSet(program, flag.ExitOnError)
	set.StringVar(&f.master, "master", "127.0.0.1:5050", "address of the master, host:port")
	set.StringVar(&f.ip, "ip", "", "address on which agents fetch the executor (default: the one towards the master)")
	set.StringVar(&f.user, "user", "", "user that the tasks run as (default: the one who runs this)")
	set.IntVar(&f.tasks, "tasks", 5, "number of tasks")
	set.Float64Var(&f.cpus, "cpus", 0.1, "cpus of each task")
	set.Float64Var(&f.mem, "mem", 16, "memory of each task in MB")
	set.DurationVar(&f.limit, "timeout", time.Minute, "give up after this time")
	_ = set.Parse(args) // ExitOnError
	if f.tasks < 1 {
		fmt.Fprintf(os.Stderr, "%s: --tasks %d: must be at least 1\n", program, f.tasks)
		os.Exit(2)
	}
	return f
}

func schedule(f flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	self, err := ship.Myself()
	if err != nil {
		return err
	}
	server, err := ship.Serve(ctx, f.ip, f.master)
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := newScheduler(f, command(server.Add(program, self)))
	if err != nil {
		return err
	}
	driver := scheduler.NewDriver(s, &mesos.FrameworkInfo{
		User: proto.String(f.user),
		Name: proto.String("Test Framework (Go)"),
	}, f.master, scheduler.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	defer context.AfterFunc(ctx, func() { driver.Stop(false) })()
	if _, err := driver.Run(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil && !s.complete() {
		return fmt.Errorf("ended early (%v): %s", context.Cause(ctx), s.summary())
	}
	fmt.Println(s.summary())
	return s.verdict()
}

// command starts the executor, once it is fetched from uri.
func command(uri string) *mesos.CommandInfo {
	return &mesos.CommandInfo{
		Uris:      []*mesos.CommandInfo_URI{{Value: proto.String(uri), Executable: proto.Bool(true)}},
		Shell:     proto.Bool(false),
		Value:     proto.String("./" + program),
		Arguments: []string{program, "executor"},
	}
}
