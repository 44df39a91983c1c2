// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// Config is what a core is told when it is made.
type Config struct {
	// Agent describes the host to masters: hostname, port, attributes. Its
	// resources are those of Total; it has no id, which comes from the master.
	Agent   *mesos.AgentInfo
	Total   resource.Resources
	Version string

	// Nonces are new with each start of the agent: one for the ids of
	// containers, which everybody sees, and one for those of updates, which
	// executors must not guess.
	Nonce, UpdateNonce [8]byte

	RegistrationTimeout time.Duration // for an executor to subscribe once it runs, or has lost its connection
	ShutdownGrace       time.Duration // for an executor whose info states none
	KillGrace           time.Duration // for a command whose kill policy states none
	MaxGrace            time.Duration // for any executor or command, whatever it states
}

// Core is the state of an agent. See the package for what it promises.
type Core struct {
	cfg     Config
	ids     ids    // of containers
	updates ids    // of status updates
	order   uint64 // of the last task or execution
	ledger  *Ledger

	version     []byte // names the ledger's total
	toldVersion []byte // that the master knows, or is about to

	operations map[string]*operation // by uuid
	undo       []resource.Conversion // to be done when what they need is free

	agentID string // given by the master; empty before the first Registered
	link    linkState
	exits   []ToMaster // ends of executors that the master has not been told
	// exitsListed is how many of exits the Register on its way lists.
	exitsListed int

	frameworks map[FrameworkID]*framework
	containers map[ContainerID]*execution
	conns      map[ConnID]*execution

	silence     timer         // until the master must have pinged; runs while registered
	pingTimeout time.Duration // how long; 0 if it promises none

	drain *mesos.DrainConfig // nil unless the agent is being emptied
	idle  []*execution       // whose last task has ended in this step, of a draining agent

	leaving  bool // the master does not want the agent: register anew when empty
	gone     bool // for good: leaving, and never to register again
	goneWhy  string
	stopping bool
	stopped  bool  // nothing is left to wait for
	linger   timer // for the last acknowledgements before stopped

	timers timers
	dirty  []*execution // whose limits or queue are to be looked at in Ready
	out    Ready
}

// New returns the core of an agent with no executors, not connected.
func New(cfg Config) (*Core, error) {
	switch {
	case cfg.Agent.GetHostname() == "":
		return nil, errors.New("core: the agent's hostname must not be empty")
	case cfg.Agent.GetId() != nil:
		return nil, fmt.Errorf("core: the agent has the id %q: only a master gives one", cfg.Agent.GetId().GetValue())
	case cfg.RegistrationTimeout <= 0 || cfg.MaxGrace <= 0 || cfg.ShutdownGrace < 0 || cfg.KillGrace < 0:
		return nil, fmt.Errorf("core: registration timeout %v and longest grace %v must be positive, "+
			"shutdown grace %v and kill grace %v not negative",
			cfg.RegistrationTimeout, cfg.MaxGrace, cfg.ShutdownGrace, cfg.KillGrace)
	}
	c := &Core{
		cfg:        cfg,
		ids:        ids{nonce: cfg.Nonce},
		updates:    ids{nonce: cfg.UpdateNonce},
		ledger:     NewLedger(cfg.Total),
		frameworks: map[FrameworkID]*framework{},
		containers: map[ContainerID]*execution{},
		conns:      map[ConnID]*execution{},
		operations: map[string]*operation{},
	}
	c.renewVersion()
	c.silence.fire = c.unheard
	c.linger.fire = func(time.Time) { c.unregister() }
	return c, nil
}

// Step applies one input. An error is the fault of whoever the input came
// from, and leaves the state as it was; a *Refusal is to be told to the peer.
func (c *Core) Step(now time.Time, in Input) error {
	err := c.step(now, in)
	c.settle(now)
	return err
}

func (c *Core) step(now time.Time, in Input) error {
	switch in := in.(type) {
	case LinkUp:
		c.linkUp()
	case LinkDown:
		c.linkDown()
	case FromMaster:
		return c.fromMaster(now, in.Message)
	case ExecutorCall:
		return c.call(now, in)
	case ConnClosed:
		c.disconnect(now, in.Conn)
	case Tick:
		c.timers.run(now)
	case Stop:
		c.stop(now, in.Grace)
	default:
		return c.result(now, in)
	}
	return nil
}

// result applies what came of an action.
func (c *Core) result(now time.Time, in Input) error {
	switch in := in.(type) {
	case Fetched:
		return c.with(in.Container, func(e *execution) error { return c.fetched(e) })
	case FetchFailed:
		return c.with(in.Container, func(e *execution) error {
			return c.launchFailed(now, e, fetchFailed, in.Message)
		})
	case Started:
		return c.with(in.Container, func(e *execution) error { return c.started(now, e, in.Pid) })
	case StartFailed:
		return c.with(in.Container, func(e *execution) error {
			return c.launchFailed(now, e, startFailed, in.Message)
		})
	case Exited:
		return c.with(in.Container, func(e *execution) error { return c.exited(now, e, in.Exit) })
	case LimitsUpdated:
		return c.with(in.Container, func(e *execution) error { return c.limitsUpdated(now, e, in.Problem) })
	case VolumesChanged:
		return c.volumesChanged(now, in)
	case Preempt:
		return c.with(in.Container, c.preempt)
	case Destroyed:
		return c.with(in.Container, func(e *execution) error { return c.destroyed(now, e) })
	default:
		return fmt.Errorf("core: unknown input %T", in)
	}
}

func (c *Core) with(id ContainerID, do func(*execution) error) error {
	e, ok := c.containers[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownContainer, id)
	}
	return do(e)
}

// Ready takes what has accumulated since the last Ready. Changes of limits are
// decided here, so that one change serves all inputs stepped in between.
func (c *Core) Ready() Ready {
	for _, e := range c.dirty {
		e.dirty = false
		c.flush(e)
	}
	clear(c.dirty)
	c.dirty = c.dirty[:0]
	out := c.out
	c.out = Ready{}
	return out
}

// Deadline is when a Tick is due, if nothing happens before.
func (c *Core) Deadline() (time.Time, bool) { return c.timers.next() }

// Stopped tells whether the agent is over, after a Stop or because it is gone: no
// container is left, and the last updates are acknowledged or nobody is there to do it.
func (c *Core) Stopped() bool { return c.stopped }

// Gone tells whether an operator has declared the agent gone, and what the master said
// of it. Such an agent ends what it runs, and is over.
func (c *Core) Gone() (message string, gone bool) { return c.goneWhy, c.gone }

// id is the agent's id for a message, which must not share it: it changes.
func (c *Core) id() *mesos.AgentID { return &mesos.AgentID{Value: new(c.agentID)} }

// AgentID is the id that the master gave; empty before.
func (c *Core) AgentID() string { return c.agentID }

// Ledger is the account of the host's resources, to be read only.
func (c *Core) Ledger() *Ledger { return c.ledger }

// renewVersion gives the total another name, which no start of the agent uses
// again.
func (c *Core) renewVersion() {
	uuid := c.ids.uuid()
	c.version = uuid[:]
}

func (c *Core) nextOrder() uint64 {
	c.order++
	return c.order
}

func (c *Core) send(m Message) { c.out.Send = append(c.out.Send, m) }
func (c *Core) do(a Action)    { c.out.Do = append(c.out.Do, a) }
func (c *Core) note(n Note)    { c.out.Notes = append(c.out.Notes, n) }

// touch has Ready look at an execution.
func (c *Core) touch(e *execution) {
	if !e.dirty {
		e.dirty = true
		c.dirty = append(c.dirty, e)
	}
}
