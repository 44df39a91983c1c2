// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// The callbacks of the driver; those that a word count can do without are left out.
var _ scheduler.Scheduler = (*job)(nil)

// Registered remembers the framework's id, by which containers are found.
func (j *job) Registered(_ scheduler.Driver, id *mesos.FrameworkID, _ *mesos.MasterInfo) {
	j.framework = id.GetValue()
	j.say("registered as %s", j.framework)
}

// Reregistered says so.
func (j *job) Reregistered(scheduler.Driver, *mesos.MasterInfo) { j.say("the master is back") }

// Disconnected says so.
func (j *job) Disconnected(scheduler.Driver) { j.say("the master is lost") }

// ResourceOffers launches as many shards as fit.
func (j *job) ResourceOffers(d scheduler.Driver, offers []*mesos.Offer) {
	for _, offer := range offers {
		free, err := resource.FromProto(offer.GetResources())
		if err != nil {
			j.finish(fmt.Errorf("offer %s: %w", offer.GetId().GetValue(), err))
			return
		}
		tasks := j.fill(offer, free)
		var filters *mesos.Filters
		if len(j.waiting) == 0 { // nothing more is wanted, unless a shard fails
			filters = &mesos.Filters{RefuseSeconds: proto.Float64(3600)}
		}
		if _, err := d.LaunchTasks([]*mesos.OfferID{offer.GetId()}, tasks, filters); err != nil {
			j.finish(err)
			return
		}
	}
}

// fill takes shards from those that wait until free is used up.
func (j *job) fill(offer *mesos.Offer, free resource.Resources) []*mesos.TaskInfo {
	var tasks []*mesos.TaskInfo
	one := j.base.Add(j.need)
	for wanted := one; len(j.waiting) > 0 && free.Contains(wanted); wanted = wanted.Add(one) {
		s := j.waiting[0]
		j.waiting = j.waiting[1:]
		s.attempts++
		s.agent, s.address = offer.GetHostname(), agentAddress(offer)
		tasks = append(tasks, j.task(s, offer.GetAgentId()))
		j.running[s.task] = s
	}
	if len(tasks) > 0 {
		j.say("launching %s on %s", names(tasks), offer.GetHostname())
	}
	return tasks
}

func names(tasks []*mesos.TaskInfo) string {
	var all []string
	for _, t := range tasks {
		all = append(all, t.GetName())
	}
	return strings.Join(all, ", ")
}

// agentAddress is where the agent of an offer answers.
func agentAddress(offer *mesos.Offer) string {
	a := offer.GetUrl().GetAddress()
	host := a.GetIp()
	if host == "" {
		host = a.GetHostname()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(a.GetPort())))
}

// StatusUpdate takes results, and tries again what failed.
func (j *job) StatusUpdate(d scheduler.Driver, status *mesos.TaskStatus) {
	id := status.GetTaskId().GetValue()
	s := j.running[id]
	if s == nil { // an update that comes again
		return
	}
	state := status.GetState()
	j.say("%-9s %s%s", id, words(state), because(status))
	if !mesos.Terminal(state) {
		return
	}
	delete(j.running, id)
	err := j.take(s, status)
	if err == nil {
		j.countDown()
		return
	}
	if s.attempts == maxAttempts {
		j.finish(fmt.Errorf("shard %d, attempt %d: %w", s.number, s.attempts, err))
		return
	}
	j.waiting = append(j.waiting, s)
	if _, err := d.ReviveOffers(); err != nil {
		j.say("%v", err) // offers come again after the refusal's end
	}
}

// take takes the result of a task that finished.
func (j *job) take(s *shard, status *mesos.TaskStatus) error {
	if status.GetState() != mesos.TaskState_TASK_FINISHED {
		return fmt.Errorf("%v: %s", status.GetState(), status.GetMessage())
	}
	result, err := decode(status.GetData())
	if err != nil {
		return err
	}
	s.result = result
	s.used.container = status.GetContainerStatus().GetContainerId().GetValue()
	return nil
}

// countDown ends the job when all shards are counted.
func (j *job) countDown() {
	if len(j.waiting) > 0 || len(j.running) > 0 {
		return
	}
	for _, s := range j.shards {
		j.total.add(s.result)
	}
	j.finish(nil)
}

// Error ends the job.
func (j *job) Error(_ scheduler.Driver, message string) { j.finish(fmt.Errorf("%s", message)) }

// OfferRescinded is no matter: what was launched with it comes back as lost.
func (j *job) OfferRescinded(scheduler.Driver, *mesos.OfferID) {}

// FrameworkMessage is not used.
func (j *job) FrameworkMessage(scheduler.Driver, *mesos.ExecutorID, *mesos.AgentID, []byte) {}

// SlaveLost is no matter: its tasks come back as lost.
func (j *job) SlaveLost(scheduler.Driver, *mesos.AgentID) {}

// ExecutorLost is how every executor ends, after its one task.
func (j *job) ExecutorLost(scheduler.Driver, *mesos.ExecutorID, *mesos.AgentID, int) {}

func (j *job) say(format string, args ...any) {
	progress(os.Stdout, "%6.2fs  %s", time.Since(j.begun).Seconds(), fmt.Sprintf(format, args...))
}
