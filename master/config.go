// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// Config is how a master is set up. The zero value of each field is its
// default.
type Config struct {
	// Hostname is the name under which frameworks and agents are told to find
	// the master; by default the address in Advertise.
	Hostname string
	// Advertise is the address that frameworks and agents are told; by default
	// unset, which serves where nobody has to find the master a second time.
	Advertise netip.AddrPort
	// AllocationInterval is how long a refused piece waits at most until it is
	// offered to another framework, and at least until it is offered to the same
	// again; 1 s by default. Other changes lead to offers at once.
	AllocationInterval time.Duration
	// RoleSorter orders roles, and FrameworkSorter the frameworks of one; both by
	// lowest dominant share by default.
	RoleSorter, FrameworkSorter allocator.Sorter
	// FairSharingExcluded are names of resources that do not count in shares.
	FairSharingExcluded []string
	// MinAllocatable are amounts of which a piece must have one to be offered;
	// allocator.DefaultMinAllocatable by default.
	MinAllocatable []resource.Resources
	// OfferGPUs offers agents with GPUs also to frameworks that have not said that
	// they want any.
	OfferGPUs bool
	// OptimisticOffers offers the same resources to several frameworks at a time:
	// the first to use them wins.
	OptimisticOffers bool
	// Domain is where the master is. Agents of another region are for frameworks
	// that say that they know of regions; by default all agents count as near.
	Domain *mesos.DomainInfo
	// AgentPingTimeout is how long an agent may take to answer a ping, and
	// MaxAgentPingTimeouts how many pings in a row it may leave unanswered before it
	// is unreachable; 15 s and 5 by default.
	AgentPingTimeout     time.Duration
	MaxAgentPingTimeouts int
	// AgentReregisterTimeout is how long a lost agent is waited for; 10 min by
	// default.
	AgentReregisterTimeout time.Duration
	// AgentRemovalRate bounds how many agents become unreachable; by default
	// nothing does.
	AgentRemovalRate core.Rate
	// OfferTimeout is how long an offer stands before it is rescinded; for
	// ever by default.
	OfferTimeout time.Duration
	// Weights are the weights of roles that a master sets whose registry has none.
	Weights map[string]float64
	// Registry remembers for masters to come; by default nobody does.
	Registry Registry
	// Log gets what an operator may want to know; by default nobody does.
	Log *slog.Logger
	// Version is what the master says its version is.
	Version string
	// ID begins the ids of all frameworks, agents and offers; random by
	// default. No two masters of a cluster may ever have the same.
	ID string
}

// withDefaults returns the configuration with its defaults filled in.
func (c Config) withDefaults() (Config, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Hostname == "" && c.Advertise.IsValid() {
		c.Hostname = c.Advertise.Addr().String()
	}
	if c.ID == "" {
		c.ID = newID()
	}
	if c.AllocationInterval < 0 {
		return c, fmt.Errorf("master: AllocationInterval %v: must not be negative", c.AllocationInterval)
	}
	return c, nil
}

// allocator returns the allocator that is asked for.
func (c Config) allocator() *allocator.Fair {
	var seed [8]byte
	rand.Read(seed[:]) // never fails
	return allocator.New(allocator.Config{
		Interval:            c.AllocationInterval,
		RoleSorter:          c.RoleSorter,
		FrameworkSorter:     c.FrameworkSorter,
		FairSharingExcluded: c.FairSharingExcluded,
		MinAllocatable:      c.MinAllocatable,
		FilterGPU:           !c.OfferGPUs,
		Domain:              c.Domain,
		Optimistic:          c.OptimisticOffers,
		Seed:                binary.LittleEndian.Uint64(seed[:]),
	})
}

// newID returns 128 random bits as a UUID's text.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// info returns what frameworks and agents are told of the master.
func (c Config) info() *mesos.MasterInfo {
	addr, port := c.Advertise.Addr().Unmap(), uint32(c.Advertise.Port())
	info := &mesos.MasterInfo{
		Id:      new(c.ID),
		Ip:      new(uint32(0)),
		Port:    new(port),
		Version: new(c.Version),
		Domain:  c.Domain,
	}
	if c.Hostname != "" {
		info.Hostname = new(c.Hostname)
	}
	if !c.Advertise.IsValid() {
		return info
	}
	if addr.Is4() {
		b := addr.As4()
		info.Ip = new(binary.LittleEndian.Uint32(b[:])) // network order in memory, as Mesos has it
	}
	info.Pid = new("master@" + netip.AddrPortFrom(addr, uint16(port)).String())
	info.Address = &mesos.Address{
		Hostname: info.Hostname, Ip: new(addr.String()), Port: new(int32(port)),
	}
	return info
}
