// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// Offer waits for an offer that suits and takes it out of the memory. A nil
// suits takes any.
func (f *Framework) Offer(ctx context.Context, suits func(*mesos.Offer) bool) (*mesos.Offer, error) {
	var taken *mesos.Offer
	err := f.Wait(ctx, func() error {
		for id, o := range f.offers {
			if suits == nil || suits(o) {
				taken = o
				delete(f.offers, id)
				return nil
			}
		}
		return fmt.Errorf("none of %d offers suits; error %q", len(f.offers), f.problem)
	})
	return taken, err
}

// Launch waits until offers of one agent, each of which suits, come to what the
// tasks and their executors ask for, and launches the tasks with them. What is
// left comes back at once. It returns the first of the offers.
func (f *Framework) Launch(ctx context.Context, suits func(*mesos.Offer) bool, tasks ...*mesos.TaskInfo) (*mesos.Offer, error) {
	need, err := asked(tasks)
	if err != nil {
		return nil, err
	}
	var taken []*mesos.Offer
	err = f.Wait(ctx, func() error {
		taken = f.enough(need, suits)
		if taken == nil {
			return fmt.Errorf("%d offers are not %s on one agent; error %q", len(f.offers), need, f.problem)
		}
		for _, o := range taken {
			delete(f.offers, o.GetId().GetValue())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taken[0], f.launch(taken, tasks)
}

// enough returns offers of one agent that come to need, nil if there are none.
func (f *Framework) enough(need resource.Resources, suits func(*mesos.Offer) bool) []*mesos.Offer {
	sums := map[string]resource.Resources{}
	offers := map[string][]*mesos.Offer{}
	for _, o := range f.offers {
		r, err := resource.FromProto(o.GetResources())
		if err != nil || suits != nil && !suits(o) {
			continue
		}
		agent := o.GetAgentId().GetValue()
		sums[agent] = sums[agent].Add(r)
		offers[agent] = append(offers[agent], o)
		if _, ok := sums[agent].Find(need, "*"); ok {
			return offers[agent]
		}
	}
	return nil
}

// asked is what tasks ask for, with each of their executors once.
func asked(tasks []*mesos.TaskInfo) (resource.Resources, error) {
	all := map[string][]*mesos.Resource{}
	for _, t := range tasks {
		all["task "+t.GetTaskId().GetValue()] = t.GetResources()
		all["executor "+t.GetExecutor().GetExecutorId().GetValue()] = t.GetExecutor().GetResources()
	}
	var sum resource.Resources
	for _, p := range all {
		r, err := resource.FromProto(p)
		if err != nil {
			return sum, err
		}
		sum = sum.Add(r)
	}
	return sum, nil
}

// LaunchWith launches the tasks with an offer that was taken before.
func (f *Framework) LaunchWith(offer *mesos.Offer, tasks ...*mesos.TaskInfo) error {
	return f.launch([]*mesos.Offer{offer}, tasks)
}

func (f *Framework) launch(offers []*mesos.Offer, tasks []*mesos.TaskInfo) error {
	var ids []*mesos.OfferID
	for _, o := range offers {
		ids = append(ids, o.GetId())
	}
	for _, t := range tasks {
		t.AgentId = offers[0].GetAgentId()
	}
	_, err := f.driver.LaunchTasks(ids, tasks, &mesos.Filters{RefuseSeconds: proto.Float64(0)})
	return err
}

// Await waits until task is, or was, in one of the states, and returns the first
// such update. It gives up at once when the task ends in another one.
func (f *Framework) Await(ctx context.Context, task string, states ...mesos.TaskState) (Update, error) {
	var found Update
	var ended error
	err := f.Wait(ctx, func() error {
		for _, u := range f.updates[task] {
			if slices.Contains(states, u.GetState()) {
				found = u
				return nil
			}
			if mesos.Terminal(u.GetState()) {
				ended = fmt.Errorf("framework: task %s ended in %v (%v: %s), want %v",
					task, u.GetState(), u.GetReason(), u.GetMessage(), states)
				return nil
			}
		}
		return fmt.Errorf("task %s had %d updates, none of them %v; error %q", task, len(f.updates[task]), states, f.problem)
	})
	if err == nil {
		err = ended
	}
	return found, err
}

// Updates returns the updates of task so far, in order of arrival.
func (f *Framework) Updates(task string) []Update {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.updates[task])
}

// Finished tells whether task has had a terminal update.
func (f *Framework) Finished(task string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.updates[task], func(u Update) bool { return mesos.Terminal(u.GetState()) })
}

// AwaitExecutor waits for the end of an executor and returns its wait status.
func (f *Framework) AwaitExecutor(ctx context.Context, executor string) (int, error) {
	var status int
	err := f.Wait(ctx, func() error {
		s, ok := f.ended[executor]
		if !ok {
			return fmt.Errorf("executor %s has not ended", executor)
		}
		status = s
		return nil
	})
	return status, err
}

// AwaitAgentLost waits until the framework has been told that agent is lost.
func (f *Framework) AwaitAgentLost(ctx context.Context, agent string) error {
	return f.Wait(ctx, func() error {
		if !f.lost[agent] {
			return fmt.Errorf("agent %s is not lost", agent)
		}
		return nil
	})
}

// AwaitRescinded waits until the offer has been rescinded.
func (f *Framework) AwaitRescinded(ctx context.Context, offer *mesos.Offer) error {
	return f.Wait(ctx, func() error {
		if !f.rescinded[offer.GetId().GetValue()] {
			return fmt.Errorf("offer %s is not rescinded", offer.GetId().GetValue())
		}
		return nil
	})
}

// AwaitMessages waits for n framework messages and returns all that came.
func (f *Framework) AwaitMessages(ctx context.Context, n int) ([]string, error) {
	var all []string
	err := f.Wait(ctx, func() error {
		if len(f.messages) < n {
			return fmt.Errorf("%d framework messages, want %d", len(f.messages), n)
		}
		all = slices.Clone(f.messages)
		return nil
	})
	return all, err
}

// AwaitError waits until the driver has given up and returns its message.
func (f *Framework) AwaitError(ctx context.Context) (string, error) {
	var message string
	err := f.Wait(ctx, func() error {
		if f.problem == "" {
			return fmt.Errorf("no error so far")
		}
		message = f.problem
		return nil
	})
	return message, err
}
