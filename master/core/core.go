// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/allocator"
	"github.com/tepui/tepui/api/v1/scheduler"
)

const (
	// HeartbeatInterval is the time between two HEARTBEAT events on a
	// scheduler's connection, as SUBSCRIBED tells it.
	HeartbeatInterval = 15 * time.Second
	// DefaultAgentReregisterTimeout is how long a lost agent is waited for.
	DefaultAgentReregisterTimeout = 10 * time.Minute

	// DefaultAgentPingTimeout and DefaultMaxAgentPingTimeouts make an agent
	// unreachable that does not answer for 75 seconds.
	DefaultAgentPingTimeout     = 15 * time.Second
	DefaultMaxAgentPingTimeouts = 5

	// maxFrameworks and maxAgents bound what the master remembers; more are
	// refused. They are well above the largest clusters that are known.
	maxFrameworks = 1 << 16
	maxAgents     = 1 << 17
	// maxCompleted is how many ids of frameworks that are gone for good are
	// remembered, so that they can be told so: a few MB.
	maxCompleted = 1 << 14
	// maxAcknowledged is how many acknowledged ends of tasks are remembered, to
	// tell one that an agent sends again from the end of a new task of the same
	// id. It covers the time that an acknowledgement takes to the agent, at
	// 20,000 a second; some 4 MB.
	maxAcknowledged = 1 << 14
)

// Config is what a core needs to know. Master and Allocator are required.
type Config struct {
	// Master is how the master presents itself to frameworks and agents; all
	// ids it gives begin with Master.Id.
	Master *mesos.MasterInfo
	// Allocator belongs to the core from now on.
	Allocator Allocator
	// AgentReregisterTimeout is how long an agent whose link is lost may take to
	// come back; 0 is DefaultAgentReregisterTimeout.
	AgentReregisterTimeout time.Duration
	// AgentPingTimeout is how long an agent may take to answer a ping, and the time
	// between two pings; 0 is DefaultAgentPingTimeout.
	AgentPingTimeout time.Duration
	// MaxAgentPingTimeouts is how many pings in a row an agent may leave unanswered
	// before it is unreachable; 0 is DefaultMaxAgentPingTimeouts.
	MaxAgentPingTimeouts int
	// RecoveryAgentRemovalLimit is the largest share, from 0 to 1, of the agents of
	// an earlier master that may become unreachable because they did not come back
	// in time. If more are missing, something else is wrong, and all of them are
	// waited for; 0 is 1: no limit.
	RecoveryAgentRemovalLimit float64
	// AgentRemovalRate bounds how many agents become unreachable, so that a network
	// that fails does not take down a cluster; the zero Rate is no bound.
	AgentRemovalRate Rate
	// OfferTimeout is how long an offer stands before it is rescinded; 0 is
	// for ever.
	OfferTimeout time.Duration
	// OptimisticOffers tells that the allocator may offer the same resources to
	// several frameworks: the first to use them wins, the others' offers are
	// rescinded.
	OptimisticOffers bool
	// Authorizer is asked before a task is launched; nil allows everything.
	Authorizer Authorizer
	// Remembered is what an earlier master persisted, in any order.
	Remembered []Record
}

// Core is the master's state and its decisions. It is not safe for concurrent
// use: one goroutine owns it.
type Core struct {
	cfg    Config
	alloc  Allocator
	now    time.Time
	ids    ids
	timers timers

	started time.Time // the time of the first step

	frameworks map[FrameworkID]*framework
	schedulers map[ConnID]*framework
	completed  *recent[FrameworkID]
	history    history // of completed frameworks, for people

	weights map[string]float64
	quotas  map[string]roleQuota
	hold    hold

	agents    map[AgentID]*agent
	agentSeq  uint64
	links     map[ConnID]*agent
	places    map[place][]*agent // those of one place in the order in which they came there
	departed  *departed
	recovered int         // agents in that state
	overdue   []*agent    // those that are to be unreachable, in the order of their turns
	removal   *timer      // runs while there are any
	nextTurn  time.Time   // no agent becomes unreachable before
	emptied   []*agent    // those that drain and on which something has ended in this step
	machines  maintenance // what is planned for them

	offers  map[OfferID]*offer
	taskSeq uint64

	operationSeq   uint64 // makes their uuids
	operationOrder uint64
	acked          *recent[end] // of tasks, that were acknowledged

	// closed are the connections that the core has ended since the last Ready:
	// what they still send before the shell hears of it does not count.
	closed map[ConnID]struct{}

	broken error // a fault of the core in its own sums, for Check

	out   Ready
	spare Ready // the buffers of the Ready before, for the next one
}

// New returns a core that knows what an earlier master remembered. An error names
// the field of Config, or the record, that is wrong.
func New(cfg Config) (*Core, error) {
	if cfg.Allocator == nil {
		return nil, errors.New("core: Config.Allocator is nil: it must be set")
	}
	if err := mesos.ValidateID("master", cfg.Master.GetId()); err != nil {
		return nil, err
	}
	if cfg.AgentReregisterTimeout == 0 {
		cfg.AgentReregisterTimeout = DefaultAgentReregisterTimeout
	}
	if cfg.AgentReregisterTimeout < 0 || cfg.OfferTimeout < 0 || cfg.AgentPingTimeout < 0 {
		return nil, errors.New("core: a timeout in Config is negative: it must be 0 or more")
	}
	if err := cfg.completePings(); err != nil {
		return nil, err
	}
	cfg.Master = capable(cfg.Master)
	c := &Core{
		cfg:        cfg,
		alloc:      cfg.Allocator,
		ids:        ids{master: cfg.Master.GetId()},
		frameworks: make(map[FrameworkID]*framework),
		weights:    make(map[string]float64),
		quotas:     make(map[string]roleQuota),
		schedulers: make(map[ConnID]*framework),
		completed:  newRecent[FrameworkID](maxCompleted),
		agents:     make(map[AgentID]*agent),
		links:      make(map[ConnID]*agent),
		places:     make(map[place][]*agent),
		departed:   newDeparted(),
		machines:   newMaintenance(),
		offers:     make(map[OfferID]*offer),
		acked:      newRecent[end](maxAcknowledged),
		closed:     make(map[ConnID]struct{}),
	}
	if err := c.restore(cfg.Remembered); err != nil {
		return nil, err
	}
	return c, nil
}

// Step validates one input and applies it. An error, always an *Error, is the
// caller's fault and leaves the state as it was. Time does not run backwards: a
// now that is before an earlier one counts as that one.
func (c *Core) Step(now time.Time, in Input) error {
	if now.After(c.now) {
		c.now = now
	}
	if c.started.IsZero() {
		c.started = c.now
		c.begin()
	}
	defer c.settleDrains()
	switch in := in.(type) {
	case Call:
		if c.isClosed(in.Conn) {
			return nil
		}
		return c.stepCall(in)
	case SchedulerClosed:
		c.schedulerClosed(in)
	case AgentMessage:
		if c.isClosed(in.Conn) {
			return nil
		}
		return c.stepAgentMessage(in)
	case AgentClosed:
		c.agentClosed(in.Conn)
	case OperatorCall:
		c.operatorCall(in)
	case ExplainCall:
		c.explain(in)
	case Tick:
		c.timers.run(c.now)
	}
	return nil
}

// Ready makes the offers that are due and takes what has accumulated since the
// last Ready.
func (c *Core) Ready() Ready {
	c.makeOffers()
	out := c.out
	clear(c.closed)
	clear(c.spare.Persist)
	clear(c.spare.Send)
	clear(c.spare.Replies)
	clear(c.spare.Notes)
	c.out = Ready{
		Persist: c.spare.Persist[:0],
		Send:    c.spare.Send[:0],
		Replies: c.spare.Replies[:0],
		Notes:   c.spare.Notes[:0],
	}
	c.spare = out
	return out
}

// Deadline is when the next Tick is due, if one is.
func (c *Core) Deadline() (time.Time, bool) {
	if c.started.IsZero() && len(c.cfg.Remembered) > 0 {
		return time.Time{}, true // what is remembered waits for the time to count from
	}
	timer, hasTimer := c.timers.next()
	alloc, hasAlloc := c.alloc.Deadline()
	hasAlloc = hasAlloc && !c.hold.on
	if hasAlloc && (!hasTimer || alloc.Before(timer)) {
		return alloc, true
	}
	return timer, hasTimer
}

// stepCall applies a scheduler's call. Every call but SUBSCRIBE is of a framework
// that is subscribed on that connection.
func (c *Core) stepCall(in Call) error {
	f := c.schedulers[in.Conn]
	if err := scheduler.Validate(in.Call); err != nil {
		switch {
		case !errors.Is(err, scheduler.ErrUnknownCall):
			return failf(Invalid, "%v", err)
		case f == nil:
			return failf(Unsupported, "%v", err)
		}
		c.refuseCall(f, err.Error())
		return nil
	}
	call := in.Call
	if call.GetType() == scheduler.Call_SUBSCRIBE {
		return c.subscribe(in.Conn, f, call.GetSubscribe())
	}
	if f == nil {
		return failf(Unexpected, "type %v: the first call of a connection must be SUBSCRIBE", call.GetType())
	}
	if id := FrameworkID(call.GetFrameworkId().GetValue()); id != f.id {
		return failf(Invalid, "framework_id %q: must be %q, which is subscribed on this connection", id, f.id)
	}
	c.frameworkCall(f, call)
	return nil
}

func (c *Core) frameworkCall(f *framework, call *scheduler.Call) {
	switch call.GetType() {
	case scheduler.Call_TEARDOWN:
		c.teardown(f)
	case scheduler.Call_ACCEPT:
		c.accept(f, call.GetAccept())
	case scheduler.Call_DECLINE:
		c.decline(f, call.GetDecline())
	case scheduler.Call_REVIVE:
		c.revive(f, call.GetRevive().GetRoles())
	case scheduler.Call_SUPPRESS:
		c.suppress(f, call.GetSuppress().GetRoles())
	case scheduler.Call_KILL:
		c.kill(f, call.GetKill())
	case scheduler.Call_SHUTDOWN:
		c.shutdownExecutor(f, call.GetShutdown())
	case scheduler.Call_ACKNOWLEDGE:
		c.acknowledge(f, call.GetAcknowledge())
	case scheduler.Call_RECONCILE:
		c.reconcile(f, call.GetReconcile())
	case scheduler.Call_UPDATE_FRAMEWORK:
		c.updateFramework(f, call.GetUpdateFramework())
	case scheduler.Call_MESSAGE:
		c.messageDown(f, call.GetMessage())
	case scheduler.Call_REQUEST:
		// Accepted and without effect, as with the allocator of Mesos.
	case scheduler.Call_ACCEPT_INVERSE_OFFERS:
		c.answerInverse(f, call.GetAcceptInverseOffers().GetInverseOfferIds(), allocator.InverseOfferStatus_ACCEPT,
			call.GetAcceptInverseOffers().GetFilters())
	case scheduler.Call_DECLINE_INVERSE_OFFERS:
		c.answerInverse(f, call.GetDeclineInverseOffers().GetInverseOfferIds(), allocator.InverseOfferStatus_DECLINE,
			call.GetDeclineInverseOffers().GetFilters())
	case scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS:
		c.acknowledgeStatus(f, call.GetAcknowledgeOperationStatus())
	case scheduler.Call_RECONCILE_OPERATIONS:
		c.reconcileOperations(f, call.GetReconcileOperations())
	default:
		c.refuseCall(f, fmt.Sprintf("type %v: not supported by this master version", call.GetType()))
	}
}

// refuseCall leaves a call that is well-formed without effect. The connection
// stays: its end could be the framework's.
func (c *Core) refuseCall(f *framework, why string) {
	c.note(Note{Level: Warn, Event: "call refused", Framework: f.id, Detail: why})
}
