// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tepui/tepui/cmd/tepui/cli"
)

const nobody = 65534

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tepui": tepui,
		"tepui-as-nobody": func() {
			if os.Geteuid() == 0 {
				if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
					panic(err)
				}
			}
			tepui()
		},
	})
}

func tepui() {
	os.Exit(cli.Main(os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// TestScripts runs testdata/*.txtar. Besides the usual commands they have
//
//	exits STATUS PROGRAM [ARG...]    runs a program that must end with that status
//	occupy NAME                      listens on a port and sets NAME to it
//	free NAME                        sets NAME to a port that no one listens on
//	await PORT                       waits until something listens on PORT
//	awaitline WORD PROGRAM [ARG...]  runs a program until its output has WORD
//	build PACKAGE...                 builds programs of the module into the current directory
//
// and the conditions [root] and [namespaces], that new ones may be made here.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:       "testdata",
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"occupy":    func(ts *testscript.TestScript, _ bool, args []string) { listen(ts, args[0], true) },
			"free":      func(ts *testscript.TestScript, _ bool, args []string) { listen(ts, args[0], false) },
			"await":     await,
			"awaitline": awaitLine,
			"build":     build,
		},
	})
}

func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "namespaces":
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS}
		return cmd.Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

func build(ts *testscript.TestScript, _ bool, packages []string) {
	args := []string{"build", "-o", ts.MkAbs(".") + string(os.PathSeparator)}
	for _, p := range packages {
		args = append(args, "github.com/tepui/tepui/"+p)
	}
	cmd := exec.Command("go", args...) // with the environment of the test, not of the script
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		ts.Fatalf("go %v: %v\n%s", args, err, out)
	}
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func listen(ts *testscript.TestScript, name string, keep bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(name, port)
	if keep {
		ts.Defer(func() { _ = l.Close() })
		return
	}
	ts.Check(l.Close())
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	address := net.JoinHostPort("127.0.0.1", args[0])
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			ts.Check(conn.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nothing listens on %s: %v", address, err)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func awaitLine(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v does not print %s", args[1:], args[0])
		}
		<-time.After(50 * time.Millisecond)
	}
}
