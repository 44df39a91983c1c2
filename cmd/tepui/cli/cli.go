// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/tepui/tepui/agent"
)

// What Main returns, besides what "tepui run" passes through.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitGone   = 3 // of an agent: declared gone, so that no supervisor should start it again
)

// environment is os.LookupEnv, or a test's.
type environment func(name string) (string, bool)

// app is what all commands get.
type app struct {
	env    environment
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// usageError is the user's fault: exit status 2.
type usageError struct{ error }

// exitError ends the program with a status and says nothing more.
type exitError struct{ status int }

func (e *exitError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// Main runs the command that args name and returns the exit status. SIGINT and
// SIGTERM end it orderly; another one, a second later or more, ends it at once.
func Main(args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := untilSignal(syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	a := &app{env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.status(cmd, err)
}

// interrupted is why a context of untilSignal ended.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string { return i.signal.String() }

// echo is how long signals after the first are taken for its echo: timeout(1)
// and some supervisors send one to the process and one to its group.
const echo = time.Second

// untilSignal returns a context that ends with the first of the signals. A little
// later they have their usual effect again. stop gives them back, and waits.
func untilSignal(signals ...os.Signal) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, signals...)
	stopped := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		defer signal.Stop(caught)
		select {
		case s := <-caught:
			number, _ := s.(syscall.Signal) // on Unix all are
			cancel(&interrupted{number})
		case <-stopped:
			return
		}
		select {
		case <-time.After(echo):
		case <-stopped:
		}
	})
	return ctx, func() {
		close(stopped)
		watch.Wait()
		cancel(nil)
	}
}

// status reports err in one line and returns the exit status.
func (a *app) status(cmd *cobra.Command, err error) int {
	var exit *exitError
	var usage usageError
	var gone *agent.GoneError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.status
	case errors.As(err, &usage):
		fmt.Fprintf(a.stderr, "%s: %s: see '%s --help'\n", cmd.CommandPath(), oneLine(err), cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(a.stderr, "%s: %s\n", cmd.CommandPath(), oneLine(err))
	if errors.As(err, &gone) {
		return exitGone
	}
	return exitFailed
}

// oneLine joins the lines of an error, so that logs keep it together.
func oneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tepui",
		Short: "Share Linux machines between frameworks",
		Long: "Tepui shares Linux machines between frameworks: a master offers pieces of machines,\n" +
			"schedulers accept them, and agents run executors in cgroup v2 containers.",
		Example:       "  tepui local &\n  tepui run --cpus 0.5 --mem 64 -- sh -c 'echo hello; sleep 1'",
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return usageError{errors.New("a command is missing")}
		},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetGlobalNormalizationFunc(underscores)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "daemons", Title: "Run a cluster:"},
		&cobra.Group{ID: "users", Title: "Run something on it:"},
		&cobra.Group{ID: "operators", Title: "Look after it:"},
	)
	root.AddCommand(inGroup("daemons", a.master(), a.agent(), a.local())...)
	root.AddCommand(inGroup("users", a.run())...)
	root.AddCommand(inGroup("operators", a.agents(), a.frameworks(), a.framework(), a.roles(), a.weights(), a.quota(), a.reserve(), a.unreserve(), a.maintenance(), a.explain())...)
	root.AddCommand(a.fetch(), a.version())
	return root
}

// inGroup puts commands below a heading of the help.
func inGroup(id string, commands ...*cobra.Command) []*cobra.Command {
	for _, c := range commands {
		c.GroupID = id
	}
	return commands
}

// noArgs refuses arguments that are not flags.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("argument %q: none is expected", args[0])}
	}
	return nil
}
