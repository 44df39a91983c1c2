// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Wordcount counts the words of a text on a Tepui cluster: it cuts the text
// into shards, runs one task per shard, each in a container of its own, adds up
// what they report, and compares the sum with a count of its own. It then shows
// the most frequent words, and what each task used, as its agent's kernel saw
// it.
//
//	tepui local &
//	wordcount --master 127.0.0.1:5050 --text gcide.dict.dz
//
// It is one program that is scheduler and executor. The executor is shipped by
// URI: the scheduler packs itself into a .tgz and serves that over HTTP, with the
// shards; each agent fetches and unpacks it into the sandbox and starts it as
// "wordcount executor".
//
// Exit status: 0 when the counts agree, 1 when they do not or a task failed, 2
// for wrong usage.
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
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/executor"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

const program = "wordcount"

type flags struct {
	master string
	ip     string
	user   string
	text   string
	size   float64 // of what is counted of it, in MB; 0 = all
	shards int
	top    int
	need   resource.Resources
	limit  time.Duration
}

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "executor" {
		_, err = executor.NewDriver(&counter{}).Run()
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
	set.StringVar(&f.text, "text", "", "file with the text, plain or compressed by gzip or dictzip")
	set.Float64Var(&f.size, "size", 0, "count only so many MB from the start of the text; 0 = all")
	set.StringVar(&f.master, "master", "127.0.0.1:5050", "address of the master, host:port")
	set.StringVar(&f.ip, "ip", "", "address on which agents fetch the executor (default: the one towards the master)")
	set.StringVar(&f.user, "user", "", "user that the tasks run as (default: the one who runs this)")
	set.IntVar(&f.shards, "shards", 8, "number of shards, and so of tasks")
	set.IntVar(&f.top, "top", 10, "how many of the most frequent words to show")
	set.DurationVar(&f.limit, "timeout", 5*time.Minute, "give up after this time")
	cpus := set.Float64("cpus", 0.5, "cpus of each task")
	mem := set.Float64("mem", 64, "memory of each task in MB")
	_ = set.Parse(args) // ExitOnError
	need, err := resource.Parse(fmt.Sprintf("cpus:%g;mem:%g", *cpus, *mem))
	switch {
	case err != nil:
		misuse(set, err.Error())
	case f.text == "":
		misuse(set, "--text must name a file")
	case !(f.size >= 0):
		misuse(set, fmt.Sprintf("--size %g: must be a number of MB", f.size))
	case f.shards < 1 || f.shards > 10000:
		misuse(set, fmt.Sprintf("--shards %d: must be from 1 to 10000", f.shards))
	}
	f.need = need
	return f
}

func misuse(set *flag.FlagSet, problem string) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", program, problem)
	set.Usage()
	os.Exit(2)
}

func schedule(f flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, f.limit, fmt.Errorf("not done after %v (--timeout)", f.limit))
	defer cancel()
	text, err := readText(f.text)
	if err != nil {
		return err
	}
	text = head(text, f.size)
	begin := time.Now()
	expected := count(text)
	sequential := time.Since(begin)

	self, err := ship.Myself()
	if err != nil {
		return err
	}
	j, err := newJob(ctx, f, self, text)
	if err != nil {
		return err
	}
	defer j.close()
	progress(os.Stdout, "%s: %.1f MB in %d shards, for the cluster of %s", f.text, float64(len(text))/1e6, f.shards, f.master)
	driver := scheduler.NewDriver(j, &mesos.FrameworkInfo{
		User: proto.String(f.user),
		Name: proto.String("Word count"),
	}, f.master, scheduler.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	if err := j.run(ctx, driver); err != nil {
		return err
	}
	printTop(os.Stdout, j.total, f.top)
	printTasks(os.Stdout, j.shards)
	return verdict(os.Stdout, j.total, expected, sequential)
}
