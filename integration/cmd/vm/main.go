// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Vm runs programs in a small Debian VM with a cgroup v2 kernel of its own,
// fresh for each of them; package integration/vm tells how.
//
//	vm image                         make what is needed, so that the rest is quick
//	vm sh 'cat /proc/self/cgroup'    run a shell line in a fresh VM
//	vm run ip addr                   run a program of the guest
//	vm exec isolator.test -test.v    run a program of the host: go test -exec 'vm exec'
//	vm up & vm -up sh ps; vm stop    keep a VM and use it several times
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// exitTrouble is the exit code when it was not the program that failed but
// the VM; programs' own codes are passed on.
const exitTrouble = 125

const usage = `usage: vm [flags] image|up|stop
       vm [flags] run|exec PROGRAM [ARG...]
       vm [flags] sh LINE

  image  make what is needed, so that the rest is quick
  run    run a program of the guest in a fresh VM
  sh     run a shell line in a fresh VM
  exec   run a program of the host, its folder's testdata beside it:
         go test -exec 'vm exec' ./...
  up     start a VM and keep it until an interrupt or vm stop
  stop   end the VM that vm up keeps

Variables INTEGRATION, TEPUI_*, GOMAXPROCS, GODEBUG, GOTRACEBACK and
GOCOVERDIR are passed on (the last with its files brought back), and those
that -env names. Exit code: that of the program, 128+N if signal N ended it,
125 if the VM failed.

flags:
`

func main() {
	// Buffered, so that an interrupt and a quit, the one soon after the other,
	// both arrive.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	code, err := run(os.Args[1:], signals, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vm:", strings.TrimPrefix(err.Error(), "vm: "))
	}
	os.Exit(code)
}

func run(args []string, signals <-chan os.Signal, stdout, stderr io.Writer) (int, error) {
	t, err := parse(args, signals, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0, nil
	}
	if err != nil {
		return 2, err
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), t.timeout,
		fmt.Errorf("-timeout %s is over", t.timeout))
	defer cancel()
	action, ok := map[string]func(context.Context) (int, error){
		"image": t.image, "run": t.run, "sh": t.sh, "exec": t.exec, "up": t.up, "stop": t.stop,
	}[t.action]
	if !ok {
		return 2, fmt.Errorf("unknown command %q; vm -help lists them", t.action)
	}
	return action(ctx)
}

// parse reads the command line.
func parse(args []string, signals <-chan os.Signal, stdout, stderr io.Writer) (*tool, error) {
	t := &tool{signals: signals, stdout: stdout, stderr: stderr}
	fs := flag.NewFlagSet("vm", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprint(stderr, usage); fs.PrintDefaults() }
	fs.StringVar(&t.cache, "cache", defaultCache(), "folder for kernel, disks and snapshots; default $TEPUI_CACHE/vm, else .cache/vm of the source tree")
	fs.StringVar(&t.flavour, "flavour", "plain", "PID 1 of the VM: plain or systemd")
	fs.StringVar(&t.accel, "accel", os.Getenv("TEPUI_VM_ACCEL"), "kvm or tcg; default $TEPUI_VM_ACCEL, else what works")
	fs.StringVar(&t.mirror, "mirror", os.Getenv("TEPUI_APT_MIRROR"), "Debian mirror; default $TEPUI_APT_MIRROR, else what mmdebstrap takes")
	fs.StringVar(&t.program, "guest", beside("vm-guest"), "the guest's program")
	fs.DurationVar(&t.timeout, "timeout", 20*time.Minute, "kill the program after this time")
	fs.BoolVar(&t.useUp, "up", false, "use the VM that vm up keeps, not a fresh one")
	fs.BoolVar(&t.verbose, "v", false, "tell how long the steps take")
	fs.Func("data", "HOST[:GUEST]: put a file or folder on the data disk as /data/GUEST; may be repeated", t.addData)
	fs.Func("env", "NAME[=VALUE]: set a variable in the guest; may be repeated", t.addEnv)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() == 0 {
		fs.Usage()
		return nil, errors.New("no command given")
	}
	t.action, t.args = fs.Arg(0), fs.Args()[1:]
	return t, nil
}

// defaultCache is below the source tree that this program was built in, found
// by its go.mod from the working directory upwards.
func defaultCache() string {
	if dir := os.Getenv("TEPUI_CACHE"); dir != "" {
		return filepath.Join(dir, "vm")
	}
	wd, err := os.Getwd()
	if err != nil {
		return ""
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".cache/vm")
		}
		if dir == "/" {
			return filepath.Join(wd, ".cache/vm")
		}
	}
}

// beside is a file in the folder of this program.
func beside(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}
