// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/master/core"
)

// refused checks that an operator's call had no effect, for a reason that says all
// of these words.
func refused(t *testing.T, err *core.Error, kind core.Kind, words ...string) {
	t.Helper()
	if err == nil || err.Kind != kind {
		t.Fatalf("error %v, want one of kind %v", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Text, word) {
			t.Errorf("error %q does not say %q", err.Text, word)
		}
	}
}

func teardownCall(id string) *master.Call {
	return &master.Call{
		Type:     master.Call_TEARDOWN.Enum(),
		Teardown: &master.Call_Teardown{FrameworkId: &mesos.FrameworkID{Value: &id}},
	}
}

func TestAnOperatorsCallThatCannotBeCarriedOutNamesWhatIsWrong(t *testing.T) {
	newer := master.Call_Type(36_000)
	for name, c := range map[string]struct {
		call  *master.Call
		kind  core.Kind
		words []string
	}{
		"no call":                  {nil, core.Invalid, []string{"call"}},
		"no type":                  {&master.Call{}, core.Invalid, []string{"type"}},
		"a type of a newer master": {&master.Call{Type: &newer}, core.Unsupported, []string{"36000"}},
		"no body": {
			&master.Call{Type: master.Call_TEARDOWN.Enum()}, core.Invalid, []string{"teardown", "must be set"},
		},
		"a type that is not supported": {
			&master.Call{Type: master.Call_GET_FLAGS.Enum()}, core.Unsupported, []string{"GET_FLAGS", "not supported"},
		},
		"teardown of a framework that nobody knows": {
			teardownCall("who"), core.NotFound, []string{"teardown.framework_id", `"who"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newWorld(t).operate(c.call)
			refused(t, err, c.kind, c.words...)
		})
	}
}

func TestAnOperatorIsToldHealthVersionAndMaster(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Master.Version = new("1.2.3") })
	answer, err := w.operate(&master.Call{Type: master.Call_GET_HEALTH.Enum()})
	if err != nil || answer.GetType() != master.Response_GET_HEALTH || !answer.GetGetHealth().GetHealthy() {
		t.Errorf("GET_HEALTH: %v, error %v", answer, err)
	}
	answer, err = w.operate(&master.Call{Type: master.Call_GET_VERSION.Enum()})
	if err != nil || answer.GetGetVersion().GetVersionInfo().GetVersion() != "1.2.3" {
		t.Errorf("GET_VERSION: %v, error %v", answer, err)
	}
	answer, err = w.operate(&master.Call{Type: master.Call_GET_MASTER.Enum()})
	if got := answer.GetGetMaster(); err != nil || got.GetMasterInfo().GetId() != "m" ||
		len(got.GetMasterInfo().GetCapabilities()) != 3 || got.GetStartTime() != 1_700_000_000 {
		t.Errorf("GET_MASTER: %v, error %v", answer, err)
	}
}

func TestAFrameworkThatAnOperatorTearsDownIsToldAndShutDownEverywhere(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1")
	if answer, err := w.operate(teardownCall("m-0000")); answer != nil || err != nil {
		t.Errorf("answer %v, error %v, want neither", answer, err)
	}
	s.ended("torn down")
	if n.next().GetShutdownFramework() == nil {
		t.Error("the agent is not told to shut it down")
	}
	w.dial(frameworkInfo(withID("m-0000"))).ended("has been removed")
	_, err := w.operate(teardownCall("m-0000"))
	refused(t, err, core.NotFound, "m-0000")
}

func TestADisconnectedFrameworkCanBeTornDown(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	s.close()
	if _, err := w.operate(teardownCall("m-0000")); err != nil {
		t.Fatal(err)
	}
	if at, ok := w.core.Deadline(); ok {
		t.Errorf("a tick is due at %v, want none", at)
	}
	w.dial(frameworkInfo(withID("m-0000"))).ended("has been removed")
}
