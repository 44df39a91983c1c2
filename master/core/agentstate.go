// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import "fmt"

// AgentState is how an agent stands with its master.
//
//	unknown      -- registers    --> connected
//	unknown      -- remembered   --> recovered
//	recovered    -- registers    --> connected
//	recovered    -- overdue      --> unreachable
//	recovered    -- marked gone  --> gone
//	recovered    -- machine down --> removed
//	connected    -- registers    --> connected
//	connected    -- link broken  --> disconnected
//	connected    -- overdue      --> unreachable
//	connected    -- marked gone  --> gone
//	connected    -- replaced     --> removed
//	connected    -- unregisters  --> removed
//	connected    -- machine down --> removed
//	disconnected -- registers    --> connected
//	disconnected -- overdue      --> unreachable
//	disconnected -- marked gone  --> gone
//	disconnected -- replaced     --> removed
//	disconnected -- machine down --> removed
//	unreachable  -- registers    --> connected
//	unreachable  -- marked gone  --> gone
//	unreachable  -- replaced     --> removed
//	unreachable  -- machine down --> removed
//
// A recovered agent is one that an earlier master remembered and that has not
// come back yet. One is overdue when it has missed its pings, or has not come
// back in time; the removal rate may let it wait for its turn, and it may come
// back meanwhile. Gone and removed agents never come back under their id. All
// three kinds that have left are forgotten after a while, the oldest first: see
// departed. A test holds this diagram against the table below.
type AgentState uint8

// The states of agents.
const (
	AgentUnknown AgentState = iota
	AgentRecovered
	AgentConnected
	AgentDisconnected
	AgentUnreachable
	AgentGone
	AgentRemoved

	agentStates = iota
)

// String is the state's name in lower case.
func (s AgentState) String() string {
	names := [agentStates]string{"unknown", "recovered", "connected", "disconnected", "unreachable", "gone", "removed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("AgentState(%d)", uint8(s))
}

// agentEvent is what moves an agent from one state to another.
type agentEvent uint8

const (
	agentRemembered agentEvent = iota
	agentRegisters
	agentLinkBroken
	agentOverdue
	agentMarkedGone
	agentReplaced
	agentMachineDown
	agentUnregisters
)

func (e agentEvent) String() string {
	return [...]string{"remembered", "registers", "link broken", "overdue", "marked gone", "replaced", "machine down", "unregisters"}[e]
}

// agentTransitions is the table of what may follow.
var agentTransitions = map[AgentState]map[agentEvent]AgentState{
	AgentUnknown:   {agentRegisters: AgentConnected, agentRemembered: AgentRecovered},
	AgentRecovered: {agentRegisters: AgentConnected, agentOverdue: AgentUnreachable, agentMarkedGone: AgentGone, agentMachineDown: AgentRemoved},
	AgentConnected: {
		agentRegisters: AgentConnected, agentLinkBroken: AgentDisconnected, agentOverdue: AgentUnreachable,
		agentMarkedGone: AgentGone, agentReplaced: AgentRemoved, agentMachineDown: AgentRemoved, agentUnregisters: AgentRemoved,
	},
	AgentDisconnected: {
		agentRegisters: AgentConnected, agentOverdue: AgentUnreachable,
		agentMarkedGone: AgentGone, agentReplaced: AgentRemoved, agentMachineDown: AgentRemoved,
	},
	AgentUnreachable: {
		agentRegisters:  AgentConnected,
		agentMarkedGone: AgentGone, agentReplaced: AgentRemoved, agentMachineDown: AgentRemoved,
	},
}

// move makes an agent what it is after an event. An event that its state does not
// have is a fault of the core, which Check tells from then on.
func (c *Core) move(a *agent, e agentEvent) {
	to, ok := agentTransitions[a.state][e]
	if !ok {
		c.fault(fmt.Errorf("agent %s is %v: %q cannot happen now", a.id, a.state, e))
		return
	}
	if a.state == AgentRecovered {
		c.recovered--
	}
	if to != a.state {
		a.since = c.now
	}
	if a.state = to; to == AgentRecovered {
		c.recovered++
	}
}
