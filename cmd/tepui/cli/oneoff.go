// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"sync"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// oneOff is a framework with one task. Its fields belong to the callbacks, but for
// the channels and what mu guards.
type oneOff struct {
	scheduler.Callbacks
	task *mesos.TaskInfo // without agent_id
	need resource.Resources
	out  io.Writer

	id      *mesos.FrameworkID
	address string          // of the agent of the host where it was launched
	hosts   map[string]bool // whose offers were too small

	registered chan struct{}  // closed by the first registration
	back       chan struct{}  // capacity 1: the master is back
	result     chan oneOffEnd // capacity 1

	mu  sync.Mutex
	now standing
}

// standing is how far a oneOff has got.
type standing struct {
	connected bool // to the master
	launched  bool
	host      string // where it was launched
}

// oneOffEnd is how the task ended, and where; or why it could not be run.
type oneOffEnd struct {
	framework *mesos.FrameworkID
	host      string // empty if the task was not launched
	address   string // of the host's agent
	status    *mesos.TaskStatus
	err       error
}

func newOneOff(task *mesos.TaskInfo, need resource.Resources, out io.Writer) *oneOff {
	return &oneOff{
		task: task, need: need, out: out, hosts: map[string]bool{},
		registered: make(chan struct{}), back: make(chan struct{}, 1), result: make(chan oneOffEnd, 1),
	}
}

// standing may be called by any goroutine.
func (o *oneOff) standing() standing {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *oneOff) setConnected(connected bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now.connected = connected
}

func (o *oneOff) setLaunched(host string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now.launched, o.now.host = true, host
}

// Registered says so.
func (o *oneOff) Registered(_ scheduler.Driver, id *mesos.FrameworkID, _ *mesos.MasterInfo) {
	o.id = id
	o.setConnected(true)
	close(o.registered)
	o.say("registered as framework %s", id.GetValue())
}

// Reregistered asks what became of the task meanwhile.
func (o *oneOff) Reregistered(d scheduler.Driver, _ *mesos.MasterInfo) {
	o.say("the master is back")
	o.setConnected(true)
	if !o.standing().launched {
		return
	}
	if _, err := d.ReconcileTasks([]*mesos.TaskStatus{{TaskId: o.task.TaskId, AgentId: o.task.AgentId}}); err != nil {
		o.say("%v", err)
	}
	select {
	case o.back <- struct{}{}:
	default: // not yet noticed the last time
	}
}

// Disconnected says so.
func (o *oneOff) Disconnected(scheduler.Driver) {
	o.setConnected(false)
	o.say("the master is lost, trying again")
}

// ResourceOffers launches the task with the first offer that has room for it.
func (o *oneOff) ResourceOffers(d scheduler.Driver, offers []*mesos.Offer) {
	for _, offer := range offers {
		if err := o.consider(d, offer); err != nil {
			o.end(oneOffEnd{err: err})
			return
		}
	}
}

func (o *oneOff) consider(d scheduler.Driver, offer *mesos.Offer) error {
	free, err := resource.FromProto(offer.GetResources())
	if err != nil {
		return fmt.Errorf("offer %s: %w", offer.GetId().GetValue(), err)
	}
	picked, fits := free.Find(o.need, "*")
	if launched := o.standing().launched; launched || !fits {
		if !launched {
			o.tooSmall(offer.GetHostname(), free)
		}
		_, err := d.DeclineOffer(offer.GetId(), nil)
		return err
	}
	o.setLaunched(offer.GetHostname())
	o.address = agentAddress(offer)
	o.task.AgentId = offer.GetAgentId()
	o.task.Resources = picked.Proto()
	o.say("launching task %s on %s", o.task.GetTaskId().GetValue(), offer.GetHostname())
	_, err = d.LaunchTasks([]*mesos.OfferID{offer.GetId()}, []*mesos.TaskInfo{o.task}, nil)
	return err
}

// tooSmall says once per host that the task does not fit.
func (o *oneOff) tooSmall(host string, free resource.Resources) {
	if !o.hosts[host] {
		o.hosts[host] = true
		o.say("%s offers %s, and %s is needed: waiting for more", host, free, o.need)
	}
}

// StatusUpdate prints what happens, and ends with the task.
func (o *oneOff) StatusUpdate(_ scheduler.Driver, status *mesos.TaskStatus) {
	o.say("task %s: %s", status.GetTaskId().GetValue(), describe(status))
	if mesos.Terminal(status.GetState()) {
		o.end(oneOffEnd{framework: o.id, host: o.standing().host, address: o.address, status: status})
	}
}

// Error ends without a task.
func (o *oneOff) Error(_ scheduler.Driver, message string) {
	o.end(oneOffEnd{err: fmt.Errorf("%s", message)})
}

func (o *oneOff) end(e oneOffEnd) {
	select {
	case o.result <- e:
	default: // the first end counts
	}
}

func (o *oneOff) say(format string, args ...any) {
	fmt.Fprintf(o.out, format+"\n", args...)
}

// sayWhere tells where the output of the task is.
func (o *oneOff) sayWhere(ctx context.Context, end oneOffEnd) {
	if end.host == "" {
		return
	}
	if dir := sandbox(ctx, end.address, end.framework); dir != "" {
		o.say("output: stdout and stderr in %s on %s", dir, end.host)
	}
}

// command describes the command that args are.
func (f *runFlags) command(args []string) (*mesos.CommandInfo, error) {
	c := &mesos.CommandInfo{
		Shell:     proto.Bool(false),
		Value:     proto.String(args[0]),
		Arguments: args,
	}
	for _, uri := range f.uris {
		c.Uris = append(c.Uris, &mesos.CommandInfo_URI{Value: proto.String(uri)})
	}
	for _, uri := range f.executables {
		c.Uris = append(c.Uris, &mesos.CommandInfo_URI{Value: proto.String(uri), Executable: proto.Bool(true)})
	}
	if len(f.environment) > 0 {
		c.Environment = &mesos.Environment{}
	}
	for _, text := range f.environment {
		name, value, err := variableOf(text)
		if err != nil {
			return nil, err
		}
		c.Environment.Variables = append(c.Environment.Variables, &mesos.Environment_Variable{
			Name: proto.String(name), Value: proto.String(value),
		})
	}
	return c, nil
}
