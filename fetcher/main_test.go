// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/fetcher"
	"go.uber.org/goleak"
)

// TestMain lets the test binary stand in for the commands that Spawn runs.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		os.Exit(child(os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

func child(role string) int {
	switch role {
	case "fetch":
		return fetcher.Main(os.Stdin, os.Stdout)
	case "environment":
		// What a child is born with, told in the words of a failed fetch.
		groups, _ := os.Getgroups()
		dir, _ := os.Getwd()
		fmt.Printf("{\"step\":\"test\",\"cause\":\"env=%d uid=%d gid=%d groups=%d dir=%s leader=%t\"}\n",
			len(os.Environ()), os.Getuid(), os.Getgid(), len(groups), dir, syscall.Getpgrp() == os.Getpid())
		return fetcher.ExitFailed
	case "crash":
		fmt.Fprintln(os.Stderr, "something broke", strings.Repeat("!", 100_000))
		return 7
	case "liar":
		fmt.Println("{}")
		return 1
	case "babble":
		_, _ = io.Copy(os.Stdout, strings.NewReader(strings.Repeat("x", 1<<20)))
		return 0
	case "silent":
		return 0
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("started")
		<-time.After(time.Hour) // with nothing at all to wait for, the runtime would end it
	}
	return 99
}
