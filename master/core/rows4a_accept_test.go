// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

// fussy allows what is not called "forbidden".
type fussy struct{}

func (fussy) Authorize(r core.AuthorizationRequest) error {
	if r.Action == core.ActionRunTask && r.Task.GetName() == "forbidden" {
		return errors.New("principal " + r.Principal + " may not run it")
	}
	return nil
}

// TestTaskStatesOfAccept4a has the rows of the table that are decided at ACCEPT, each for a
// framework with PARTITION_AWARE and for one without.
func TestTaskStatesOfAccept4a(t *testing.T) {
	type scene struct {
		w *world
		n *node
		s *sched
		o *mesos.Offer
	}
	named := func(op *mesos.Offer_Operation) *mesos.Offer_Operation {
		op.Id = &mesos.OperationID{Value: new("op")}
		return op
	}
	accept := func(c *scene, op func(o *mesos.Offer) *mesos.Offer_Operation) {
		c.s.accept([]*mesos.Offer{c.o}, refuse(0), op(c.o))
	}
	one := func(o *mesos.Offer) *mesos.Offer_Operation { return launch(commandTask("t", o, "cpus:1")) }
	for name, row := range map[string]struct {
		do     func(c *scene)
		aware  mesos.TaskState
		other  mesos.TaskState
		reason mesos.TaskStatus_Reason
	}{
		"ACCEPT names an offer that is gone/invalid/duplicated/mixed: gone": {
			func(c *scene) { c.s.decline(refuse(0), c.o); accept(c, one) },
			mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS,
		},
		"ACCEPT names an offer that is gone/invalid/duplicated/mixed: invalid": {
			func(c *scene) {
				c.s.accept([]*mesos.Offer{{Id: &mesos.OfferID{Value: new("no such")}}}, nil, one(c.o))
			},
			mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS,
		},
		"ACCEPT names an offer that is gone/invalid/duplicated/mixed: duplicated": {
			func(c *scene) { c.s.accept([]*mesos.Offer{c.o, c.o}, nil, one(c.o)) },
			mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS,
		},
		"ACCEPT names an offer that is gone/invalid/duplicated/mixed: mixed": {
			func(c *scene) {
				c.w.node("cpus:1;mem:100")
				c.s.accept([]*mesos.Offer{c.o, c.s.offer()}, nil, one(c.o))
			},
			mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS,
		},
		"agent removed between offer and launch": {
			func(c *scene) {
				c.n.close()
				c.w.pass(reregisterTimeout)
				c.s.next(scheduler.Event_RESCIND)
				c.s.next(scheduler.Event_FAILURE)
				accept(c, one)
			},
			mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED,
		},
		"agent disconnected between offer and launch": {
			func(c *scene) { c.n.close(); c.s.next(scheduler.Event_RESCIND); accept(c, one) },
			mesos.TaskState_TASK_DROPPED, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_DISCONNECTED,
		},
		"task invalid": {
			func(c *scene) {
				accept(c, func(o *mesos.Offer) *mesos.Offer_Operation { return launch(commandTask("t", o, "cpus:90")) })
			},
			mesos.TaskState_TASK_ERROR, mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID,
		},
		"task group invalid": {
			func(c *scene) {
				accept(c, func(o *mesos.Offer) *mesos.Offer_Operation {
					return group(groupExecutor("g"), commandTask("t", o, "cpus:90"))
				})
			},
			mesos.TaskState_TASK_ERROR, mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_GROUP_INVALID,
		},
		"not authorised": {
			func(c *scene) {
				accept(c, func(o *mesos.Offer) *mesos.Offer_Operation { return launch(commandTask("forbidden", o, "cpus:1")) })
			},
			mesos.TaskState_TASK_ERROR, mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_UNAUTHORIZED,
		},
		"not authorised, in a group": {
			func(c *scene) {
				accept(c, func(o *mesos.Offer) *mesos.Offer_Operation {
					return group(groupExecutor("g"), commandTask("forbidden", o, "cpus:1"))
				})
			},
			mesos.TaskState_TASK_ERROR, mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_GROUP_UNAUTHORIZED,
		},
		"id set on a LAUNCH operation": {
			func(c *scene) { accept(c, func(o *mesos.Offer) *mesos.Offer_Operation { return named(one(o)) }) },
			mesos.TaskState_TASK_ERROR, mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID,
		},
		"id set on a LAUNCH_GROUP operation": {
			func(c *scene) {
				accept(c, func(o *mesos.Offer) *mesos.Offer_Operation {
					return named(group(groupExecutor("g"), commandTask("t", o, "cpus:1")))
				})
			},
			mesos.TaskState_TASK_ERROR, mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_GROUP_INVALID,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, aware := range []bool{true, false} {
				c := &scene{w: newWorld(t, func(cfg *core.Config) { cfg.Authorizer = fussy{} })}
				c.n = c.w.node("cpus:4;mem:1000;disk:10")
				want := row.other
				if aware {
					want = row.aware
					c.s = c.w.subscribe(partitionAware)
				} else {
					c.s = c.w.subscribe()
				}
				c.o = c.s.offer()
				row.do(c)
				got := c.s.status(want, row.reason)
				if got.GetSource() != mesos.TaskStatus_SOURCE_MASTER || got.GetUuid() != nil {
					t.Errorf("update %v, want one of the master that is not to be acknowledged", got)
				}
				c.s.quietButOffers()
			}
		})
	}
}

// quietButOffers checks that there is nothing but offers and HEARTBEATs.
func (s *sched) quietButOffers() {
	s.w.t.Helper()
	for _, e := range s.w.events[s.conn] {
		if e.GetType() != scheduler.Event_HEARTBEAT && e.GetType() != scheduler.Event_OFFERS {
			s.w.t.Errorf("event %v, want none", e)
		}
	}
}

func TestAnUnauthorizedTaskSaysWhy(t *testing.T) {
	w := newWorld(t, func(cfg *core.Config) { cfg.Authorizer = fussy{} })
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe(func(i *mesos.FrameworkInfo) { i.Principal = new("joe") })
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(0), launch(commandTask("forbidden", o, "cpus:1"), commandTask("fine", o, "cpus:1")))
	got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_UNAUTHORIZED)
	if !strings.Contains(got.GetMessage(), "principal joe may not run it") {
		t.Errorf("message %q does not say why", got.GetMessage())
	}
	if n.next().GetRun().GetTask().GetName() != "fine" {
		t.Error("the other task is not run")
	}
	w.pass(time.Second)
	has(t, s.offer(), "cpus:3;mem:1000")
}
