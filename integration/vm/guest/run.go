// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/tepui/tepui/integration/vm/proto"
)

// pipeGrace is how long output is awaited from processes that a command left
// behind with its stdout or stderr.
const pipeGrace = 2 * time.Second

// run carries out one request and answers with an Archive and Done.
func (s *server) run(f proto.Frame) error {
	var req proto.Request
	if err := f.Decode(&req); err != nil {
		return err
	}
	began := time.Now()
	res := proto.Result{Code: -1}
	if cmd, err := s.start(req); err != nil {
		res.Error = err.Error()
	} else if err := s.attend(cmd); err != nil {
		res.Error = err.Error()
	} else {
		describe(&res, cmd.ProcessState)
	}
	res.Elapsed = time.Since(began)
	if err := writeArchive(s.conn.Stream(proto.Archive), req.Fetch); err != nil && res.Error == "" {
		res.Error = err.Error()
	}
	return s.conn.SendJSON(proto.Done, res)
}

func (s *server) start(req proto.Request) (*exec.Cmd, error) {
	if len(req.Args) == 0 {
		return nil, errors.New("no command given")
	}
	for _, dir := range req.Mkdir {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if s.group != "" {
		cmd, err := s.startIn(s.group, req)
		if !errors.Is(err, syscall.EBUSY) {
			return cmd, err
		}
		// An earlier command gave the cgroup children with controllers: no
		// process may live in it any more.
	}
	return s.startIn("", req)
}

// startIn starts the command of a request in a cgroup; "" is the runner's own.
func (s *server) startIn(group string, req proto.Request) (*exec.Cmd, error) {
	cmd := exec.Command(req.Args[0], req.Args[1:]...)
	cmd.Dir = req.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	cmd.Env = append(os.Environ(), req.Env...)
	if len(req.Input) > 0 {
		cmd.Stdin = bytes.NewReader(req.Input)
	}
	cmd.Stdout, cmd.Stderr = s.conn.Stream(proto.Stdout), s.conn.Stream(proto.Stderr)
	cmd.WaitDelay = pipeGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if group != "" {
		dir, err := os.Open(group)
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd, nil
}

// attend waits for a command, passing the host's signals to its process group.
// It is killed if the host goes.
func (s *server) attend(cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
				return nil // told by the process state
			}
			return err
		case f := <-s.frames:
			sig := syscall.SIGKILL
			if f.Kind == proto.Signal && len(f.Payload) == 1 {
				sig = syscall.Signal(f.Payload[0])
			}
			if err := syscall.Kill(-cmd.Process.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				fmt.Fprintf(s.console, "vm-guest: send %s to %d: %v\n", sig, cmd.Process.Pid, err)
			}
		}
	}
}

// describe fills in how a process ended and what it took.
func describe(res *proto.Result, ps *os.ProcessState) {
	res.Code, res.User, res.System = ps.ExitCode(), ps.UserTime(), ps.SystemTime()
	if ws, ok := ps.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		res.Signal = int(ws.Signal())
	}
	if ru, ok := ps.SysUsage().(*syscall.Rusage); ok {
		res.MaxRSS = ru.Maxrss << 10
	}
}
