// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/master/core"
)

// TestWhatIsKeptOfACompletedTaskIsSmall: a thousand are kept of each framework.
func TestWhatIsKeptOfACompletedTaskIsSmall(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe()
	large := string(make([]byte, 1<<18))
	launched(t, s, n, "t", "cpus:1", func(i *mesos.TaskInfo) {
		i.Name = &large
		i.Labels = &mesos.Labels{Labels: []*mesos.Label{{Key: new("k"), Value: &large}}}
		i.Discovery = &mesos.DiscoveryInfo{Visibility: mesos.DiscoveryInfo_CLUSTER.Enum(), Name: &large}
	})
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.acknowledge(s.status(mesos.TaskState_TASK_FINISHED, 0))
	tasks := core.CompletedTasks(w.core, s.id.GetValue())
	if len(tasks) != 1 {
		t.Fatalf("completed are %d tasks, want 1", len(tasks))
	}
	if m := tasks[0]; len(m.GetName()) > 1000 || m.Labels != nil || m.Discovery != nil {
		t.Errorf("%d bytes of name, %d labels and discovery %t are kept, want little of it",
			len(m.GetName()), len(m.GetLabels().GetLabels()), m.Discovery != nil)
	}
}

// TestARoleThatHasASettingMayAlwaysBeGivenAnother: or lose it, however many there are.
func TestARoleThatHasASettingMayAlwaysBeGivenAnother(t *testing.T) {
	w := newWorld(t)
	weights, limit := make(map[string]float64), map[string]float64{"cpus": 1}
	var quotas []*quota.QuotaConfig
	for i := range 10_000 {
		role := fmt.Sprint("r", i)
		weights[role] = 2
		quotas = append(quotas, config(role, nil, limit))
	}
	w.must(weightsCall(weights))
	w.must(quotaCall(true, quotas...))
	w.must(weightsCall(map[string]float64{"r0": 3, "r1": 4}))
	w.must(quotaCall(true, config("r0", nil, map[string]float64{"cpus": 2})))
	for _, call := range []*master.Call{
		weightsCall(map[string]float64{"new": 2}), quotaCall(true, config("new", nil, limit)), setQuotaCall("new", "cpus:1"),
	} {
		_, err := w.operate(call)
		refused(t, err, core.Exhausted, "10001", "10000 at most")
	}
	w.must(weightsCall(map[string]float64{"r0": 1, "new": 2}))
	w.must(quotaCall(true, config("r0", nil, nil), config("new", nil, limit)))
}
