// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"github.com/spf13/pflag"
)

// listenFlags say where a daemon listens, and what others call its host.
type listenFlags struct {
	ip       string
	port     uint16
	hostname string
}

func (f *listenFlags) add(set *pflag.FlagSet, port uint16) {
	set.StringVar(&f.ip, "ip", "127.0.0.1", "address to listen on and to be known by; set it to one that the other machines reach")
	set.Uint16Var(&f.port, "port", port, "TCP port to listen on; 0 = any that is free")
	set.StringVar(&f.hostname, "hostname", "", "name of this host for frameworks and people (default: what the system says)")
}

// listen opens the port and tells by which address others reach it.
func (f *listenFlags) listen(ctx context.Context) (net.Listener, netip.AddrPort, error) {
	ip, err := netip.ParseAddr(f.ip)
	if err != nil {
		return nil, netip.AddrPort{}, usageError{fmt.Errorf("--ip %q: must be an IP address", f.ip)}
	}
	if ip.IsUnspecified() {
		return nil, netip.AddrPort{}, usageError{fmt.Errorf("--ip %s: must be one address of this host, by which others reach it", f.ip)}
	}
	if f.hostname == "" {
		if f.hostname, err = os.Hostname(); err != nil {
			return nil, netip.AddrPort{}, fmt.Errorf("find the name of this host: %w: give it by --hostname", err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(f.ip, strconv.Itoa(int(f.port))))
	if err != nil {
		return nil, netip.AddrPort{}, f.explain(err)
	}
	bound, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return nil, netip.AddrPort{}, errors.Join(err, l.Close())
	}
	return l, bound, nil
}

// towards sets the address to the one that packets for the master leave from, if
// the master is not on this host and ip was not given: nobody there could reach
// a loopback address. It sends nothing.
func (f *listenFlags) towards(ctx context.Context, master string, given bool) error {
	if given {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", master)
	if err != nil {
		return fmt.Errorf("--master %s: find the address by which it reaches this host: %w: give it by --ip", master, err)
	}
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	if ip := local.Addr().Unmap(); !ip.IsLoopback() {
		f.ip = ip.String()
	}
	return nil
}

// explain says what to do about an address that cannot be had.
func (f *listenFlags) explain(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--port %d: already in use on %s by another process: stop it, or choose another --port", f.port, f.ip)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("--ip %s: this host has no such address: choose one that 'ip addr' shows", f.ip)
	}
	return fmt.Errorf("listen on %s, port %d: %w", f.ip, f.port, err)
}
