// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// SocketName is the name of the agent's unix socket in its runtime directory.
const SocketName = "agent.sock"

// maxStreams is how many streams one connection may carry.
const maxStreams = 100

// minPing is how often an executor may ping the agent.
const minPing = 5 * time.Second

// maxPosts is how many inputs may wait for the loop.
const maxPosts = maxBatch

// Agent is one agent, which can serve once.
type Agent struct {
	cfg       Config
	secret    secret
	sandboxes *sandboxes
	once      sync.Once
}

// New returns an agent that does nothing yet. It opens the work directory,
// which Serve closes.
func New(cfg Config) (*Agent, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	boxes, err := openSandboxes(cfg.WorkDir)
	if err != nil {
		return nil, err
	}
	if dir := impassable(cfg.WorkDir); cfg.SwitchUser && dir != "" {
		cfg.Log.Warn("work directory is not open to all users: only tasks of the agent's own user will start",
			"work_dir", cfg.WorkDir, "closed_at", dir)
	}
	return &Agent{cfg: cfg, secret: newSecret(), sandboxes: boxes}, nil
}

// Serve runs the agent until ctx ends; then it shuts all executors down,
// destroys their containers and returns. Executors and the CLI reach it on l,
// and executors on the unix socket too; both are closed in the end. The error
// is nil if all went well to the end. Serve also ends when an operator declares
// the agent gone: the error is then, or wraps, a *GoneError.
func (a *Agent) Serve(ctx context.Context, l net.Listener) error {
	first, err := false, error(nil)
	a.once.Do(func() { first, err = true, a.serve(ctx, l) })
	if !first {
		return errors.Join(errors.New("agent: Serve was called before"), l.Close())
	}
	return err
}

func (a *Agent) serve(ctx context.Context, l net.Listener) (err error) {
	defer func() { err = errors.Join(err, a.sandboxes.close()) }()
	listeners, socket, err := a.listen(l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	p, err := a.assemble(endpoint(&a.cfg, l), socket)
	if err != nil {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return err
	}
	return p.run(ctx, listeners)
}

// listen adds the unix socket, if there is to be one, to the listener. Who can
// reach the socket still needs a token.
func (a *Agent) listen(l net.Listener) (_ []net.Listener, path string, err error) {
	if a.cfg.RuntimeDir == "" {
		return []net.Listener{l}, "", nil
	}
	path = filepath.Join(a.cfg.RuntimeDir, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, "", fmt.Errorf("agent: removing an old socket: %w", err)
	}
	u, err := net.Listen("unix", path)
	if err != nil {
		return nil, "", fmt.Errorf("agent: unix socket %s: %w; its path must be shorter than 108 bytes", path, err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, "", errors.Join(fmt.Errorf("agent: unix socket: %w", err), u.Close())
	}
	return []net.Listener{l, u}, path, nil
}

// endpoint is where executors reach the agent: as configured, or else where it
// listens.
func endpoint(cfg *Config, l net.Listener) netip.AddrPort {
	if cfg.Advertise.IsValid() {
		return cfg.Advertise
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
}

// parts are what an agent that serves is made of.
type parts struct {
	loop   *loop
	linker *linker
	door   *door
	tools  *tools
	server *grpc.Server
}

func (a *Agent) assemble(at netip.AddrPort, socket string) (*parts, error) {
	c, err := a.newCore(at)
	if err != nil {
		return nil, err
	}
	p := &parts{loop: &loop{
		core:        c,
		log:         a.cfg.Log,
		posts:       make(chan post, maxPosts),
		done:        make(chan struct{}),
		conns:       map[core.ConnID]*conn{},
		workers:     map[core.ContainerID]*worker{},
		ended:       &ended{},
		stopTimeout: a.cfg.StopTimeout,
	}}
	env := environment{endpoint: at, socket: socket, mesosHome: a.cfg.MesosHome, secret: &a.secret}
	p.linker = &linker{master: a.cfg.Master, dial: a.cfg.Dial, loop: p.loop, log: a.cfg.Log}
	p.door = &door{secret: &a.secret, loop: p.loop}
	p.tools = newTools(&a.cfg, a.sandboxes, env, &p.door.callers)
	p.tools.volumes = newVolumes(a.sandboxes, a.cfg.Log, p.loop.input)
	p.loop.volumes = p.tools.volumes
	p.server = grpc.NewServer(
		grpc.MaxRecvMsgSize(maxFromExecutor),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	)
	link.RegisterExecutorsServer(p.server, p.door)
	link.RegisterContainersServer(p.server, newLister(p.loop, a.cfg.Log))
	return p, nil
}

func (a *Agent) newCore(at netip.AddrPort) (*core.Core, error) {
	var nonce, updateNonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails: it ends the process instead
	_, _ = rand.Read(updateNonce[:])
	return core.New(core.Config{
		Agent: &mesos.AgentInfo{
			Hostname:   &a.cfg.Hostname,
			Port:       new(int32(at.Port())),
			Attributes: a.cfg.Attributes,
			Domain:     a.cfg.Domain,
		},
		Total:               a.cfg.Resources,
		Version:             a.cfg.Version,
		Nonce:               nonce,
		UpdateNonce:         updateNonce,
		RegistrationTimeout: a.cfg.RegistrationTimeout,
		ShutdownGrace:       a.cfg.ShutdownGrace,
		KillGrace:           a.cfg.KillGrace,
		MaxGrace:            a.cfg.MaxGrace,
	})
}

// run serves until ctx ends or a listener fails. What it started last ends
// first: the loop, when its containers are gone; then what posts to it.
func (p *parts) run(ctx context.Context, listeners []net.Listener) error {
	var others errgroup.Group
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for _, l := range listeners {
		others.Go(func() error {
			err := p.server.Serve(l)
			fail(err)
			if errors.Is(err, grpc.ErrServerStopped) {
				return nil // before it began
			}
			return err
		})
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	p.loop.start = func(l core.Launch) *worker { return p.newWorker(work, l) }
	linked, unlink := context.WithCancel(context.WithoutCancel(ctx))
	defer unlink()
	unlinked := make(chan struct{})
	go func() {
		defer close(unlinked)
		p.linker.run(linked)
	}()
	p.tools.workers.Go(func() { p.tools.volumes.run(work) })
	p.tools.workers.Go(func() { p.tools.volumes.sweep(work) })

	err := p.loop.run(ctx)

	stopWork()
	p.server.Stop()
	p.door.peers.Wait()
	p.tools.workers.Wait()
	p.linker.farewell(unlinked, unlink)
	<-unlinked
	return errors.Join(err, others.Wait())
}

// newWorker starts the worker of a container.
func (p *parts) newWorker(ctx context.Context, l core.Launch) *worker {
	life, interrupt := context.WithCancel(ctx)
	w := &worker{
		launch: l, tools: p.tools, post: p.loop.input,
		log:       p.loop.log.With("container_id", string(l.Container), "executor_id", string(l.Executor), "framework_id", string(l.Framework)),
		actions:   newQueue[core.Action](maxActions, 0, nil),
		life:      life,
		interrupt: interrupt,
	}
	p.tools.workers.Go(func() { w.run(ctx) })
	return w
}
