// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package ship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves byte slices by name, to anyone who asks, until Close.
type Server struct {
	base  string
	http  *http.Server
	files *http.ServeMux
	work  sync.WaitGroup
	begun time.Time
}

// Serve starts a Server on a free port of the address ip. An empty ip is the
// address from which master (host:port) is reached, where the agents should
// reach us too.
func Serve(ctx context.Context, ip, master string) (*Server, error) {
	if ip == "" {
		var err error
		if ip, err = towards(ctx, master); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return nil, fmt.Errorf("serve files on %s: %w", ip, err)
	}
	s := &Server{base: "http://" + l.Addr().String() + "/", files: http.NewServeMux(), begun: time.Now()}
	s.http = &http.Server{Handler: s.files, ReadHeaderTimeout: 10 * time.Second}
	s.work.Go(func() { _ = s.http.Serve(l) }) // ends with Close
	return s, nil
}

// Add serves content as name and returns its URI.
func (s *Server) Add(name string, content []byte) string {
	s.files.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, name, s.begun, bytes.NewReader(content))
	})
	return s.base + name
}

// Close ends the Server and what it is sending.
func (s *Server) Close() {
	_ = s.http.Close() // closes connections; nothing is left to be told of them
	s.work.Wait()
}

// towards returns the local address that packets for peer leave from. It sends
// nothing.
func towards(ctx context.Context, peer string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", peer)
	if err != nil {
		return "", fmt.Errorf("find the address that the agents reach: %w", err)
	}
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if err := conn.Close(); err != nil || !ok {
		return "", errors.Join(err, fmt.Errorf("no address towards %s", peer))
	}
	return local.IP.String(), nil
}
