// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/tepui/tepui/api/link"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/master"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// operatorFlags are those of every command that asks a master or orders it.
type operatorFlags struct {
	app     *app
	address string
	timeout time.Duration
	form    string
}

// add adds the flags; printed tells whether the command has an answer to print.
func (f *operatorFlags) add(set *pflag.FlagSet, printed bool) {
	set.StringVar(&f.address, "master", "127.0.0.1:5050", "address of the master, host:port")
	positiveFlag(set, &f.timeout, "timeout", 30*time.Second, "how long to wait for the master's answer")
	f.form = "table"
	if printed {
		set.StringVarP(&f.form, "output", "o", f.form, "form of what is printed: table, or json for programs")
	}
}

func (f *operatorFlags) check() error {
	if f.form != "table" && f.form != "json" {
		return usageError{fmt.Errorf("--output %q: must be table or json", f.form)}
	}
	return masterAddress(f.address)
}

// operated completes a command that talks to a master: do gets the connection.
func (a *app) operated(cmd *cobra.Command, f *operatorFlags, printed bool, do func(ctx context.Context, m *operators, args []string) error) *cobra.Command {
	f.app = a
	f.add(cmd.Flags(), printed)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(); err != nil {
			return err
		}
		m, err := f.dial()
		if err != nil {
			return err
		}
		return errors.Join(do(cmd.Context(), m, args), m.conn.Close())
	}
	return a.command(cmd)
}

// operators is a connection to a master.
type operators struct {
	flags  *operatorFlags
	conn   *grpc.ClientConn
	client link.OperatorsClient
}

func (f *operatorFlags) dial() (*operators, error) {
	conn, err := grpc.NewClient(
		"passthrough:///"+f.address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(master.MaxAnswer)),
	)
	if err != nil {
		return nil, fmt.Errorf("--master %s: %w", f.address, err)
	}
	return &operators{flags: f, conn: conn, client: link.NewOperatorsClient(conn)}, nil
}

// call makes a call and returns its answer.
func (m *operators) call(ctx context.Context, c *operator.Call) (*operator.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, m.flags.timeout)
	defer cancel()
	answer, err := m.client.Call(ctx, c)
	return answer, m.explain(err)
}

// get makes a call that asks and has no parameters.
func (m *operators) get(ctx context.Context, t operator.Call_Type) (*operator.Response, error) {
	return m.call(ctx, &operator.Call{Type: &t})
}

// explain says what a failed call means to a person.
func (m *operators) explain(err error) error {
	if err == nil {
		return nil
	}
	switch s := status.Convert(err); s.Code() {
	case codes.Unavailable:
		return fmt.Errorf("--master %s: no master answers there: %s", m.flags.address, dialError(s.Message()))
	case codes.DeadlineExceeded:
		return fmt.Errorf("--master %s: no answer in %v (--timeout): what was asked for may still be done", m.flags.address, m.flags.timeout)
	case codes.Unimplemented:
		return fmt.Errorf("--master %s: this master cannot do that: %s", m.flags.address, s.Message())
	default:
		return errors.New(s.Message())
	}
}

// dialError takes what gRPC wraps around the error of a connection away.
func dialError(text string) string {
	if _, inner, ok := strings.Cut(text, "Error while dialing: "); ok {
		return strings.TrimSuffix(inner, `"`)
	}
	return text
}

// someArgs refuses fewer arguments than there are names, and more.
func someArgs(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		for i, name := range names {
			if i >= len(args) || args[i] == "" {
				return usageError{fmt.Errorf("%s is missing", name)}
			}
		}
		if len(args) > len(names) {
			return usageError{fmt.Errorf("argument %q: one too many", args[len(names)])}
		}
		return nil
	}
}

// group is a command that does nothing itself.
func (a *app) group(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return usageError{errors.New("a command is missing")}
		},
	}
	cmd.AddCommand(commands...)
	return cmd
}
