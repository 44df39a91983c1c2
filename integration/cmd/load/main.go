// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Load is what scenarios run as a task: it does one thing to the machine.
//
//	load cpu [N]        keep N CPUs busy until killed
//	load memory MIB     take so much memory, page by page, say so, and hold it until killed
//	load sleep          do nothing until killed
//	load fork N         leave N orphans that end at once, and sleep
//	load exit CODE      end with that exit code
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

func main() {
	act, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	act()
}

// parse returns what to do.
func parse(args []string) (func(), error) {
	if len(args) == 0 {
		return nil, errors.New("usage: load cpu [N] | memory MIB | sleep | fork N | exit CODE")
	}
	n := 1
	if len(args) > 1 {
		var err error
		if n, err = strconv.Atoi(args[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", args[0], err)
		}
	}
	act, ok := map[string]func(){
		"cpu":    func() { burn(n) },
		"memory": func() { hold(n) },
		"sleep":  sleep,
		"fork":   func() { orphans(n) },
		"exit":   func() { os.Exit(n) },
	}[args[0]]
	if !ok {
		return nil, fmt.Errorf("unknown load %q", args[0])
	}
	return act, nil
}

// burn keeps n CPUs busy, as far as the machine has them.
func burn(n int) {
	for range n - 1 {
		go spin()
	}
	spin()
}

func spin() {
	for x := uint64(1); ; {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
}

// hold takes memory that is really there: each page is written.
func hold(mib int) {
	held := make([][]byte, 0, mib)
	for range mib {
		part := make([]byte, 1<<20)
		for i := 0; i < len(part); i += os.Getpagesize() {
			part[i] = 1
		}
		held = append(held, part)
	}
	fmt.Printf("holding %d MiB\n", len(held))
	sleep()
}

// sleep does nothing, for good. (The runtime would take an empty select for a
// deadlock.)
func sleep() {
	for {
		time.Sleep(time.Hour)
	}
}

// orphans starts n processes whose parent ends before them.
func orphans(n int) {
	for range n {
		if err := exec.Command("/bin/sh", "-c", "(sleep 0.1; exit 3) &").Run(); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(2)
		}
	}
	fmt.Printf("left %d orphans\n", n)
	sleep()
}
