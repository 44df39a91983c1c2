// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

const (
	getWeights = master.Call_GET_WEIGHTS
	getQuota   = master.Call_GET_QUOTA
)

func getCall(kind master.Call_Type) *master.Call { return &master.Call{Type: &kind} }

// must makes an operator's call that must be carried out.
func (w *world) must(call *master.Call) *master.Response {
	w.t.Helper()
	answer, err := w.operate(call)
	if err != nil {
		w.t.Fatalf("%v: %v", call.GetType(), err)
	}
	return answer
}

func weightsCall(weights map[string]float64) *master.Call {
	update := &master.Call_UpdateWeights{}
	for _, role := range slices.Sorted(maps.Keys(weights)) {
		update.WeightInfos = append(update.WeightInfos, &mesos.WeightInfo{Role: &role, Weight: new(weights[role])})
	}
	return &master.Call{Type: master.Call_UPDATE_WEIGHTS.Enum(), UpdateWeights: update}
}

func config(role string, guarantees, limits map[string]float64) *quota.QuotaConfig {
	return &quota.QuotaConfig{Role: &role, Guarantees: scalars(guarantees), Limits: scalars(limits)}
}

func quotaCall(force bool, configs ...*quota.QuotaConfig) *master.Call {
	return &master.Call{
		Type:        master.Call_UPDATE_QUOTA.Enum(),
		UpdateQuota: &master.Call_UpdateQuota{Force: &force, QuotaConfigs: configs},
	}
}

// setQuotaCall and removeQuotaCall are the forms from before 1.9.
func setQuotaCall(role, guarantee string) *master.Call {
	return &master.Call{
		//lint:ignore SA1019 the old form is what is tested
		Type: master.Call_SET_QUOTA.Enum(),
		//lint:ignore SA1019 the old form is what is tested
		SetQuota: &master.Call_SetQuota{QuotaRequest: &quota.QuotaRequest{
			Role: &role, Guarantee: resource.MustParse(guarantee).Proto(), Force: new(true),
		}},
	}
}

func removeQuotaCall(role string) *master.Call {
	return &master.Call{
		//lint:ignore SA1019 the old form is what is tested
		Type: master.Call_REMOVE_QUOTA.Enum(),
		//lint:ignore SA1019 the old form is what is tested
		RemoveQuota: &master.Call_RemoveQuota{Role: &role},
	}
}

func TestWeightsAreToldAsTheyWereSet(t *testing.T) {
	w := newWorld(t)
	w.must(weightsCall(map[string]float64{"b": 2, "a/c": 0.5}))
	w.must(weightsCall(map[string]float64{"b": 3, "unchanged": 1}))
	got := w.must(getCall(getWeights)).GetGetWeights().GetWeightInfos()
	if len(got) != 2 || got[0].GetRole() != "a/c" || got[0].GetWeight() != 0.5 || got[1].GetRole() != "b" || got[1].GetWeight() != 3 {
		t.Errorf("weights %v, want a/c 0.5, b 3", got)
	}
	w.must(weightsCall(map[string]float64{"b": 1}))
	if got := w.must(getCall(getWeights)).GetGetWeights().GetWeightInfos(); len(got) != 1 {
		t.Errorf("weights %v, want only that of a/c", got)
	}
}

func TestAWeightThatMattersHasAllThatIsOfferedDividedAnew(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:4;mem:100")
	s := w.subscribe(withRoles("a/x"))
	s.offer()
	w.must(weightsCall(map[string]float64{"b": 2, "a/y": 3, "a": 1})) // nobody's, and what it is anyway
	s.quiet()
	w.must(weightsCall(map[string]float64{"a": 2}))
	s.next(scheduler.Event_RESCIND)
	s.offer()
}

func TestWeightsThatBreakARuleAreRefusedAllOfThem(t *testing.T) {
	one := func(role string, weight float64) *master.Call { return weightsCall(map[string]float64{role: weight}) }
	twice := weightsCall(map[string]float64{"a": 2, "b": 2})
	twice.UpdateWeights.WeightInfos[1].Role = new("a")
	many := make(map[string]float64)
	for i := range 10_001 {
		many[fmt.Sprint("r", i)] = 2
	}
	for name, c := range map[string]struct {
		call  *master.Call
		kind  core.Kind
		words []string
	}{
		"none":         {weightsCall(nil), core.Invalid, []string{"update_weights.weight_infos", "must list a role"}},
		"a bad role":   {one("a b", 2), core.Invalid, []string{"update_weights.weight_infos[0].role", `"a b"`}},
		"no role":      {one("", 2), core.Invalid, []string{"update_weights.weight_infos[0].role", "must not be empty"}},
		"a role twice": {twice, core.Invalid, []string{"update_weights.weight_infos[1].role", `"a"`, "once"}},
		"zero":         {one("a", 0), core.Invalid, []string{"update_weights.weight_infos[0].weight", " 0:"}},
		"NaN":          {one("a", math.NaN()), core.Invalid, []string{"weight", "NaN"}},
		"too large":    {one("a", math.Inf(1)), core.Invalid, []string{"weight", "+Inf", "1e+06"}},
		"the second":   {weightsCall(map[string]float64{"a": 2, "b": -1}), core.Invalid, []string{"weight_infos[1].weight", "-1"}},
		"too many":     {weightsCall(many), core.Exhausted, []string{"10001", "10000 at most"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.operate(c.call)
			refused(t, err, c.kind, c.words...)
			if got := w.must(getCall(getWeights)).GetGetWeights().GetWeightInfos(); len(got) != 0 || len(w.records) != 0 {
				t.Errorf("weights %v, records %v, want none", got, w.records)
			}
		})
	}
}

func TestAQuotaReplacesAllThatTheRoleHadBefore(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:8;mem:1000")
	w.must(quotaCall(false, config("a", map[string]float64{"cpus": 2, "mem": 100}, map[string]float64{"cpus": 4})))
	w.must(quotaCall(false, config("a", nil, map[string]float64{"mem": 500}), config("b", map[string]float64{"cpus": 8}, nil)))
	status := w.must(getCall(getQuota)).GetGetQuota().GetStatus()
	configs := status.GetConfigs()
	if len(configs) != 2 || configs[0].GetRole() != "a" || len(configs[0].GetGuarantees()) != 0 ||
		configs[0].GetLimits()["mem"].GetValue() != 500 || len(configs[0].GetLimits()) != 1 {
		t.Errorf("quotas %v, want of a only the limit of 500 mem", configs)
	}
	//lint:ignore SA1019 the old form is told as well
	infos := status.GetInfos()
	if len(infos) != 1 || infos[0].GetRole() != "b" || infos[0].GetGuarantee()[0].GetScalar().GetValue() != 8 {
		t.Errorf("in the old form %v, want the guarantee of b", infos)
	}
	w.must(quotaCall(false, config("a", nil, nil)))
	if got := w.must(getCall(getQuota)).GetGetQuota().GetStatus().GetConfigs(); len(got) != 1 {
		t.Errorf("quotas %v, want only that of b", got)
	}
}

func TestAQuotaThatBreaksARuleIsRefusedWithAllOfItsCall(t *testing.T) {
	limit := map[string]float64{"cpus": 1}
	names := make(map[string]float64)
	for i := range 101 {
		names[fmt.Sprint("n", i)] = 1
	}
	var roles []*quota.QuotaConfig
	for i := range 10_001 {
		roles = append(roles, config(fmt.Sprint("r", i), nil, limit))
	}
	for name, c := range map[string]struct {
		call  *master.Call
		kind  core.Kind
		words []string
	}{
		"none":           {quotaCall(false), core.Invalid, []string{"update_quota.quota_configs", "must list a role"}},
		"the role *":     {quotaCall(false, config("*", nil, limit)), core.Invalid, []string{"quota_configs[0].role", `"*"`, "top-level"}},
		"a role below":   {quotaCall(false, config("a/b", nil, limit)), core.Invalid, []string{"quota_configs[0].role", `"a/b"`, "top-level"}},
		"a bad role":     {quotaCall(false, config("-a", nil, limit)), core.Invalid, []string{"quota_configs[0].role", `"-a"`}},
		"a role twice":   {quotaCall(false, config("a", nil, limit), config("a", nil, limit)), core.Invalid, []string{"quota_configs[1].role", "once"}},
		"ports":          {quotaCall(false, config("a", nil, map[string]float64{"ports": 1})), core.Invalid, []string{"quota_configs[0].limits", `"ports"`, "RANGES"}},
		"a bad name":     {quotaCall(false, config("a", map[string]float64{"": 1}, nil)), core.Invalid, []string{"quota_configs[0].guarantees", "must not be empty"}},
		"a bad amount":   {quotaCall(false, config("a", map[string]float64{"cpus": -1}, nil)), core.Invalid, []string{"guarantees", `"cpus"`, "-1"}},
		"above limit":    {quotaCall(true, config("a", map[string]float64{"cpus": 2}, limit)), core.Invalid, []string{`guarantees["cpus"] 2`, "limit, which is 1"}},
		"overcommitted":  {quotaCall(false, config("a", map[string]float64{"cpus": 5}, nil)), core.Conflict, []string{`guarantees["cpus"] 5`, "have 4", "force"}},
		"in sum":         {quotaCall(false, config("a", map[string]float64{"cpus": 3}, nil), config("b", map[string]float64{"cpus": 2}, nil)), core.Conflict, []string{"5 are guaranteed", "have 4"}},
		"too many names": {quotaCall(false, config("a", nil, names)), core.Invalid, []string{"limits", "101", "100 at most"}},
		"too many roles": {quotaCall(false, roles...), core.Exhausted, []string{"10001", "10000 at most"}},

		"old, no guarantee": {setQuotaCall("a", ""), core.Invalid, []string{"set_quota.quota_request.guarantee", "empty"}},
		"old, ports":        {setQuotaCall("a", "ports:[1-2]"), core.Invalid, []string{"set_quota.quota_request.guarantee[0]", `"ports"`, "SCALAR"}},
		"old, reserved":     {setQuotaCall("a", "cpus(a):1"), core.Invalid, []string{"guarantee[0]", "reservation"}},
		"old, a role below": {setQuotaCall("a/b", "cpus:1"), core.Invalid, []string{"set_quota.quota_request.role", "top-level"}},
		"old, remove none":  {removeQuotaCall("a"), core.NotFound, []string{"remove_quota.role", `"a"`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.node("cpus:4;mem:1000")
			_, err := w.operate(c.call)
			refused(t, err, c.kind, c.words...)
			if got := w.must(getCall(getQuota)).GetGetQuota().GetStatus().GetConfigs(); len(got) != 0 {
				t.Errorf("quotas %v, want none", got)
			}
		})
	}
}

func TestWhatIsGuaranteedTooMuchIsNoReasonAgainstLess(t *testing.T) {
	w := newWorld(t)
	w.must(quotaCall(true, config("a", map[string]float64{"cpus": 100}, nil)))
	w.must(quotaCall(false, config("a", map[string]float64{"cpus": 50}, nil)))
	_, err := w.operate(quotaCall(false, config("b", map[string]float64{"cpus": 1}, nil)))
	refused(t, err, core.Conflict, "51 are guaranteed")
}

func TestTheOldFormsSetAndRemoveAGuaranteeThatIsTheLimit(t *testing.T) {
	w := newWorld(t)
	w.must(setQuotaCall("a", "cpus:2;mem:64"))
	got := w.must(getCall(getQuota)).GetGetQuota().GetStatus().GetConfigs()
	if len(got) != 1 || got[0].GetGuarantees()["cpus"].GetValue() != 2 || got[0].GetLimits()["mem"].GetValue() != 64 {
		t.Errorf("quotas %v, want guarantees and limits of cpus:2;mem:64", got)
	}
	_, err := w.operate(setQuotaCall("a", "cpus:1"))
	refused(t, err, core.Conflict, `"a"`, "UPDATE_QUOTA")
	w.must(removeQuotaCall("a"))
	if _, ok := w.records[recordKey{core.RecordQuota, "a"}]; ok {
		t.Error("the quota is still remembered")
	}
}

func TestOffersInTheWayOfAQuotaAreRescinded(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:4;mem:100")
	a, other := w.subscribe(withRoles("a/x")), w.subscribe()
	offered := a.offer()
	w.must(quotaCall(false, config("a", nil, map[string]float64{"cpus": 4, "mem": 100})))
	if got := a.next(scheduler.Event_RESCIND).GetRescind().GetOfferId().GetValue(); got != offered.GetId().GetValue() {
		t.Errorf("rescinded is %s, want the offer that could exceed the limit", got)
	}
	a.close()
	standing := other.offer()
	w.must(quotaCall(false, config("b", map[string]float64{"cpus": 2}, nil)))
	if got := other.next(scheduler.Event_RESCIND).GetRescind().GetOfferId().GetValue(); got != standing.GetId().GetValue() {
		t.Errorf("rescinded is %s, want the offer that the guarantee may need", got)
	}
}

func TestAQuotaIsRememberedWholeAndForgottenWhenItSaysNothing(t *testing.T) {
	w := newWorld(t)
	w.must(quotaCall(true, config("a", map[string]float64{"cpus": 2}, map[string]float64{"cpus": 2})))
	r, _ := w.records[recordKey{core.RecordQuota, "a"}].(*registry.Quota)
	if r.GetConfig().GetGuarantees()["cpus"].GetValue() != 2 || r.GetConfig().GetLimits()["cpus"].GetValue() != 2 {
		t.Errorf("remembered is %v", r)
	}
	w.must(quotaCall(false, config("a", nil, nil)))
	if len(w.records) != 0 {
		t.Errorf("remembered is %v, want nothing", w.records)
	}
}
