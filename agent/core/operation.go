// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// maxOperationUUID bounds the name of an operation, in bytes.
const maxOperationUUID = 64

// operation is one change of what the agent's resources are, from ApplyOperation
// until it is done and, where somebody is to be told, its end is acknowledged.
type operation struct {
	uuid       string
	order      uint64 // of arrival
	framework  *mesos.FrameworkID
	info       *mesos.Offer_Operation
	conversion resource.Conversion
	status     *mesos.OperationStatus // latest; with a uuid once it is the last
	untold     bool                   // nobody waits for its end any more

	retry    timer // runs while the end is in flight
	interval time.Duration
}

// speculative tells whether the master counts an operation as done as soon as it
// has sent it.
func speculative(t mesos.Offer_Operation_Type) bool {
	switch t {
	case mesos.Offer_Operation_GROW_VOLUME, mesos.Offer_Operation_SHRINK_VOLUME:
		return false
	default:
		return true
	}
}

// told tells whether the master waits for the operation's end.
func (o *operation) told() bool {
	return !o.untold && (o.info.GetId() != nil || !speculative(o.info.GetType()))
}

// ended tells whether the operation is over, well or not.
func (o *operation) ended() bool {
	return o.status.GetState() != mesos.OperationState_OPERATION_PENDING
}

// applyOperation changes the agent's total. What a volume needs on the disk is
// done behind it: a task that comes next counts on the volume already.
func (c *Core) applyOperation(now time.Time, a *link.ApplyOperation) error {
	uuid := string(a.GetOperationUuid().GetValue())
	if uuid == "" || len(uuid) > maxOperationUUID {
		return fmt.Errorf("core: operation: operation_uuid of %d bytes: must have 1 to %d", len(uuid), maxOperationUUID)
	}
	if o := c.operations[uuid]; o != nil {
		c.transmitOperation(now, o)
		return nil
	}
	o := c.newOperation(uuid, a)
	if a.ResourceVersion != nil && !bytes.Equal(a.ResourceVersion, c.version) {
		c.endOperation(now, o, mesos.OperationState_OPERATION_DROPPED, "the agent's resources have changed since they were offered")
		return nil
	}
	var err error
	if o.conversion, err = resource.NewConversion(o.info); err != nil {
		c.failOperation(now, o, mesos.OperationState_OPERATION_ERROR, err)
		return nil
	}
	made, gone, err := o.volumes(c.ledger.Total())
	if err == nil {
		err = c.ledger.Convert(o.conversion)
	}
	switch {
	case err != nil:
		c.failOperation(now, o, mesos.OperationState_OPERATION_FAILED, err)
	case len(made) > 0:
		c.do(MakeVolumes{uuid, made})
	case len(gone) > 0:
		c.do(RemoveVolumes{uuid, gone})
	default:
		c.endOperation(now, o, mesos.OperationState_OPERATION_FINISHED, "")
	}
	return nil
}

func (c *Core) newOperation(uuid string, a *link.ApplyOperation) *operation {
	o := &operation{
		uuid: uuid, order: c.nextOrder(), framework: a.GetFrameworkId(), info: a.GetInfo(),
		status: &mesos.OperationStatus{
			OperationId: a.GetInfo().GetId(), State: mesos.OperationState_OPERATION_PENDING.Enum(), AgentId: c.id(),
		},
	}
	o.retry.fire = func(now time.Time) { c.transmitOperation(now, o) }
	c.operations[uuid] = o
	return o
}

// volumes are what the operation makes and destroys on the disk.
func (o *operation) volumes(has resource.Resources) (made, gone []resource.VolumeID, err error) {
	switch o.info.GetType() {
	case mesos.Offer_Operation_CREATE:
		made, err = newVolumes(has, o.conversion.Converted)
	case mesos.Offer_Operation_DESTROY:
		gone = o.conversion.Consumed.Volumes()
	}
	return made, gone, err
}

// volumesChanged ends an operation whose volumes are made or removed, or could not
// be: then what the agent has is again what it was.
func (c *Core) volumesChanged(now time.Time, in VolumesChanged) error {
	o := c.operations[in.Operation]
	if o == nil || o.ended() {
		return fmt.Errorf("core: no operation waits for volumes of %x", in.Operation)
	}
	if in.Problem == "" {
		c.endOperation(now, o, mesos.OperationState_OPERATION_FINISHED, "")
		return nil
	}
	c.undo = append(c.undo, resource.Conversion{Consumed: o.conversion.Converted, Converted: o.conversion.Consumed})
	c.endOperation(now, o, mesos.OperationState_OPERATION_FAILED, in.Problem)
	return nil
}

// settleUndo takes operations back that have failed on the disk, as soon as nobody
// uses what they were to make.
func (c *Core) settleUndo() {
	if len(c.undo) == 0 {
		return
	}
	before := len(c.undo)
	c.undo = slices.DeleteFunc(c.undo, func(conv resource.Conversion) bool { return c.ledger.Convert(conv) == nil })
	if len(c.undo) < before {
		c.tellTotal()
	}
}

// failOperation ends an operation that was never begun. If the master has counted
// it as done, it is told what there is instead.
func (c *Core) failOperation(now time.Time, o *operation, state mesos.OperationState, err error) {
	if speculative(o.info.GetType()) {
		c.tellTotal()
	}
	c.endOperation(now, o, state, err.Error())
}

// tellTotal names the total anew, for a master that takes it for another.
func (c *Core) tellTotal() {
	c.renewVersion()
	if c.link == registered {
		c.sendTotal()
	}
}

func (c *Core) sendTotal() {
	c.toldVersion = c.version
	c.send(ToMaster{&link.FromAgent{Message: &link.FromAgent_UpdateResources{UpdateResources: &link.UpdateResources{
		Total: c.ledger.Total().Proto(), ResourceVersion: c.version,
	}}}})
}

// endOperation gives an operation its last status, and forgets it if nobody waits
// for that.
func (c *Core) endOperation(now time.Time, o *operation, state mesos.OperationState, message string) {
	c.note(Note{
		Kind: NoteOperation, Framework: FrameworkID(o.framework.GetValue()),
		From: o.info.GetType().String(), To: state.String(), Text: message,
	})
	uuid := c.updates.uuid()
	o.status = &mesos.OperationStatus{
		OperationId: o.info.GetId(), State: &state, AgentId: c.id(), Uuid: &mesos.UUID{Value: uuid[:]},
	}
	if message != "" {
		o.status.Message = &message
	}
	if state == mesos.OperationState_OPERATION_FINISHED {
		o.status.ConvertedResources = o.conversion.Converted.Proto()
	}
	if !o.told() {
		delete(c.operations, o.uuid)
		return
	}
	c.transmitOperation(now, o)
}

// transmitOperation sends the end of an operation, and arms the timer to send it
// again.
func (c *Core) transmitOperation(now time.Time, o *operation) {
	if !o.ended() || c.link != registered {
		return
	}
	c.send(ToMaster{&link.FromAgent{Message: &link.FromAgent_OperationUpdate{OperationUpdate: &link.OperationUpdate{
		FrameworkId: o.framework, OperationUuid: &mesos.UUID{Value: []byte(o.uuid)}, Status: o.status,
	}}}})
	o.interval = min(max(retryMin, 2*o.interval), retryMax)
	c.timers.set(&o.retry, now.Add(o.interval))
}

// acknowledgeOperation forgets an operation whose end is known.
func (c *Core) acknowledgeOperation(a *link.AcknowledgeOperation) {
	o := c.operations[string(a.GetOperationUuid().GetValue())]
	if o == nil || !o.ended() || !bytes.Equal(o.status.GetUuid().GetValue(), a.GetStatusUuid().GetValue()) {
		c.note(Note{Kind: NoteAckIgnored, Text: "no end of an operation with this uuid is in flight"})
		return
	}
	c.forgetOperation(o)
}

func (c *Core) forgetOperation(o *operation) {
	c.timers.stop(&o.retry)
	delete(c.operations, o.uuid)
}

// forgoOperations lets no operation wait for a master.
func (c *Core) forgoOperations() {
	for _, o := range c.allOperations() {
		if o.untold = true; o.ended() {
			c.forgetOperation(o)
		}
	}
}

// resumeOperations tells a master that has registered the agent how its operations
// have ended.
func (c *Core) resumeOperations(now time.Time) {
	for _, o := range c.allOperations() {
		o.interval = 0
		c.transmitOperation(now, o)
	}
	if !bytes.Equal(c.toldVersion, c.version) {
		c.sendTotal()
	}
}

// allOperations are in the order of their arrival.
func (c *Core) allOperations() []*operation {
	if len(c.operations) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Values(c.operations), func(a, b *operation) int { return cmp.Compare(a.order, b.order) })
}

// proto describes the operation for a master that may know nothing of it.
func (o *operation) proto(agent *mesos.AgentID) *mesos.Operation {
	return &mesos.Operation{
		FrameworkId: o.framework, AgentId: agent, Info: o.info,
		LatestStatus: o.status, Statuses: []*mesos.OperationStatus{o.status},
		Uuid: &mesos.UUID{Value: []byte(o.uuid)},
	}
}

func (c *Core) checkOperations() error {
	for uuid, o := range c.operations {
		switch {
		case o.uuid != uuid:
			return fmt.Errorf("core: operation %x is known as %x", o.uuid, uuid)
		case o.ended() && !o.told():
			return fmt.Errorf("core: operation %x is over and should have been forgotten", uuid)
		case (o.retry.place > 0) != (c.link == registered && o.ended()):
			return fmt.Errorf("core: operation %x is %v, its timer runs: %v", uuid, o.status.GetState(), o.retry.place > 0)
		}
	}
	if c.link == registered && !bytes.Equal(c.toldVersion, c.version) {
		return errors.New("core: the master does not know that the total is another")
	}
	return nil
}
