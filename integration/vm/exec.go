// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/tepui/tepui/integration/vm/proto"
)

// killGrace is how long a killed command has to be reported as ended.
const killGrace = 10 * time.Second

// maxInput bounds what a command can be given as its stdin, in bytes.
const maxInput = 512 << 10

// Command is a program to run in a machine.
type Command struct {
	Args   []string // Args[0] is looked up in the guest's PATH
	Env    []string // "NAME=value", added to the guest's environment
	Dir    string   // working directory; empty = "/"
	Mkdir  []string // guest folders to make before
	Input  []byte   // stdin, at most 512 KiB
	Stdout io.Writer
	Stderr io.Writer
	// Signals are passed to the command's process group; nil = none.
	Signals <-chan os.Signal
	// Fetch brings files and folders back after the command has ended.
	Fetch []Fetch
}

// Fetch names a file or folder of the guest and what it is to be on the host.
// What does not exist is not brought back.
type Fetch struct{ Guest, Host string }

// Exec runs a command and waits for its end. When ctx is done the command is
// killed and the error says so. An error means that the command did not run,
// or that nobody knows how it ended; all else is in the result.
func (m *Machine) Exec(ctx context.Context, c Command) (proto.Result, error) {
	if len(c.Input) > maxInput {
		return proto.Result{}, fmt.Errorf("vm: run %s: stdin of %d bytes, at most %d fit", c.Args, len(c.Input), maxInput)
	}
	req := proto.Request{Args: c.Args, Env: c.Env, Dir: c.Dir, Mkdir: c.Mkdir, Input: c.Input}
	for _, f := range c.Fetch {
		req.Fetch = append(req.Fetch, f.Guest)
	}
	if err := m.session.proto.SendJSON(proto.Run, req); err != nil {
		return proto.Result{}, m.explain("run "+c.Args[0], err)
	}
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() { defer close(watched); m.watch(ctx, ended, c.Signals) }()
	res, err := m.collect(c)
	close(ended)
	<-watched
	switch {
	case ctx.Err() != nil:
		return res, fmt.Errorf("vm: run %s: killed: %w", c.Args[0], errors.Join(context.Cause(ctx), err))
	case err != nil:
		return res, m.explain("run "+c.Args[0], err)
	case res.Error != "":
		return res, fmt.Errorf("vm: run %s: the guest: %s", c.Args[0], res.Error)
	}
	return res, nil
}

// watch passes signals on, and kills the command when its time is over, until
// the command has ended.
func (m *Machine) watch(ctx context.Context, ended <-chan struct{}, signals <-chan os.Signal) {
	send := func(sig syscall.Signal) {
		// A port that fails here fails the reader too, which reports it.
		_ = m.session.proto.Send(proto.Signal, []byte{byte(sig)})
	}
	for {
		select {
		case <-ended:
			return
		case s := <-signals:
			if sig, ok := s.(syscall.Signal); ok {
				send(sig)
			}
		case <-ctx.Done():
			send(syscall.SIGKILL)
			_ = m.session.conn.SetReadDeadline(time.Now().Add(killGrace)) // as above
			return
		}
	}
}

// collect receives what a command prints, its files, and its result.
func (m *Machine) collect(c Command) (proto.Result, error) {
	files := newUnpacker(c.Fetch)
	var res proto.Result
	for {
		f, err := m.session.proto.Receive()
		if err == nil {
			switch f.Kind {
			case proto.Stdout:
				err = write(c.Stdout, f.Payload)
			case proto.Stderr:
				err = write(c.Stderr, f.Payload)
			case proto.Archive:
				err = files.write(f.Payload)
			case proto.Done:
				return res, errors.Join(f.Decode(&res), files.close(nil))
			}
		}
		if err != nil {
			_ = files.close(err) // the files are lost with what failed
			return res, err
		}
	}
}

func write(w io.Writer, p []byte) error {
	if w == nil {
		return nil
	}
	_, err := w.Write(p)
	return err
}
