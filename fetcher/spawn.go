// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// grace is how long a child may take to tidy up after it was told to stop.
const grace = 5 * time.Second

// maxComplaint is how many bytes of a child's standard error are kept for the
// case that it ends without a result.
const maxComplaint = 2 << 10

// Spawn fetches r in a child process: exe[0] with the arguments exe[1:], which
// must run [Main], for instance {"/proc/self/exe", "fetch"}.
//
// The child runs as r.UID and r.GID without supplementary groups, if this
// process is root and r.UID is not -1; else with the credentials of this
// process. Its environment is empty, its directory is /, it is the leader of
// its own process group, and it has no open file but the pipes to this
// process. It stops when this process goes away.
//
// Spawn returns when the child has ended, and an [*Error] if the fetch did not
// succeed. If ctx ends the child is told to stop, and killed if it has not
// done so within 5 seconds; the error then wraps the cause of ctx.
func Spawn(ctx context.Context, exe []string, r Request) error {
	if len(exe) == 0 {
		return startError(errors.New("no command was given to fetch with"))
	}
	if err := (owner{r.UID, r.GID}).check(); err != nil {
		return &Error{Step: StepRequest, Err: err}
	}
	c, err := newChild(ctx, exe, r)
	if err != nil {
		return startError(err)
	}
	return c.outcome(ctx, c.run())
}

func startError(err error) error { return &Error{Step: StepStart, Err: err} }

// child is one running fetch.
type child struct {
	cmd       *exec.Cmd
	sandbox   string
	stage     string // the name of the child's stage
	request   []byte
	answer    bounded // what it writes to standard output
	complaint bounded // and to standard error
}

func newChild(ctx context.Context, exe []string, r Request) (*child, error) {
	stage := stageName()
	request, err := json.Marshal(job{Request: r, Stage: stage, Tethered: true})
	if err != nil {
		return nil, err
	}
	if len(request) > maxRequest {
		return nil, fmt.Errorf("the request has %d bytes; the most is %d", len(request), maxRequest)
	}
	c := &child{
		cmd:       exec.CommandContext(ctx, exe[0], exe[1:]...),
		sandbox:   r.Sandbox,
		stage:     stage,
		request:   request,
		answer:    bounded{most: maxResult},
		complaint: bounded{most: maxComplaint},
	}
	c.cmd.Env = []string{}
	c.cmd.Dir = "/"
	c.cmd.Stdout, c.cmd.Stderr = &c.answer, &c.complaint
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credentials(r)}
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = grace
	return c, nil
}

// credentials returns nil if the child is to keep ours.
func credentials(r Request) *syscall.Credential {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid != 0 || r.UID == -1 || (r.UID == uid && r.GID == gid) {
		return nil
	}
	// No Groups: the child has none.
	return &syscall.Credential{Uid: uint32(r.UID), Gid: uint32(r.GID)}
}

// run starts the child, hands it the request, and waits until it has ended.
func (c *child) run() error {
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return errors.Join(err, stdin.Close())
	}
	// A child that ends without reading breaks the pipe, and Wait says more
	// about that. Wait closes the pipe, and not before the child has ended.
	_, _ = stdin.Write(c.request)
	return c.cmd.Wait()
}

// outcome makes of how the child ended, and what it said, what Spawn returns.
func (c *child) outcome(ctx context.Context, ended error) error {
	res, unclear := parseResult(c.answer.bytes)
	exited := c.cmd.ProcessState != nil && c.cmd.ProcessState.Exited()
	switch {
	case unclear == nil && exited && res.Step == "" && c.cmd.ProcessState.ExitCode() == ExitFetched:
		return nil
	case unclear == nil && exited && res.Step != "" && ctx.Err() == nil:
		return res.err()
	case unclear == nil && exited && res.Step != "":
		return &Error{URI: res.URI, Step: res.Step, Err: context.Cause(ctx)}
	}
	why := c.noAnswer(ended)
	if ctx.Err() != nil {
		why = context.Cause(ctx)
	}
	return withCleanup(startError(why), c.sweep())
}

// sweep removes what a child that was killed could not.
func (c *child) sweep() error {
	sandbox, err := os.OpenRoot(c.sandbox)
	if err != nil {
		return nil // no sandbox: nothing in it
	}
	defer sandbox.Close() // a directory that was only read from
	return sandbox.RemoveAll(c.stage)
}

// noAnswer describes a child that ended without saying why.
func (c *child) noAnswer(err error) error {
	if err == nil {
		err = errors.New("it ended well but said nothing; it must be a command that runs the fetcher")
	}
	said := strings.TrimSpace(strings.ToValidUTF8(string(c.complaint.bytes), "?"))
	if said == "" {
		return fmt.Errorf("running %s: %w", c.cmd.Path, err)
	}
	return fmt.Errorf("running %s: %w; it said: %s", c.cmd.Path, err, said)
}

// bounded keeps the first bytes that are written to it, and swallows the rest.
type bounded struct {
	bytes []byte
	most  int
}

// Write never fails: a child that talks too much is not to be blocked by it.
func (b *bounded) Write(p []byte) (int, error) {
	room := min(b.most-len(b.bytes), len(p))
	b.bytes = append(b.bytes, p[:room]...)
	return len(p), nil
}
