// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Master is one master. It serves once: see Serve.
type Master struct {
	cfg  Config
	log  *slog.Logger
	core *core.Core // owned by the loop from the start of Serve

	inbox       chan event
	stopped     chan struct{} // closed when the loop has ended
	lastConn    atomic.Uint64
	lastRequest atomic.Uint64
	live        atomic.Int64   // connections
	asking      atomic.Int64   // requests that are not answered
	peers       sync.WaitGroup // goroutines of connections
	served      atomic.Bool
}

// New returns a master that knows what its registry remembers.
func New(cfg Config) (*Master, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	var remembered []core.Record
	if cfg.Registry != nil {
		if remembered, err = cfg.Registry.Load(); err != nil {
			return nil, fmt.Errorf("master: %w", err)
		}
	}
	c, err := core.New(core.Config{
		Master:                 cfg.info(),
		Allocator:              cfg.allocator(),
		AgentPingTimeout:       cfg.AgentPingTimeout,
		MaxAgentPingTimeouts:   cfg.MaxAgentPingTimeouts,
		AgentReregisterTimeout: cfg.AgentReregisterTimeout,
		AgentRemovalRate:       cfg.AgentRemovalRate,
		OfferTimeout:           cfg.OfferTimeout,
		OptimisticOffers:       cfg.OptimisticOffers,
		Remembered:             remembered,
	})
	if err != nil {
		return nil, fmt.Errorf("master: %w", err)
	}
	if slices.ContainsFunc(remembered, func(r core.Record) bool { return r.Kind == core.RecordWeight }) {
		cfg.Weights = nil
	}
	return &Master{
		cfg:     cfg,
		log:     cfg.Log,
		core:    c,
		inbox:   make(chan event, inboxSize),
		stopped: make(chan struct{}),
	}, nil
}

// Serve answers schedulers, agents and operators on l until ctx ends, and returns nil
// then, after every connection has been told and every goroutine has ended. It
// closes l. An error is one of l, or of the registry: what could not be remembered
// nobody has been told. Serve can be called once.
func (m *Master) Serve(ctx context.Context, l net.Listener) error {
	if m.served.Swap(true) {
		return errors.New("master: Serve was called before: it can be called once")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := m.newServer()
	failed := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() {
		failed <- server.Serve(l)
		cancel()
	})
	m.log.Info("master serves", "id", m.cfg.ID, "address", l.Addr().String())
	broken := newLoop(m).run(ctx)
	close(m.stopped)
	stopServer(server)
	running.Wait()
	m.peers.Wait()
	if err := <-failed; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return errors.Join(broken, fmt.Errorf("master: serve %s: %w", l.Addr(), err))
	}
	return broken
}

// newServer returns the gRPC server with all doors.
func (m *Master) newServer() *grpc.Server {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(firstMessageTimeout),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	)
	link.RegisterSchedulersServer(server, schedulers{m: m})
	link.RegisterAgentsServer(server, agents{m: m})
	link.RegisterOperatorsServer(server, operators{m: m})
	return server
}

// stopServer stops the server: connections whose streams have ended close in
// order, others after stopTimeout.
func stopServer(server *grpc.Server) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.GracefulStop()
	}()
	if !waitFor(done, stopTimeout) {
		server.Stop()
		<-done
	}
}
