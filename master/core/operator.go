// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"google.golang.org/protobuf/proto"
)

// operatorCall carries out an operator's call and answers it, at once or, for
// what operateLater takes, when its time has come.
//
// An answer costs what it tells: a call about one thing is cheap, and one that
// asks for everything builds everything, while the loop waits. The large ones are to
// be read from immutable views one day, beside the loop.
func (c *Core) operatorCall(in OperatorCall) {
	if err := master.Validate(in.Call); err != nil {
		kind := Invalid
		if errors.Is(err, master.ErrUnknownCall) {
			kind = Unsupported
		}
		c.fail(in.Request, failf(kind, "%v", err))
		return
	}
	if c.operateLater(in) {
		return
	}
	answer, err := c.operate(in)
	if err != nil {
		c.note(Note{Level: Info, Event: "operator's call refused", Detail: in.Call.GetType().String() + ": " + err.Text})
		c.fail(in.Request, err)
		return
	}
	c.done(in.Request, answer)
}

// operate carries out a call that is answered at once; the response is nil for
// one that is done and has nothing to tell.
func (c *Core) operate(in OperatorCall) (*master.Response, *Error) {
	if id, op := conversionCall(in.Call); op != nil {
		return nil, c.convertResources(in.Principal, id, op)
	}
	switch call := in.Call; call.GetType() {
	case master.Call_GET_HEALTH:
		return c.getHealth(), nil
	case master.Call_GET_VERSION:
		return c.getVersion(), nil
	case master.Call_GET_MASTER:
		return c.getMaster(), nil
	case master.Call_GET_FRAMEWORKS:
		return c.getFrameworks(), nil
	case master.Call_GET_STATE:
		return c.getState(), nil
	case master.Call_GET_TASKS:
		return c.getTasks(), nil
	case master.Call_GET_OPERATIONS:
		return c.getOperations(), nil
	case master.Call_GET_EXECUTORS:
		return c.getExecutors(), nil
	case master.Call_GET_ROLES:
		return c.getRoles(), nil
	case master.Call_GET_WEIGHTS:
		return c.getWeights(), nil
	case master.Call_UPDATE_WEIGHTS:
		return nil, c.updateWeights(call.GetUpdateWeights())
	case master.Call_GET_QUOTA:
		return c.getQuota(), nil
	case master.Call_UPDATE_QUOTA:
		return nil, c.updateQuota(call.GetUpdateQuota())
	//lint:ignore SA1019 tools from before 1.9 make these two
	case master.Call_SET_QUOTA:
		return nil, c.setOldQuota(call)
	//lint:ignore SA1019 as above
	case master.Call_REMOVE_QUOTA:
		return nil, c.removeOldQuota(call)
	case master.Call_TEARDOWN:
		return nil, c.operatorTeardown(call.GetTeardown())
	default:
		return c.operateAgents(call)
	}
}

// operateAgents carries out a call about agents or their machines.
func (c *Core) operateAgents(call *master.Call) (*master.Response, *Error) {
	switch call.GetType() {
	case master.Call_GET_AGENTS:
		return c.getAgents(), nil
	case master.Call_MARK_AGENT_GONE:
		return nil, c.markAgentGone(call.GetMarkAgentGone())
	case master.Call_DRAIN_AGENT:
		return nil, c.drainAgent(call.GetDrainAgent())
	case master.Call_DEACTIVATE_AGENT:
		return nil, c.deactivateAgent(call.GetDeactivateAgent())
	case master.Call_REACTIVATE_AGENT:
		return nil, c.reactivateAgent(call.GetReactivateAgent())
	case master.Call_GET_MAINTENANCE_STATUS:
		return c.getMaintenance(), nil
	case master.Call_GET_MAINTENANCE_SCHEDULE:
		return c.getSchedule(), nil
	case master.Call_UPDATE_MAINTENANCE_SCHEDULE:
		return nil, c.updateSchedule(call.GetUpdateMaintenanceSchedule())
	case master.Call_START_MAINTENANCE:
		return nil, c.operatorStart(call.GetStartMaintenance())
	case master.Call_STOP_MAINTENANCE:
		return nil, c.operatorStop(call.GetStopMaintenance())
	default:
		return nil, failf(Unsupported, "type %v: not supported by this master version", call.GetType())
	}
}

// operateLater tells whether it has taken a call over that is answered by done or
// fail only when somebody else has answered: an agent, for example.
func (c *Core) operateLater(OperatorCall) bool { return false }

// done answers a call that was carried out.
func (c *Core) done(request RequestID, answer *master.Response) {
	c.out.Replies = append(c.out.Replies, Reply{Request: request, Response: answer})
}

// fail answers a call that has no effect.
func (c *Core) fail(request RequestID, err *Error) {
	c.out.Replies = append(c.out.Replies, Reply{Request: request, Err: err})
}

func (c *Core) getHealth() *master.Response {
	return &master.Response{
		Type:      master.Response_GET_HEALTH.Enum(),
		GetHealth: &master.Response_GetHealth{Healthy: new(true)},
	}
}

func (c *Core) getVersion() *master.Response {
	return &master.Response{
		Type:       master.Response_GET_VERSION.Enum(),
		GetVersion: &master.Response_GetVersion{VersionInfo: &mesos.VersionInfo{Version: new(c.cfg.Master.GetVersion())}},
	}
}

// capable returns a copy of what a master says of itself that tells what this version
// can do and others cannot.
func capable(info *mesos.MasterInfo) *mesos.MasterInfo {
	info = proto.CloneOf(info)
	info.Capabilities = nil
	for _, c := range []mesos.MasterInfo_Capability_Type{
		mesos.MasterInfo_Capability_AGENT_UPDATE, mesos.MasterInfo_Capability_AGENT_DRAINING, mesos.MasterInfo_Capability_QUOTA_V2,
	} {
		info.Capabilities = append(info.Capabilities, &mesos.MasterInfo_Capability{Type: c.Enum()})
	}
	return info
}

func (c *Core) getMaster() *master.Response {
	return &master.Response{
		Type: master.Response_GET_MASTER.Enum(),
		GetMaster: &master.Response_GetMaster{
			MasterInfo: c.cfg.Master,
			// A core starts where its master is elected.
			StartTime: new(seconds(c.started)), ElectedTime: new(seconds(c.started)),
		},
	}
}
