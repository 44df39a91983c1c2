// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// withDisk is a registered rig whose host has disk too.
func withDisk(t tb) *rig {
	r := newRig(t, func(c *core.Config) { c.Total = resource.MustParse("cpus:8;mem:1024;disk:1000") })
	r.step(core.LinkUp{})
	r.step(fromMaster(registeredMessage(agentID)))
	return r
}

// reserved are resources with a dynamic reservation.
func reserved(text string) []*mesos.Resource {
	all := resource.MustParse(text).Proto()
	for _, m := range all {
		m.Reservations = []*mesos.Resource_ReservationInfo{{
			Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: new("a/b"), Principal: new("p"),
		}}
	}
	return all
}

// volume is a persistent volume of reserved disk.
func volume(id, megabytes, at string) []*mesos.Resource {
	all := reserved("disk:" + megabytes)
	all[0].Disk = &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{Id: &id, Principal: new("p")},
		Volume:      &mesos.Volume{ContainerPath: &at, Mode: mesos.Volume_RW.Enum()},
	}
	return all
}

func reserve(m []*mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{Type: mesos.Offer_Operation_RESERVE.Enum(), Reserve: &mesos.Offer_Operation_Reserve{Resources: m}}
}

func unreserve(m []*mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{Type: mesos.Offer_Operation_UNRESERVE.Enum(), Unreserve: &mesos.Offer_Operation_Unreserve{Resources: m}}
}

func create(m []*mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: m}}
}

func destroy(m []*mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{Type: mesos.Offer_Operation_DESTROY.Enum(), Destroy: &mesos.Offer_Operation_Destroy{Volumes: m}}
}

func grow(volume, addition []*mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{Type: mesos.Offer_Operation_GROW_VOLUME.Enum(), GrowVolume: &mesos.Offer_Operation_GrowVolume{
		Volume: volume[0], Addition: addition[0],
	}}
}

func shrink(volume []*mesos.Resource, by float64) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{Type: mesos.Offer_Operation_SHRINK_VOLUME.Enum(), ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{
		Volume: volume[0], Subtract: &mesos.Value_Scalar{Value: &by},
	}}
}

// named gives an operation an id, so that its framework is told of its end.
func named(op *mesos.Offer_Operation) *mesos.Offer_Operation {
	op.Id = &mesos.OperationID{Value: new("mine")}
	return op
}

// apply asks for an operation that is called so.
func apply(uuid string, op *mesos.Offer_Operation, version ...byte) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_ApplyOperation{ApplyOperation: &link.ApplyOperation{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, Info: op,
		OperationUuid: &mesos.UUID{Value: []byte(uuid)}, ResourceVersion: version,
	}}})
}

func (r *rig) ackOperation(uuid string) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_AcknowledgeOperation{AcknowledgeOperation: &link.AcknowledgeOperation{
		OperationUuid: &mesos.UUID{Value: []byte(uuid)}, StatusUuid: r.ends[uuid].GetUuid(),
	}}})
}

// has compares the agent's total.
func (r *rig) has(want ...[]*mesos.Resource) {
	r.t.Helper()
	var sum resource.Resources
	for _, m := range want {
		part, err := resource.FromProto(m)
		if err != nil {
			r.t.Fatalf("%v", err)
		}
		sum = sum.Add(part)
	}
	if got := r.core.Ledger().Total(); !got.Equal(sum) {
		r.t.Errorf("the agent has %v, want %v", got, sum)
	}
}

func plain(text string) []*mesos.Resource { return resource.MustParse(text).Proto() }

func TestReservationsChangeTheTotal(t *testing.T) {
	r := withDisk(t)
	want(t, r.step(apply("o1", reserve(reserved("cpus:2;disk:300")))))
	r.has(plain("cpus:6;mem:1024;disk:700"), reserved("cpus:2;disk:300"))
	task := command("t1", "mem:64")
	task.Resources = append(task.Resources, reserved("cpus:2")...)
	want(t, r.step(run(task)), "launch c1")
	r.step(core.LinkDown{}, core.LinkUp{})
	if got := resourcesOf(r.register.GetTotal()); got != r.core.Ledger().Total().String() {
		t.Errorf("register has the total %s", got)
	}
	if got := resourcesOf(r.register.GetAgent().GetResources()); got != "cpus:8;disk:1000;mem:1024" {
		t.Errorf("register has the agent's resources %s: should be what it was started with", got)
	}
	if len(r.register.GetOperations()) > 0 {
		t.Errorf("operations of which nobody waits for the end: %v", r.register.GetOperations())
	}
	r.step(fromMaster(registeredMessage(agentID)))
	want(t, r.step(apply("o2", unreserve(reserved("disk:300")))))
	r.has(plain("cpus:6;mem:1024;disk:1000"), reserved("cpus:2"))
}

// TestSpeculativeOperationThatFails: the master has counted it as done, and hears
// what there is instead.
func TestSpeculativeOperationThatFails(t *testing.T) {
	for name, op := range map[string]*mesos.Offer_Operation{
		"more than there is":     reserve(reserved("cpus:9")),
		"what is not reserved":   unreserve(reserved("cpus:1")),
		"what makes no sense":    reserve(plain("cpus:1")),
		"what is not supported":  {Type: mesos.Offer_Operation_CREATE_DISK.Enum()},
		"nothing":                {},
		"a volume of nothing":    create(volume("v", "10", "data")),
		"a volume that is not":   destroy(volume("v", "10", "data")),
		"what is not its to say": {Type: mesos.Offer_Operation_LAUNCH.Enum()},
	} {
		t.Run(name, func(t *testing.T) {
			r := withDisk(t)
			before := string(r.register.GetResourceVersion())
			want(t, r.step(apply("o1", op)), "master: total cpus:8;disk:1000;mem:1024")
			after := r.total.GetResourceVersion()
			if before == string(after) || len(after) != 16 {
				t.Errorf("version %x, then %x", before, after)
			}
			want(t, r.step(apply("o2", reserve(reserved("cpus:1")), []byte(before)...)))
			r.has(plain("cpus:8;mem:1024;disk:1000"))
			want(t, r.step(apply("o3", reserve(reserved("cpus:1")), after...)))
			r.has(plain("cpus:7;mem:1024;disk:1000"), reserved("cpus:1"))
			r.step(core.LinkDown{}, core.LinkUp{})
			if string(r.register.GetResourceVersion()) != string(after) {
				t.Error("another version of the same total")
			}
		})
	}
}

func TestOperationWithAnIDIsToldUntilAcknowledged(t *testing.T) {
	r := withDisk(t)
	want(t, r.step(apply("o1", named(reserve(reserved("cpus:2"))))), "master: operation o1 OPERATION_FINISHED")
	s := r.ends["o1"]
	if s.GetOperationId().GetValue() != "mine" || resourcesOf(s.GetConvertedResources()) != resourcesOf(reserved("cpus:2")) ||
		s.GetAgentId().GetValue() != agentID || len(s.GetUuid().GetValue()) != 16 {
		t.Errorf("status %v", s)
	}
	for _, wait := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
		want(t, r.wait(wait*time.Second-1))
		want(t, r.wait(1), "master: operation o1 OPERATION_FINISHED")
	}
	want(t, r.step(apply("o1", named(reserve(reserved("cpus:2"))))), "master: operation o1 OPERATION_FINISHED") // not twice
	want(t, r.step(core.LinkDown{}))
	want(t, r.wait(time.Hour))
	r.step(core.LinkUp{})
	if o := r.register.GetOperations(); len(o) != 1 || o[0].GetLatestStatus().GetState() != mesos.OperationState_OPERATION_FINISHED ||
		string(o[0].GetUuid().GetValue()) != "o1" || o[0].GetFrameworkId().GetValue() != "f" {
		t.Errorf("operations %v", o)
	}
	want(t, r.step(fromMaster(registeredMessage(agentID))), "master: operation o1 OPERATION_FINISHED")
	want(t, r.wait(10*time.Second), "master: operation o1 OPERATION_FINISHED") // from the start again
	stale := r.ackOperation("o1")
	stale.(core.FromMaster).Message.GetAcknowledgeOperation().StatusUuid.Value = []byte("another")
	want(t, r.step(stale))
	want(t, r.step(r.ackOperation("o1"), r.ackOperation("o1")))
	want(t, r.wait(time.Hour))
}

func TestOperationWithAnIDThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		op    *mesos.Offer_Operation
		state string
		words string
	}{
		"more than is free":   {reserve(reserved("cpus:9")), "OPERATION_FAILED", "cpus"},
		"what makes no sense": {reserve(plain("cpus:1")), "OPERATION_ERROR", "reserve.resources[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := withDisk(t)
			want(t, r.step(apply("o1", named(c.op))), "master: total cpus:8;disk:1000;mem:1024", "master: operation o1 "+c.state)
			if msg := r.ends["o1"].GetMessage(); !strings.Contains(msg, c.words) {
				t.Errorf("message %q, want %q in it", msg, c.words)
			}
			want(t, r.step(r.ackOperation("o1")))
		})
	}
	t.Run("an outdated version", func(t *testing.T) {
		r := withDisk(t)
		want(t, r.step(apply("o1", named(reserve(reserved("cpus:1"))), 'x')), "master: operation o1 OPERATION_DROPPED")
		r.has(plain("cpus:8;mem:1024;disk:1000"))
	})
}

func TestVolumes(t *testing.T) {
	r := withDisk(t)
	v := volume("v", "100", "data")
	r.step(apply("o1", reserve(reserved("disk:300"))))
	want(t, r.step(apply("o2", named(create(v)))), "make [{a/b v}] for o2")
	task := command("t1", "cpus:1;mem:64")
	task.Resources = append(task.Resources, v...)
	want(t, r.step(run(task)), "launch c1") // it counts on the volume already
	want(t, r.step(core.VolumesChanged{Operation: "o2"}), "master: operation o2 OPERATION_FINISHED")
	r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:200"), v)
	r.fails(core.VolumesChanged{Operation: "o2"}, "no operation waits")
	r.fails(core.VolumesChanged{Operation: "o9"}, "no operation waits")
	r.step(r.ackOperation("o2"))
	want(t, r.step(r.fetched("c1")), "start c1 1 cpus 64 MB with data")

	before := resourcesOf(r.register.GetTotal())
	lines := r.step(apply("o3", destroy(v)))
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "master: total") || before == lines[0] {
		t.Errorf("a volume in use is destroyed: %q", lines)
	}
	r.step(kill("t1"), r.destroyed("c1"))
	want(t, r.step(apply("o4", destroy(v))), "remove [{a/b v}] for o4")
	r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:300"))
	want(t, r.step(core.VolumesChanged{Operation: "o4"}))
}

// TestVolumeThatCannotBeMade: as soon as nobody counts on it any more, the agent
// has again what it had.
func TestVolumeThatCannotBeMade(t *testing.T) {
	r := withDisk(t)
	v := volume("v", "300", "data")
	r.step(apply("o1", reserve(reserved("disk:300"))))
	want(t, r.step(apply("o2", create(v))), "make [{a/b v}] for o2")
	task := command("t1", "cpus:1;mem:64")
	task.Resources = append(task.Resources, v...)
	r.step(run(task))
	want(t, r.step(core.VolumesChanged{Operation: "o2", Problem: "no space left on device"}))
	r.has(plain("cpus:8;mem:1024;disk:700"), v)
	got := r.step(core.FetchFailed{Container: r.ids["c1"], Message: "no such volume"})
	want(t, got[:1], "master: update t1 TASK_FAILED CONTAINER_LAUNCH_FAILED")
	if len(got) != 3 || !strings.HasPrefix(got[1], "master: total ") {
		t.Errorf("the master does not hear that the volume is none: %q", got)
	}
	r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:300"))
}

func TestVolumeThatCannotBeMadeWhileNobodyListens(t *testing.T) {
	r := withDisk(t)
	r.step(apply("o1", reserve(reserved("disk:300"))))
	r.step(apply("o2", named(create(volume("v", "300", "data")))))
	r.step(core.LinkDown{}, core.LinkUp{})
	if o := r.register.GetOperations(); len(o) != 1 || o[0].GetLatestStatus().GetState() != mesos.OperationState_OPERATION_PENDING {
		t.Errorf("operations %v", o)
	}
	want(t, r.step(core.VolumesChanged{Operation: "o2", Problem: "no space left on device"})) // after Register
	got := r.step(fromMaster(registeredMessage(agentID)))
	if len(got) != 2 || got[0] != "master: operation o2 OPERATION_FAILED" || !strings.HasPrefix(got[1], "master: total ") {
		t.Errorf("got %q", got)
	}
}

func TestVolumesThatAreRefused(t *testing.T) {
	for path, words := range map[string]string{
		"/data": "must be relative", "../x": "must be relative", "a/../b": "must be relative", ".": "must be relative",
		"a//b": "must be relative", "a/": "must be relative", "": "container_path", strings.Repeat("x", 1025): "1024",
	} {
		r := withDisk(t)
		r.step(apply("o1", reserve(reserved("disk:300"))))
		r.step(apply("o2", named(create(volume("v", "100", path)))))
		if msg := r.ends["o2"].GetMessage(); !strings.Contains(msg, words) {
			t.Errorf("%.10q: message %q, want %q in it", path, msg, words)
		}
		r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:300"))
	}
	t.Run("one that is there", func(t *testing.T) {
		r := withDisk(t)
		r.step(apply("o1", reserve(reserved("disk:300"))))
		r.step(apply("o2", create(volume("v", "100", "a"))))
		r.step(apply("o3", named(create(volume("v", "50", "b")))))
		if s := r.ends["o3"]; s.GetState() != mesos.OperationState_OPERATION_FAILED || !strings.Contains(s.GetMessage(), "has a volume with this id") {
			t.Errorf("status %v", s)
		}
	})
	t.Run("on another disk", func(t *testing.T) {
		r := withDisk(t)
		v := volume("v", "100", "a")
		v[0].Disk.Source = &mesos.Resource_DiskInfo_Source{Type: mesos.Resource_DiskInfo_Source_MOUNT.Enum()}
		r.step(apply("o1", named(create(v))))
		if s := r.ends["o1"]; !strings.Contains(s.GetMessage(), "source") {
			t.Errorf("status %v", s)
		}
	})
}

// TestVolumesChangeTheirSize: the master counts it when it hears that it is done.
func TestVolumesChangeTheirSize(t *testing.T) {
	r := withDisk(t)
	r.step(apply("o1", reserve(reserved("disk:300"))))
	r.step(apply("o2", create(volume("v", "100", "data"))), core.VolumesChanged{Operation: "o2"})
	want(t, r.step(apply("o3", grow(volume("v", "100", "data"), reserved("disk:50")))), "master: operation o3 OPERATION_FINISHED")
	r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:150"), volume("v", "150", "data"))
	want(t, r.wait(10*time.Second), "master: operation o3 OPERATION_FINISHED")
	r.step(r.ackOperation("o3"))
	want(t, r.step(apply("o4", shrink(volume("v", "150", "data"), 30))), "master: operation o4 OPERATION_FINISHED")
	r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:180"), volume("v", "120", "data"))
	version := r.register.GetResourceVersion()
	want(t, r.step(apply("o5", shrink(volume("v", "150", "data"), 30), version...)), "master: operation o5 OPERATION_FAILED")
	want(t, r.step(apply("o6", shrink(volume("v", "120", "data"), 500), version...)), "master: operation o6 OPERATION_ERROR")
	want(t, r.step(apply("o7", shrink(volume("v", "120", "data"), 20), 'x')), "master: operation o7 OPERATION_DROPPED")
	want(t, r.step(r.ackOperation("o4"), r.ackOperation("o5"), r.ackOperation("o6"), r.ackOperation("o7")))
	want(t, r.wait(time.Hour))
}

func TestOperationsThatNothingCanAnswer(t *testing.T) {
	r := withDisk(t)
	r.fails(apply("", reserve(reserved("cpus:1"))), "operation_uuid")
	r.fails(apply(strings.Repeat("x", 65), reserve(reserved("cpus:1"))), "operation_uuid")
}

// TestAnAgentThatIsToLeaveWaitsForNoAcknowledgement of an operation.
func TestAnAgentThatIsToLeaveWaitsForNoAcknowledgement(t *testing.T) {
	r := withDisk(t)
	r.step(apply("o1", named(reserve(reserved("disk:300")))), apply("o2", named(create(volume("v", "100", "data")))))
	want(t, r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{}}})), "unlink")
	want(t, r.step(core.VolumesChanged{Operation: "o2"}))
	r.step(core.LinkDown{}, core.LinkUp{})
	if len(r.register.GetOperations()) > 0 || r.register.GetAgent().Id != nil {
		t.Errorf("register %v", r.register)
	}
	r.has(plain("cpus:8;mem:1024;disk:700"), reserved("disk:200"), volume("v", "100", "data")) // it is the same host
}

func TestDrainWaitsForOperations(t *testing.T) {
	r := withDisk(t)
	r.step(apply("o1", named(reserve(reserved("disk:300")))))
	r.step(drain(nil))
	want(t, r.step(run(command("t1", "cpus:1"))), "master: update t1 TASK_LOST AGENT_DRAINING")
	r.step(r.ack("t1"))
	want(t, r.step(run(command("t1", "cpus:1"))), "master: update t1 TASK_LOST AGENT_DRAINING")
	r.step(r.ack("t1"), r.ackOperation("o1"))
	want(t, r.step(run(command("t1", "cpus:1"))), "launch c1")
}
