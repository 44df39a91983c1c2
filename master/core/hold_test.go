// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// clusterOfFive returns a world with a framework and five agents on hosts of their
// own, and a quota if asked for.
func clusterOfFive(t *testing.T, quota bool) (*world, []*node) {
	w := newWorld(t)
	var nodes []*node
	for _, host := range []string{"a", "b", "c", "d", "e"} {
		info := agentInfo("cpus:1;mem:100")
		info.Hostname = &host
		nodes = append(nodes, w.register(&link.Register{Agent: info}))
	}
	w.subscribe(withFailoverTimeout(3600))
	if quota {
		w.must(quotaCall(true, config("q", map[string]float64{"cpus": 1}, nil)))
	}
	return w, nodes
}

// comeBack lets an agent of clusterOfFive register with another master.
func (w *world) comeBack(n *node, host string) {
	info := agentInfo("cpus:1;mem:100")
	info.Hostname, info.Id = &host, n.id
	w.register(&link.Register{Agent: info})
}

func TestWithAQuotaANewMasterMakesNoOfferBeforeMostAgentsAreBack(t *testing.T) {
	w, nodes := clusterOfFive(t, true)
	next := w.successor("m2")
	s := next.subscribe(withID("m-0000"), withFailoverTimeout(3600))
	for i, host := range []string{"a", "b", "c"} {
		next.comeBack(nodes[i], host)
	}
	s.quiet()
	next.pass(10*time.Minute - time.Second)
	s.quiet()
	if at, ok := next.core.Deadline(); !ok || !at.After(next.now) {
		t.Errorf("a tick is due at %v, %v, while nothing can be done", at, ok)
	}
	next.comeBack(nodes[3], "d")
	s.next(scheduler.Event_OFFERS)
	w, nodes = clusterOfFive(t, true)
	next = w.successor("m2")
	s = next.subscribe(withID("m-0000"), withFailoverTimeout(3600))
	next.comeBack(nodes[0], "a")
	next.pass(10*time.Minute - time.Second)
	s.quiet()
	next.pass(time.Second)
	for range 4 { // those that did not come back
		s.next(scheduler.Event_FAILURE)
	}
	s.offer()
}

func TestWithoutAQuotaANewMasterOffersAtOnce(t *testing.T) {
	w, nodes := clusterOfFive(t, false)
	next := w.successor("m2")
	s := next.subscribe(withID("m-0000"), withFailoverTimeout(3600))
	next.comeBack(nodes[0], "a")
	s.offer()
}

func TestAQuotaThatIsRemovedEndsTheWait(t *testing.T) {
	w, nodes := clusterOfFive(t, true)
	next := w.successor("m2")
	s := next.subscribe(withID("m-0000"), withFailoverTimeout(3600))
	next.comeBack(nodes[0], "a")
	s.quiet()
	next.must(quotaCall(false, config("q", nil, nil)))
	s.offer()
}

func TestAnExplanationTellsThatTheMasterWaitsForAgents(t *testing.T) {
	w, _ := clusterOfFive(t, true)
	next := w.successor("m2", explained)
	next.subscribe(withID("m-0000"), withFailoverTimeout(3600))
	answer, err := next.why(whyQuery("m-0000"))
	if err != nil || !strings.Contains(answer.GetRoles()[0].GetSilent(), "80% of 5 agents are back (0 are)") {
		t.Errorf("answer %v, error %v", answer, err)
	}
}
