// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// reservedFor and volumeOf are what stands after the name of a resource that is
// dynamically reserved, and after that of a volume.
func reservedFor(role string) string {
	return `{"reservations":[{"type":"DYNAMIC","role":"` + role + `"}]}`
}

func volumeOf(role, id string) string {
	return `{"reservations":[{"type":"DYNAMIC","role":"` + role + `"}],"disk":{"persistence":{"id":"` + id + `"}}}`
}

// seen gives volumes a place in the container, which texts do not have.
func seen(list []*mesos.Resource) []*mesos.Resource {
	for _, r := range list {
		if r.GetDisk().GetPersistence() != nil {
			r.Disk.Volume = &mesos.Volume{Mode: mesos.Volume_RW.Enum(), ContainerPath: new("data")}
		}
	}
	return list
}

func these(text string) []*mesos.Resource { return seen(resource.MustParse(text).Proto()) }

type operationOption = func(*mesos.Offer_Operation)

// asked gives an operation an id, so that its framework hears of it.
func asked(id string) operationOption {
	return func(op *mesos.Offer_Operation) { op.Id = &mesos.OperationID{Value: &id} }
}

func withOptions(op *mesos.Offer_Operation, options []operationOption) *mesos.Offer_Operation {
	for _, o := range options {
		o(op)
	}
	return op
}

func reserve(text string, options ...operationOption) *mesos.Offer_Operation {
	return withOptions(&mesos.Offer_Operation{
		Type: mesos.Offer_Operation_RESERVE.Enum(), Reserve: &mesos.Offer_Operation_Reserve{Resources: these(text)},
	}, options)
}

func unreserve(text string, options ...operationOption) *mesos.Offer_Operation {
	return withOptions(&mesos.Offer_Operation{
		Type: mesos.Offer_Operation_UNRESERVE.Enum(), Unreserve: &mesos.Offer_Operation_Unreserve{Resources: these(text)},
	}, options)
}

func create(text string, options ...operationOption) *mesos.Offer_Operation {
	return withOptions(&mesos.Offer_Operation{
		Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: these(text)},
	}, options)
}

func destroy(text string, options ...operationOption) *mesos.Offer_Operation {
	return withOptions(&mesos.Offer_Operation{
		Type: mesos.Offer_Operation_DESTROY.Enum(), Destroy: &mesos.Offer_Operation_Destroy{Volumes: these(text)},
	}, options)
}

func grow(volume, addition string, options ...operationOption) *mesos.Offer_Operation {
	return withOptions(&mesos.Offer_Operation{
		Type:       mesos.Offer_Operation_GROW_VOLUME.Enum(),
		GrowVolume: &mesos.Offer_Operation_GrowVolume{Volume: these(volume)[0], Addition: these(addition)[0]},
	}, options)
}

func shrink(volume string, by float64, options ...operationOption) *mesos.Offer_Operation {
	return withOptions(&mesos.Offer_Operation{
		Type:         mesos.Offer_Operation_SHRINK_VOLUME.Enum(),
		ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{Volume: these(volume)[0], Subtract: &mesos.Value_Scalar{Value: &by}},
	}, options)
}

// withCapabilities makes an agent one that can do this.
func withCapabilities(r *link.Register, list ...mesos.AgentInfo_Capability_Type) *link.Register {
	for _, c := range list {
		r.Capabilities = append(r.Capabilities, &mesos.AgentInfo_Capability{Type: &c})
	}
	return r
}

// able registers an agent that can resize volumes.
func (w *world) able(resources string) *node {
	w.t.Helper()
	return w.register(withCapabilities(&link.Register{Agent: agentInfo(resources)}, mesos.AgentInfo_Capability_RESIZE_VOLUME))
}

// operation takes the next message for the agent, which must ask for an operation
// of this type.
func (n *node) operation(want mesos.Offer_Operation_Type) *link.ApplyOperation {
	n.w.t.Helper()
	got := n.next().GetApplyOperation()
	if got == nil || got.GetInfo().GetType() != want {
		n.w.t.Fatalf("the agent is asked for %v, want %v", got, want)
	}
	if len(got.GetOperationUuid().GetValue()) != 16 {
		n.w.t.Errorf("operation uuid %x, want 16 bytes", got.GetOperationUuid().GetValue())
	}
	return got
}

// answer tells how an operation ended; with a uuid it is to be acknowledged.
func (n *node) answer(op *link.ApplyOperation, state mesos.OperationState, id []byte) {
	n.w.t.Helper()
	u := &link.OperationUpdate{
		FrameworkId: op.GetFrameworkId(), OperationUuid: op.GetOperationUuid(),
		Status: &mesos.OperationStatus{OperationId: op.GetInfo().GetId(), State: &state},
	}
	if id != nil {
		u.Status.Uuid = &mesos.UUID{Value: id}
	}
	n.send(&link.FromAgent{Message: &link.FromAgent_OperationUpdate{OperationUpdate: u}})
}

// changed tells that the agent has another total.
func (n *node) changed(total, version string) {
	n.w.t.Helper()
	n.send(&link.FromAgent{Message: &link.FromAgent_UpdateResources{UpdateResources: &link.UpdateResources{
		Total: these(total), ResourceVersion: []byte(version),
	}}})
}

// operationStatus takes the next event, which must tell of an operation.
func (s *sched) operationStatus(id string, state mesos.OperationState, words ...string) *mesos.OperationStatus {
	s.w.t.Helper()
	got := s.next(scheduler.Event_UPDATE_OPERATION_STATUS).GetUpdateOperationStatus().GetStatus()
	if got.GetOperationId().GetValue() != id || got.GetState() != state {
		s.w.t.Errorf("operation status %v, want %s %v", got, id, state)
	}
	for _, word := range words {
		if !strings.Contains(got.GetMessage(), word) {
			s.w.t.Errorf("message %q does not say %q", got.GetMessage(), word)
		}
	}
	return got
}

func (s *sched) acknowledgeOperation(status *mesos.OperationStatus) {
	s.w.t.Helper()
	s.call(&scheduler.Call{
		Type: scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS.Enum(),
		AcknowledgeOperationStatus: &scheduler.Call_AcknowledgeOperationStatus{
			AgentId: status.GetAgentId(), Uuid: status.GetUuid().GetValue(), OperationId: status.GetOperationId(),
		},
	})
}

func (s *sched) reconcileOperations(agent *mesos.AgentID, ids ...string) {
	s.w.t.Helper()
	call := &scheduler.Call_ReconcileOperations{}
	for _, id := range ids {
		call.Operations = append(call.Operations, &scheduler.Call_ReconcileOperations_Operation{
			OperationId: &mesos.OperationID{Value: &id}, AgentId: agent,
		})
	}
	s.call(&scheduler.Call{Type: scheduler.Call_RECONCILE_OPERATIONS.Enum(), ReconcileOperations: call})
}

// refined makes a framework one that understands reservations of every form.
func refined(i *mesos.FrameworkInfo) {
	withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT)(i)
}

func TestReserveCreateAndLaunchInOneAccept(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;mem:1000;disk:100")
	s := w.subscribe(withRole("a"), refined)
	o := s.offer()
	task := commandTask("t", o, "cpus:1;mem:100")
	task.Resources = these("cpus:1;mem" + reservedFor("a") + ":100;disk" + volumeOf("a", "v") + ":60")
	s.accept(
		[]*mesos.Offer{o}, refuse(1000),
		reserve("mem"+reservedFor("a")+":300;disk"+reservedFor("a")+":80"),
		create("disk"+volumeOf("a", "v")+":60"),
		launch(task),
	)
	first := n.operation(mesos.Offer_Operation_RESERVE)
	second := n.operation(mesos.Offer_Operation_CREATE)
	if string(first.GetOperationUuid().GetValue()) == string(second.GetOperationUuid().GetValue()) {
		t.Error("two operations have one uuid")
	}
	if n.next().GetRun().GetTask().GetTaskId().GetValue() != "t" {
		t.Error("the task is not run")
	}
	// What was made returns at once, and with it all that the filter is no longer about.
	has(t, s.offer(), "cpus:3;mem:700;disk:20;mem"+reservedFor("a")+":200;disk"+reservedFor("a")+":20")
	n.answer(first, mesos.OperationState_OPERATION_FINISHED, nil)
	n.answer(second, mesos.OperationState_OPERATION_FINISHED, nil)
	s.quiet()
	n.quiet()
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('x'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	o = s.offer() // the volume outlives its task
	if got := parseOffer(t, o).Volumes(); len(got) != 1 || got[0] != (resource.VolumeID{Role: "a", ID: "v"}) {
		t.Errorf("volumes %v, want the one that was made", got)
	}
}

func parseOffer(t rapid.TB, o *mesos.Offer) resource.Resources {
	t.Helper()
	r, err := resource.FromProto(o.GetResources())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDestroyAndUnreserveLeadBack(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:1;disk:100")
	s := w.subscribe(withRole("a"), refined)
	s.accept([]*mesos.Offer{s.offer()}, refuse(0), reserve("disk"+reservedFor("a")+":100"), create("disk"+volumeOf("a", "v")+":100"))
	n.operation(mesos.Offer_Operation_RESERVE)
	n.operation(mesos.Offer_Operation_CREATE)
	o := s.offer()
	has(t, o, "cpus:1;disk"+volumeOf("a", "v")+":100")
	s.accept([]*mesos.Offer{o}, refuse(0), destroy("disk"+volumeOf("a", "v")+":100"), unreserve("disk"+reservedFor("a")+":100"))
	n.operation(mesos.Offer_Operation_DESTROY)
	n.operation(mesos.Offer_Operation_UNRESERVE)
	has(t, s.offer(), "cpus:1;disk:100")
}

func TestAVolumeIsGrownAndShrunkWhenItsAgentHasDoneIt(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:1;disk:100")
	s := w.subscribe(withRole("a"), refined)
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(0), reserve("disk"+reservedFor("a")+":100"), create("disk"+volumeOf("a", "v")+":60"),
		grow("disk"+volumeOf("a", "v")+":60", "disk"+reservedFor("a")+":30", asked("g")),
		destroy("disk"+volumeOf("a", "v")+":60", asked("d")))
	n.next()
	n.next()
	op := n.operation(mesos.Offer_Operation_GROW_VOLUME)
	s.operationStatus("d", mesos.OperationState_OPERATION_ERROR, "what is left of the offers")
	o = s.offer()
	has(t, o, "cpus:1;disk"+reservedFor("a")+":10") // what is grown is held
	s.decline(refuse(0), o)
	n.answer(op, mesos.OperationState_OPERATION_FINISHED, uuid('g'))
	status := s.operationStatus("g", mesos.OperationState_OPERATION_FINISHED)
	w.pass(time.Second)
	o = s.offer()
	has(t, o, "cpus:1;disk"+reservedFor("a")+":10;disk"+volumeOf("a", "v")+":90")
	s.acknowledgeOperation(status)
	ack := n.next().GetAcknowledgeOperation()
	if string(ack.GetStatusUuid().GetValue()) != string(uuid('g')) || !proto.Equal(ack.GetOperationUuid(), op.GetOperationUuid()) {
		t.Errorf("acknowledged %v, want the end of the growing", ack)
	}
	s.accept([]*mesos.Offer{o}, refuse(0), shrink("disk"+volumeOf("a", "v")+":90", 50))
	op = n.operation(mesos.Offer_Operation_SHRINK_VOLUME)
	n.answer(op, mesos.OperationState_OPERATION_FAILED, nil)
	w.pass(time.Second)
	has(t, s.offer(), "cpus:1;disk"+reservedFor("a")+":10;disk"+volumeOf("a", "v")+":90") // it is as it was
}

func TestAnOperationIsToldUntilItsEndIsAcknowledged(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;mem:1000")
	s := w.subscribe(withRole("a"), refined)
	s.accept([]*mesos.Offer{s.offer()}, nil, reserve("cpus"+reservedFor("a")+":1", asked("r")))
	op := n.operation(mesos.Offer_Operation_RESERVE)
	s.offer()
	s.reconcileOperations(nil)
	s.operationStatus("r", mesos.OperationState_OPERATION_PENDING)
	for range 2 { // the agent sends it again
		n.answer(op, mesos.OperationState_OPERATION_FINISHED, uuid('f'))
		s.operationStatus("r", mesos.OperationState_OPERATION_FINISHED)
	}
	s.reconcileOperations(nil, "r")
	if got := s.operationStatus("r", mesos.OperationState_OPERATION_FINISHED); got.GetUuid() != nil {
		t.Errorf("the answer %v is to be acknowledged", got)
	}
	wrong := &mesos.OperationStatus{OperationId: op.GetInfo().GetId(), AgentId: n.id, Uuid: &mesos.UUID{Value: uuid('z')}}
	s.acknowledgeOperation(wrong)
	n.quiet()
	wrong.Uuid.Value = uuid('f')
	s.acknowledgeOperation(wrong)
	n.next()
	s.acknowledgeOperation(wrong) // a second time: it is forgotten
	n.quiet()
	s.reconcileOperations(n.id, "r")
	s.operationStatus("r", mesos.OperationState_OPERATION_UNKNOWN)
	n.answer(op, mesos.OperationState_OPERATION_FINISHED, uuid('f')) // the acknowledgement was lost
	if n.next().GetAcknowledgeOperation() == nil {
		t.Error("an update of an operation that is over is not acknowledged")
	}
	s.quiet()
}

func TestAnAgentThatCouldNotReserveSaysWhatItHas(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;mem:1000")
	s := w.subscribe(withRole("a"), refined)
	o := s.offer()
	task := commandTask("t", o, "mem:100")
	task.Resources = these("cpus" + reservedFor("a") + ":1;mem:100")
	s.accept([]*mesos.Offer{o}, nil, reserve("cpus"+reservedFor("a")+":2", asked("r")), launch(task))
	op := n.operation(mesos.Offer_Operation_RESERVE)
	if run := n.next().GetRun(); len(run.GetResourceVersion()) != 0 {
		t.Errorf("resource version %q, want none: the agent has given none", run.GetResourceVersion())
	}
	stale := s.offer()
	has(t, stale, "cpus:2;mem:900;cpus"+reservedFor("a")+":1")
	n.changed("cpus:4;mem:1000", "v2")
	s.next(scheduler.Event_RESCIND) // there is no such thing
	o = s.offer()
	has(t, o, "cpus:4;mem:900")
	s.decline(refuse(0), o)
	n.answer(op, mesos.OperationState_OPERATION_FAILED, nil)
	s.operationStatus("r", mesos.OperationState_OPERATION_FAILED)
	n.update(s, "t", mesos.TaskState_TASK_DROPPED, uuid('d'))
	s.status(mesos.TaskState_TASK_DROPPED, 0)
	w.pass(time.Second)
	o = s.offer()
	has(t, o, "cpus:4;mem:1000")
	s.accept([]*mesos.Offer{o}, refuse(1000), launch(commandTask("u", o, "cpus:0.1")))
	if got := n.next().GetRun().GetResourceVersion(); string(got) != "v2" {
		t.Errorf("resource version %q, want v2", got)
	}
}

func TestOperationsComeBackWithTheirAgent(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;disk" + volumeOf("a", "v") + ":60;disk" + reservedFor("a") + ":40")
	s := w.subscribe(withRole("a"), refined)
	s.accept([]*mesos.Offer{s.offer()}, refuse(1000),
		grow("disk"+volumeOf("a", "v")+":60", "disk"+reservedFor("a")+":40", asked("g")),
		reserve("cpus"+reservedFor("a")+":1", asked("lost")))
	op := n.operation(mesos.Offer_Operation_GROW_VOLUME)
	n.operation(mesos.Offer_Operation_RESERVE)
	s.offer() // a reserved cpu
	n.close()
	s.next(scheduler.Event_RESCIND)
	r := withCapabilities(&link.Register{Agent: agentInfo("cpus:4;disk" + volumeOf("a", "v") + ":60;disk" + reservedFor("a") + ":40")})
	r.Agent.Id, r.ResourceVersion = n.id, []byte("w")
	r.Operations = []*mesos.Operation{{
		FrameworkId: s.id, Info: op.GetInfo(), Uuid: op.GetOperationUuid(),
		LatestStatus: &mesos.OperationStatus{State: mesos.OperationState_OPERATION_PENDING.Enum()},
	}}
	n = w.register(r)
	s.operationStatus("lost", mesos.OperationState_OPERATION_DROPPED, "came back without")
	o := s.offer()
	has(t, o, "cpus:4")
	s.decline(refuse(0), o)
	n.answer(op, mesos.OperationState_OPERATION_FINISHED, uuid('g'))
	s.operationStatus("g", mesos.OperationState_OPERATION_FINISHED)
	w.pass(time.Second)
	has(t, s.offer(), "cpus:4;disk"+volumeOf("a", "v")+":100")
}

func TestOperationsOfALostAgentAreUnreachable(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;disk" + volumeOf("a", "v") + ":60;disk" + reservedFor("a") + ":40")
	s := w.subscribe(withRole("a"), refined)
	s.accept([]*mesos.Offer{s.offer()}, refuse(1000), grow("disk"+volumeOf("a", "v")+":60", "disk"+reservedFor("a")+":40", asked("g")))
	n.close()
	w.pass(reregisterTimeout)
	s.operationStatus("g", mesos.OperationState_OPERATION_UNREACHABLE)
	s.next(scheduler.Event_FAILURE)
}

func TestAFrameworkThatEndsWaitsForItsOperations(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;disk" + volumeOf("a", "v") + ":60;disk" + reservedFor("a") + ":40")
	s := w.subscribe(withRole("a"), refined)
	s.accept([]*mesos.Offer{s.offer()}, refuse(1000), grow("disk"+volumeOf("a", "v")+":60", "disk"+reservedFor("a")+":40", asked("g")))
	op := n.operation(mesos.Offer_Operation_GROW_VOLUME)
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	other := w.subscribe(withRole("a"), refined)
	o := other.offer()
	has(t, o, "cpus:4")
	other.decline(refuse(0), o)
	n.answer(op, mesos.OperationState_OPERATION_FINISHED, uuid('g'))
	if n.next().GetAcknowledgeOperation() == nil {
		t.Error("the master does not acknowledge the operation of a framework that is gone")
	}
	w.pass(time.Second)
	has(t, other.offer(), "cpus:4;disk"+volumeOf("a", "v")+":100")
}

func parseText(text string) resource.Resources { return resource.MustParse(text) }
