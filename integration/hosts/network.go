// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// insideLink is what a host calls its network interface.
const insideLink = "eth0"

func makeBridge(name string, addr netip.Prefix) (netlink.Link, error) {
	// A bridge without an address of its own takes that of one of its ports,
	// and changes it, unknown to the hosts, when that port goes.
	b := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name, HardwareAddr: hardwareAddress(1)}}
	if err := netlink.LinkAdd(b); err != nil {
		return nil, fmt.Errorf("hosts: add bridge %s: %w", name, err)
	}
	if err := netlink.AddrAdd(b, address(addr)); err != nil {
		return b, fmt.Errorf("hosts: give bridge %s the address %s: %w", name, addr, err)
	}
	if err := netlink.LinkSetUp(b); err != nil {
		return b, fmt.Errorf("hosts: take bridge %s up: %w", name, err)
	}
	return b, nil
}

// hardwareAddress is a locally administered one that ends like the address in
// the subnet.
func hardwareAddress(index int) net.HardwareAddr {
	return net.HardwareAddr{0x02, 'l', 'a', 'b', 0, byte(index)}
}

func address(p netip.Prefix) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
}

// plugIn connects the host's network namespace with the bridge.
func (h *Host) plugIn() error {
	cable := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: h.link(), MasterIndex: h.lab.bridge.Attrs().Index},
		PeerName:  insideLink,
		// A fixed address: the others' neighbour tables outlive a reboot.
		PeerHardwareAddr: hardwareAddress(h.index),
		PeerNamespace:    netlink.NsPid(h.PID()),
	}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("add network interface %s: %w", h.link(), err)
	}
	if err := h.configure(); err != nil {
		return err
	}
	return setLink(h.link(), true)
}

// configure gives the host's own interfaces their state.
func (h *Host) configure() error {
	ns, err := netns.GetFromPid(h.PID())
	if err != nil {
		return fmt.Errorf("open the network namespace: %w", err)
	}
	defer ns.Close()
	inside, err := netlink.NewHandleAt(ns)
	if err != nil {
		return fmt.Errorf("enter the network namespace: %w", err)
	}
	defer inside.Close()
	for _, name := range []string{"lo", insideLink} {
		link, err := inside.LinkByName(name)
		if err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
		if name == insideLink {
			if err := inside.AddrAdd(link, address(netip.PrefixFrom(h.Address(), subnet.Bits()))); err != nil {
				return fmt.Errorf("give %s its address: %w", name, err)
			}
		}
		if err := inside.LinkSetUp(link); err != nil {
			return fmt.Errorf("take %s up: %w", name, err)
		}
	}
	return nil
}

func setLink(name string, up bool) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("hosts: find %s: %w", name, err)
	}
	set := netlink.LinkSetDown
	if up {
		set = netlink.LinkSetUp
	}
	if err := set(link); err != nil {
		return fmt.Errorf("hosts: take %s up=%t: %w", name, up, err)
	}
	return nil
}

// removeLink removes a network interface; it is no error if there is none.
func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil {
		return fmt.Errorf("hosts: remove %s: %w", name, err)
	}
	return nil
}
