// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// limited gives a task limits.
func limited(limits map[string]float64) edit {
	return func(t *mesos.TaskInfo) {
		t.Limits = make(map[string]*mesos.Value_Scalar)
		for name, v := range limits {
			t.Limits[name] = &mesos.Value_Scalar{Value: &v}
		}
	}
}

// sharing makes a task say whether it shares the cgroups of its parent.
func sharing(yes bool) *mesos.ContainerInfo {
	return &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), LinuxInfo: &mesos.LinuxInfo{ShareCgroups: &yes}}
}

// of makes a task one with these resources.
func of(text string) edit { return func(t *mesos.TaskInfo) { t.Resources = these(text) } }

// mounted changes the volume of a task, which is its only resource.
func mounted(change func(*mesos.Volume)) edit {
	return func(t *mesos.TaskInfo) {
		of("disk" + volumeOf("a", "v") + ":10")(t)
		change(t.Resources[0].Disk.Volume)
	}
}

// stage is a master with an agent that has everything, for one ACCEPT.
func stage(t *testing.T, options ...func(*mesos.FrameworkInfo)) (*world, *node, *sched, *mesos.Offer) {
	w := newWorld(t)
	n := w.register(withCapabilities(&link.Register{Agent: &mesos.AgentInfo{
		Hostname:  new("host"),
		Resources: these("cpus:8;mem:1000;disk:100;gpus:2;zinc:5;disk" + volumeOf("a", "v") + ":10;disk" + volumeOf("a", "w") + ":10"),
	}}, mesos.AgentInfo_Capability_TASK_RESOURCE_LIMITS, mesos.AgentInfo_Capability_RESIZE_VOLUME))
	s := w.subscribe(append(options, withRole("a"), refined, withCapability(mesos.FrameworkInfo_Capability_GPU_RESOURCES))...)
	return w, n, s, s.offer()
}

// TestLaunchValidation4h has the rules of a LAUNCH in the order in which they are
// looked at.
func TestLaunchValidation4h(t *testing.T) {
	rows := []struct {
		name   string
		change edit
		words  []string // field, value, rule
	}{
		{"task id: not empty", func(t *mesos.TaskInfo) { t.TaskId.Value = new("") }, []string{".task_id", `""`, "empty"}},
		{"task id: 255 bytes at most", func(t *mesos.TaskInfo) { t.TaskId.Value = new(strings.Repeat("x", 256)) }, []string{".task_id", "256 bytes", "255"}},
		{"task id: not . or ..", func(t *mesos.TaskInfo) { t.TaskId.Value = new("..") }, []string{".task_id", `".."`}},
		{"task id: no control characters", func(t *mesos.TaskInfo) { t.TaskId.Value = new("a\x01") }, []string{".task_id", "control"}},
		{"task id: no slash", func(t *mesos.TaskInfo) { t.TaskId.Value = new("a/b") }, []string{".task_id", `"a/b"`}},
		{"task id: no backslash", func(t *mesos.TaskInfo) { t.TaskId.Value = new(`a\b`) }, []string{".task_id", `\`}},
		{"task id: unique among running", func(t *mesos.TaskInfo) { t.TaskId.Value = new("running") }, []string{".task_id", `"running"`, "not over"}},
		{"agent id: the offer's", func(t *mesos.TaskInfo) { t.AgentId = &mesos.AgentID{Value: new("other")} }, []string{".agent_id", `"other"`, `"m-S0"`}},
		{"kill policy: not negative", func(t *mesos.TaskInfo) { t.KillPolicy = &mesos.KillPolicy{GracePeriod: negative()} }, []string{".kill_policy.grace_period", "-1s"}},
		{"max_completion_time: not negative", func(t *mesos.TaskInfo) { t.MaxCompletionTime = negative() }, []string{".max_completion_time", "-1s"}},
		{"check", func(t *mesos.TaskInfo) { t.Check = &mesos.CheckInfo{} }, []string{".check.type", "UNKNOWN"}},
		{"health check", func(t *mesos.TaskInfo) { t.HealthCheck = &mesos.HealthCheck{} }, []string{".health_check.type", "UNKNOWN"}},
		{"resources: not empty", func(t *mesos.TaskInfo) { t.Resources = nil }, []string{".resources", "empty"}},
		{"resources: valid", func(t *mesos.TaskInfo) { t.Resources[0].Scalar.Value = new(-1.0) }, []string{".resources", "cpus", "-1"}},
		{"resources: gpus whole", of("gpus:0.5"), []string{".resources[0]", "0.5", "whole"}},
		{"resources: persistence ids unique", of("disk" + volumeOf("a", "v") + ":10;disk" + volumeOf("a", "v") + ":11"), []string{".resources", `"v"`, "once"}},
		{"resources: one role", func(t *mesos.TaskInfo) { t.Resources = resource.MustParse("cpus:1").ProtoAllocated("b") }, []string{".resources[0].allocation_info.role", `"b"`, `"a"`}},
		{"resources: not revocable and not of one name", of(`cpus:1;cpus{"revocable":{}}:1`), []string{".resources", "cpus", "both"}},
		{"resources: not shared", func(t *mesos.TaskInfo) {
			mounted(func(*mesos.Volume) {})(t)
			t.Resources[0].Shared = new(mesos.Resource_SharedInfo)
		}, []string{".resources[0].shared"}},
		{"resources: volume set", func(t *mesos.TaskInfo) { mounted(func(*mesos.Volume) {})(t); t.Resources[0].Disk.Volume = nil }, []string{".resources[0].disk.volume", `"v"`}},
		{"resources: volume without host_path", mounted(func(v *mesos.Volume) { v.HostPath = new("/") }), []string{".resources[0].disk.volume", "host_path"}},
		{"resources: volume below the sandbox", mounted(func(v *mesos.Volume) { v.ContainerPath = new("a/../../b") }), []string{".resources[0].disk.volume.container_path", `"a/../../b"`}},
		{"command: environment", variable(&mesos.Environment_Variable{}), []string{".command.environment.variables[0]", "must have a value"}},
		{"container: DOCKER needs docker", container(&mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum()}), []string{".container.docker", "set"}},
		{"container: docker parameter name", container(dockerNamed()), []string{".container.docker.parameters", `"name"`}},
		{"container: volume of one source", container(volume(&mesos.Volume{})), []string{".container.volumes[0]", "has 0"}},
		{"limits: only cpus and mem", limited(map[string]float64{"disk": 5}), []string{`.limits["disk"]`, "cpus or mem"}},
		{"limits: at least the request", limited(map[string]float64{"cpus": 0.5}), []string{`.limits["cpus"]`, "0.5", "at least", "1"}},
		{"limits: a number", limited(map[string]float64{"mem": math.NaN()}), []string{`.limits["mem"]`, "NaN"}},
		{"share_cgroups: only in groups", container(sharing(false)), []string{".container.linux_info.share_cgroups", "false", "group"}},
		{"one of executor and command: neither", func(t *mesos.TaskInfo) { t.Command = nil }, []string{"executor and command", "neither"}},
		{"one of executor and command: both", func(t *mesos.TaskInfo) { c := t.Command; byExecutor("e", "mem:32")(t); t.Command = c }, []string{"executor and command", "both"}},
		{"executor: type CUSTOM or unset", custom(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_DEFAULT.Enum() }), []string{".executor.type", "DEFAULT"}},
		{"executor: CUSTOM needs command", custom(func(e *mesos.ExecutorInfo) { e.Command = nil }), []string{".executor.command", "set"}},
		{"executor: framework_id", custom(func(e *mesos.ExecutorInfo) { e.FrameworkId = &mesos.FrameworkID{Value: new("f")} }), []string{".executor.framework_id", `"f"`}},
		{"executor: identical to the one that runs", custom(func(e *mesos.ExecutorInfo) { e.ExecutorId.Value = new("present") }), []string{".executor", `"present"`, "identical"}},
		{"executor: shutdown grace not negative", custom(func(e *mesos.ExecutorInfo) { e.ShutdownGracePeriod = negative() }), []string{".executor.shutdown_grace_period", "-1s"}},
		{"executor: resources valid", custom(func(e *mesos.ExecutorInfo) { e.Resources[0].Scalar.Value = new(math.NaN()) }), []string{".executor.resources", "mem"}},
		{"executor: resources not shared", custom(func(e *mesos.ExecutorInfo) {
			e.Resources = these("disk" + volumeOf("a", "v") + ":10")
			e.Resources[0].Shared = new(mesos.Resource_SharedInfo)
		}), []string{".executor.resources[0].shared"}},
		{"executor: no share_cgroups", custom(func(e *mesos.ExecutorInfo) { e.Container = sharing(true) }), []string{".executor.container.linux_info.share_cgroups", "true"}},
		{"executor: no volume of its task", func(t *mesos.TaskInfo) {
			of("disk" + volumeOf("a", "v") + ":10")(t)
			byExecutor("e", "mem:32")(t)
			t.Executor.Resources = these("disk" + volumeOf("a", "v") + ":10")
		}, []string{".executor.resources", `"v"`, "once"}},
		{"part of what is left of the offers", of("cpus:90"), []string{".resources", "cpus:90", "left of the offers"}},
		{"with the executor, part of what is left", custom(func(e *mesos.ExecutorInfo) { e.Resources = these("mem:5000") }), []string{"its executor", "mem:5000"}},
	}
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, n, s, o := stage(t)
			first := []*mesos.TaskInfo{commandTask("running", o, "cpus:1"), commandTask("served", o, "cpus:1", byExecutor("present", "mem:64"))}
			s.accept([]*mesos.Offer{o}, nil, launch(append(first, commandTask("bad", o, "cpus:1", row.change))...))
			got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID)
			for _, word := range append(row.words, "accept.operations[0].launch.task_infos[2]") {
				if !strings.Contains(got.GetMessage(), word) {
					t.Errorf("row %d: message %q does not say %q", i, got.GetMessage(), word)
				}
			}
			n.next()
			n.next()
			n.quiet()
		})
	}
	t.Run("task id: unique among unreachable", func(t *testing.T) {
		w, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, refuse(1e6), launch(commandTask("away", o, "cpus:1")))
		n.close()
		w.pass(reregisterTimeout)
		s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED)
		s.next(scheduler.Event_FAILURE)
		w.register(&link.Register{Agent: &mesos.AgentInfo{Hostname: new("elsewhere"), Resources: these("cpus:1;mem:100")}})
		o = s.offer()
		s.accept([]*mesos.Offer{o}, nil, launch(commandTask("away", o, "cpus:1")))
		if got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID); !strings.Contains(got.GetMessage(), "unreachable") {
			t.Errorf("message %q does not say unreachable", got.GetMessage())
		}
	})
	t.Run("limits: agent capable", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus:4;mem:100")
		s := w.subscribe()
		o := s.offer()
		s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1", limited(map[string]float64{"cpus": 2}))))
		if got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID); !strings.Contains(got.GetMessage(), "TASK_RESOURCE_LIMITS") {
			t.Errorf("message %q does not name the capability", got.GetMessage())
		}
	})
	t.Run("limits: Infinity is one", func(t *testing.T) {
		_, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1", limited(map[string]float64{"cpus": math.Inf(1), "mem": 5}))))
		s.quiet()
		if n.next().GetRun() == nil {
			t.Error("the task is not run")
		}
	})
	t.Run("executor: less than 0.01 cpus or 32 MB is only noted", func(t *testing.T) {
		w, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1", byExecutor("e", "cpus:0.1;mem:31"))))
		s.quiet()
		if n.next().GetRun() == nil {
			t.Error("the task is not run")
		}
		if !slices.ContainsFunc(w.notes, func(m core.Note) bool { return m.Executor == "e" && strings.Contains(m.Detail, "mem:31") }) {
			t.Error("nothing is noted of it")
		}
	})
	t.Run("task id: one of a completed task may be used again", func(t *testing.T) {
		_, n, s, o := stage(t)
		for _, letter := range "fg" {
			s.accept([]*mesos.Offer{o}, refuse(0), launch(commandTask("t", o, "cpus:1")))
			if n.next().GetRun() == nil {
				t.Fatal("the task is not run")
			}
			n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid(byte(letter)))
			s.acknowledge(s.find(scheduler.Event_UPDATE).GetUpdate().GetStatus())
			n.next()
			s.w.pass(time.Minute)
			o = s.find(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
		}
	})
	t.Run("a volume is mounted wherever the task says", func(t *testing.T) {
		_, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1", mounted(func(v *mesos.Volume) {
			v.ContainerPath, v.Mode = new("else/where"), mesos.Volume_RO.Enum()
		}))))
		s.quiet()
		if got := n.next().GetRun().GetTask().GetResources()[0].GetDisk().GetVolume().GetContainerPath(); got != "else/where" {
			t.Errorf("the agent mounts it at %q", got)
		}
		n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('x'))
		s.status(mesos.TaskState_TASK_FINISHED, 0)
		for _, r := range s.offer().GetResources() {
			if p := r.GetDisk().GetVolume().GetContainerPath(); p != "" && p != "data" {
				t.Errorf("the volume is offered at %q, want where its agent has it", p)
			}
		}
	})
}

// group returns a LAUNCH_GROUP.
func group(e *mesos.ExecutorInfo, tasks ...*mesos.TaskInfo) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{
		Type:        mesos.Offer_Operation_LAUNCH_GROUP.Enum(),
		LaunchGroup: &mesos.Offer_Operation_LaunchGroup{Executor: e, TaskGroup: &mesos.TaskGroupInfo{Tasks: tasks}},
	}
}

func groupExecutor(id string) *mesos.ExecutorInfo {
	return &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM.Enum(), ExecutorId: &mesos.ExecutorID{Value: &id},
		Command: &mesos.CommandInfo{Value: new("./executor")}, Resources: these("cpus:0.1;mem:32;disk:1"),
	}
}

func TestLaunchGroupValidation4h(t *testing.T) {
	changed := func(change func(*mesos.ExecutorInfo)) func(*mesos.Offer_Operation_LaunchGroup) {
		return func(g *mesos.Offer_Operation_LaunchGroup) { change(g.Executor) }
	}
	second := func(change edit) func(*mesos.Offer_Operation_LaunchGroup) {
		return func(g *mesos.Offer_Operation_LaunchGroup) { change(g.TaskGroup.Tasks[1]) }
	}
	networked := func(t *mesos.TaskInfo) {
		t.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), NetworkInfos: []*mesos.NetworkInfo{{}}}
	}
	for name, row := range map[string]struct {
		change func(*mesos.Offer_Operation_LaunchGroup)
		words  []string
	}{
		"executor type set":       {changed(func(e *mesos.ExecutorInfo) { e.Type = nil }), []string{".executor.type", "must be set"}},
		"executor type known":     {changed(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_UNKNOWN.Enum() }), []string{".executor.type", "UNKNOWN"}},
		"executor has 0.01 cpus":  {changed(func(e *mesos.ExecutorInfo) { e.Resources = these("cpus:0.009;mem:32;disk:1") }), []string{".executor.resources", "cpus 0.009", "0.01"}},
		"executor has 32 MB":      {changed(func(e *mesos.ExecutorInfo) { e.Resources = these("cpus:0.1;mem:31;disk:1") }), []string{".executor.resources", "mem 31", "32"}},
		"executor has some disk":  {changed(func(e *mesos.ExecutorInfo) { e.Resources = these("cpus:0.1;mem:32") }), []string{".executor.resources", "disk 0", "some"}},
		"executor not DOCKER":     {changed(func(e *mesos.ExecutorInfo) { e.Container = dockerNamed() }), []string{".executor.container.type", "DOCKER"}},
		"DEFAULT without command": {changed(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_DEFAULT.Enum() }), []string{".executor.command", "DEFAULT"}},
		"DEFAULT without image": {changed(func(e *mesos.ExecutorInfo) {
			e.Type, e.Command = mesos.ExecutorInfo_DEFAULT.Enum(), nil
			e.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Mesos: &mesos.ContainerInfo_MesosInfo{Image: &mesos.Image{Type: mesos.Image_DOCKER.Enum()}}}
		}), []string{".executor.container.mesos.image"}},
		"DEFAULT that the agent has not":          {changed(func(e *mesos.ExecutorInfo) { e.Type, e.Command = mesos.ExecutorInfo_DEFAULT.Enum(), nil }), []string{".executor.type", "this agent has no default executor"}},
		"CUSTOM with command":                     {changed(func(e *mesos.ExecutorInfo) { e.Command = nil }), []string{".executor.command", "must be set"}},
		"executor identical to the one that runs": {changed(func(e *mesos.ExecutorInfo) { e.ExecutorId.Value = new("present") }), []string{".executor", `"present"`, "identical"}},
		"a task's own executor is the group's":    {second(func(t *mesos.TaskInfo) { t.Executor = groupExecutor("other") }), []string{"tasks[1].executor", "identical"}},
		"a task not DOCKER":                       {second(container(dockerNamed())), []string{"tasks[1].container.type", "DOCKER"}},
		"no TCP check with own network":           {second(func(t *mesos.TaskInfo) { networked(t); t.Check = tcpCheck(nil) }), []string{"tasks[1].check.type", "TCP"}},
		"no HTTP health check with own network": {second(func(t *mesos.TaskInfo) {
			networked(t)
			t.HealthCheck = &mesos.HealthCheck{Type: mesos.HealthCheck_HTTP.Enum()}
		}), []string{"tasks[1].health_check.type", "HTTP"}},
		"limits need share_cgroups false": {second(limited(map[string]float64{"cpus": 2})), []string{"tasks[1]", "share_cgroups true", "limits"}},
		"share_cgroups the same for all":  {second(container(sharing(false))), []string{"tasks[1]", "share_cgroups false", "same"}},
		"task ids unique in the group":    {second(func(t *mesos.TaskInfo) { t.TaskId.Value = new("g1") }), []string{"tasks[1].task_id", `"g1"`, "once"}},
		"a task is valid by itself":       {second(func(t *mesos.TaskInfo) { t.KillPolicy = &mesos.KillPolicy{GracePeriod: negative()} }), []string{"tasks[1].kill_policy"}},
		"a volume is there once": {func(g *mesos.Offer_Operation_LaunchGroup) {
			for _, t := range g.TaskGroup.Tasks {
				of("disk" + volumeOf("a", "v") + ":10")(t)
			}
		}, []string{"resources of all", `"v"`, "once"}},
		"all together fit": {func(g *mesos.Offer_Operation_LaunchGroup) {
			for _, t := range g.TaskGroup.Tasks {
				of("cpus:4")(t)
			}
		}, []string{"resources of all", "left of the offers"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, n, s, o := stage(t)
			op := group(groupExecutor("g"), commandTask("g1", o, "cpus:1"), commandTask("g2", o, "cpus:1"))
			row.change(op.LaunchGroup)
			s.accept([]*mesos.Offer{o}, nil, launch(commandTask("served", o, "cpus:1", byExecutor("present", "mem:64"))), op)
			n.next()
			for range 2 { // all of them
				got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_GROUP_INVALID)
				for _, word := range append(row.words, "accept.operations[1].launch_group") {
					if !strings.Contains(got.GetMessage(), word) {
						t.Errorf("message %q does not say %q", got.GetMessage(), word)
					}
				}
			}
			n.quiet()
		})
	}
}

func TestAGroupIsLaunchedAsOne(t *testing.T) {
	w, n, s, o := stage(t)
	s.accept([]*mesos.Offer{o}, refuse(0),
		group(groupExecutor("g"), commandTask("g1", o, "cpus:1"), commandTask("g2", o, "mem:100")),
		group(groupExecutor("g"), commandTask("g3", o, "cpus:1", func(t *mesos.TaskInfo) { t.Executor = groupExecutor("g") })),
	)
	s.quiet()
	s.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum()})
	for i, want := range []int{2, 1} {
		g := n.next().GetRunGroup()
		if len(g.GetTaskGroup().GetTasks()) != want || g.GetLaunchExecutor() != (i == 0) ||
			g.GetExecutor().GetFrameworkId().GetValue() != s.id.GetValue() ||
			g.GetTaskGroup().GetTasks()[0].GetResources()[0].GetAllocationInfo().GetRole() != "a" {
			t.Errorf("group %d is %v", i, g)
		}
	}
	n.exited(s, "g", 9)
	s.next(scheduler.Event_FAILURE)
	for _, id := range []string{"g1", "g2", "g3"} {
		n.update(s, id, mesos.TaskState_TASK_FAILED, uuid(id[1]))
		s.status(mesos.TaskState_TASK_FAILED, 0)
	}
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
	if all := parseOffer(t, s.offer()); !all.Equal(parseOffer(t, o)) {
		t.Errorf("in the end %s is offered, want %s", all, parseOffer(t, o))
	}
	w.pass(time.Second)
}
