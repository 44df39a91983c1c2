// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"errors"
	"log/slog"
	"os"
	"os/user"
	"sync"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/internal/session"
	"google.golang.org/protobuf/proto"
)

var (
	// ErrDisconnected is what a call fails with while no master is connected. The
	// call is forgotten; Registered or Reregistered tells when to make it again.
	ErrDisconnected = errors.New("not connected to the master: make the call again after Registered or Reregistered")
	// ErrBusy is what a call fails with when too many earlier ones wait to be sent
	// (see WithQueue).
	ErrBusy = errors.New("too many calls are waiting to be sent: make the call again later")
	// ErrAborted is wrapped by the error of a driver that the master or its own
	// inability aborted.
	ErrAborted = errors.New("scheduler: aborted")
)

// Driver is what a scheduler may ask of its driver: the guide's SchedulerDriver.
// Each method returns the driver's status after it, and does nothing but that
// when the driver does not run. Methods return an error for a call that breaks
// the structural rules of the wire, naming field, value and rule; what is wrong
// with respect to the cluster's state is told by a callback.
//
// It is an interface, and not *MesosDriver, so that a scheduler can be tested
// with a driver of the author's own; embed a Driver in that to be safe from
// additions.
type Driver interface {
	// Start begins to speak with the master, and returns at once. It fails, and the
	// driver stays DRIVER_NOT_STARTED, when the framework's description is invalid
	// or the master's address is not host:port. (Guide: start.)
	Start() (mesos.Status, error)

	// Stop ends the driver. With failover false the framework ends with it: its
	// executors are shut down and its tasks killed. With failover true they live on
	// for FrameworkInfo.failover_timeout, for a scheduler with the same framework
	// id to take over; with the default of 0 the master ends the framework as soon
	// as the stream closes, as if failover were false. Calls made before Stop are
	// still sent. It returns at once; Join waits. The status of an aborted driver is
	// DRIVER_ABORTED for the last time, and nothing more is sent. (Guide: stop.)
	Stop(failover bool) mesos.Status

	// Abort ends the driver so that no callback comes any more, and an update whose
	// callback runs just now is not acknowledged. The driver does not end the
	// framework, but the master does, after FrameworkInfo.failover_timeout: with the
	// default of 0 as soon as the stream closes. (Guide: abort.)
	Abort() mesos.Status

	// Join waits until the driver was stopped or aborted and has ended: calls
	// are sent and the last callback has returned. The error wraps ErrAborted when
	// the driver ended for an unrecoverable error. It must not be called from a
	// callback. (Guide: join.)
	Join() (mesos.Status, error)

	// Run is Start and then Join. (Guide: run.)
	Run() (mesos.Status, error)

	// RequestResources tells the master what the framework would like to be
	// offered. The built-in allocator takes no notice of it.
	RequestResources(requests []*mesos.Request) (mesos.Status, error)

	// LaunchTasks launches tasks with the resources of offers of one agent. What the
	// tasks do not use is declined with filters (nil = refused for 5 s), and so is
	// everything when tasks is empty. Each task's fate is told by StatusUpdate; that
	// of tasks launched while disconnected is a TASK_LOST from the driver itself,
	// with the reason REASON_MASTER_DISCONNECTED. (Guide: launchTasks; see
	// resourceOffers and offerRescinded.)
	LaunchTasks(offers []*mesos.OfferID, tasks []*mesos.TaskInfo, filters *mesos.Filters) (mesos.Status, error)

	// AcceptOffers is LaunchTasks for any list of operations, carried out in order.
	AcceptOffers(offers []*mesos.OfferID, operations []*mesos.Offer_Operation, filters *mesos.Filters) (mesos.Status, error)

	// DeclineOffer gives an offer back. filters tells for how long its resources are
	// not wanted (nil = 5 s). (Guide: see resourceOffers.)
	DeclineOffer(offer *mesos.OfferID, filters *mesos.Filters) (mesos.Status, error)

	// KillTask asks for the end of a task, which StatusUpdate tells. A task that no
	// one knows is answered by TASK_LOST. A kill that gets lost is not repeated.
	KillTask(task *mesos.TaskID) (mesos.Status, error)

	// ReviveOffers takes back all filters, so that what was declined is offered
	// again, and what SuppressOffers did, for the given roles (none = all).
	ReviveOffers(roles ...string) (mesos.Status, error)

	// SuppressOffers asks for no more offers for the given roles (none = all).
	SuppressOffers(roles ...string) (mesos.Status, error)

	// SendFrameworkMessage sends data to an executor, best effort: it may be lost and
	// is not repeated. (Guide: see frameworkMessage.)
	SendFrameworkMessage(executor *mesos.ExecutorID, agent *mesos.AgentID, data []byte) (mesos.Status, error)

	// ReconcileTasks asks for the present state of tasks, which StatusUpdate tells.
	// task_id of each status is used, and agent_id if set. None = all that the
	// master knows.
	ReconcileTasks(tasks []*mesos.TaskStatus) (mesos.Status, error)

	// UpdateFramework replaces what the framework says of itself and of the offers that
	// it wants: all of it, with the roles for which it wants no offers now, and the
	// agents worth offering (nil = all). The id is the driver's to set. Changing the
	// user, the principal or checkpoint is an error. It holds from now on, and when no
	// master is connected from the next one on. An update that the master refuses for
	// another reason ends in Error.
	UpdateFramework(framework *mesos.FrameworkInfo, suppressed []string, constraints *wire.OfferConstraints) (mesos.Status, error)

	// AcceptInverseOffers promises to leave the agents of inverse offers in time (see
	// InverseOfferScheduler). filters tells for how long not to ask again (nil = 5 s).
	AcceptInverseOffers(offers []*mesos.OfferID, filters *mesos.Filters) (mesos.Status, error)

	// DeclineInverseOffers tells that the framework will not leave their agents.
	DeclineInverseOffers(offers []*mesos.OfferID, filters *mesos.Filters) (mesos.Status, error)

	// ReconcileOperations asks for the present state of operations, which
	// OperationUpdate tells (see OperationScheduler). operation_id of each status is
	// used, and agent_id if set. None = all that the master knows.
	ReconcileOperations(operations []*mesos.OperationStatus) (mesos.Status, error)

	// Send sends any call of the wire that has no method here. The driver sets its
	// framework_id. SUBSCRIBE and both acknowledgements are refused: they are the
	// driver's own. UPDATE_FRAMEWORK is refused too, since the driver has to know of
	// it: use UpdateFramework.
	Send(call *wire.Call) (mesos.Status, error)
}

// MesosDriver is the Driver that speaks with a master: the guide's
// MesosSchedulerDriver. It may be used by any number of goroutines.
type MesosDriver struct {
	scheduler Scheduler
	master    string
	log       *slog.Logger
	opts      options

	out  *session.Outbox[*wire.Call]
	wake chan struct{} // capacity 1: lost has got something
	halt chan struct{} // closed when the driver no longer runs
	done chan struct{} // closed when loop has ended

	mu       sync.Mutex
	status   mesos.Status
	aborted  bool                // and stays so when status becomes DRIVER_STOPPED
	failover bool                // what Stop was called with
	known    bool                // subscribed at least once
	profile                      // ours; the framework's id is set once registered
	version  uint64              // of the profile
	lost     []*mesos.TaskStatus // of launches that cannot be sent, to be told
	cause    error               // why the driver aborted itself
}

// profile is what a framework says of itself and of the offers that it wants.
type profile struct {
	framework   *mesos.FrameworkInfo
	suppressed  []string
	constraints *wire.OfferConstraints
}

var _ Driver = (*MesosDriver)(nil)

// NewDriver returns a driver, not yet started, for a framework whose master is
// at master: host:port with a numeric port, not zk://. framework is copied. With
// framework.id set, this scheduler takes the framework with that id over. An
// empty user is the one who runs this program, an empty hostname this host.
// (Guide, "Create your Framework Scheduler".)
func NewDriver(s Scheduler, framework *mesos.FrameworkInfo, master string, opts ...Option) *MesosDriver {
	o := defaults()
	for _, set := range opts {
		set(&o)
	}
	return &MesosDriver{
		scheduler: s,
		master:    master,
		log:       o.log,
		opts:      o,
		out:       session.NewOutbox[*wire.Call](max(o.queue, 1)),
		wake:      make(chan struct{}, 1),
		halt:      make(chan struct{}),
		done:      make(chan struct{}),
		status:    mesos.Status_DRIVER_NOT_STARTED,
		profile: profile{
			framework: complete(proto.CloneOf(framework)), suppressed: o.suppressed, constraints: proto.CloneOf(o.constraints),
		},
	}
}

// complete fills what Mesos's driver fills.
func complete(f *mesos.FrameworkInfo) *mesos.FrameworkInfo {
	if f == nil {
		return nil
	}
	if f.GetUser() == "" {
		if u, err := user.Current(); err == nil {
			f.User = proto.String(u.Username)
		}
	}
	if f.GetHostname() == "" {
		if h, err := os.Hostname(); err == nil {
			f.Hostname = proto.String(h)
		}
	}
	return f
}
