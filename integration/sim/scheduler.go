// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
)

// sched is a framework's scheduler. It keeps what it must in a store of its own,
// so that it knows its id and its tasks after it has crashed.
type sched struct {
	w       *world
	index   int
	present bool
	rng     *rand.Rand
	info    *mesos.FrameworkInfo // without id
	roles   []string
	pa      bool // PARTITION_AWARE
	refined bool // RESERVATION_REFINEMENT

	id     string // empty for a framework that is not known to a master yet
	before []string
	conn   *conn
	ready  bool    // it is subscribed on conn
	since  instant // when it was
	cutOff bool
	tries  int

	offers      []*mesos.Offer // that it believes to stand
	past        []*mesos.Offer // some that do not
	tasks       int            // counts the ids that it makes
	operations  map[string]*operation
	suppressed  map[string]bool
	reconciling bool // what it hears of a task is noted
}

func newSched(w *world, i int) *sched {
	s := &sched{
		w: w, index: i, rng: rand.New(rand.NewPCG(w.opt.Seed, 2<<32+uint64(i))),
		suppressed: make(map[string]bool), operations: make(map[string]*operation),
	}
	s.info = &mesos.FrameworkInfo{
		User: new("user"), Name: new(fmt.Sprintf("framework %d", i)),
		Checkpoint:      new(s.rng.IntN(2) == 0),
		FailoverTimeout: new([...]float64{0, 30, 600, 3600, 3600, 86400}[s.rng.IntN(6)]),
	}
	s.capabilities()
	return s
}

// rolesFrom draws some roles, sorted.
func rolesFrom(rng *rand.Rand) []string {
	all := []string{"*", "eng", "eng/dev", "eng/ops", "sales", "sales/eu/west"}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return slices.Sorted(slices.Values(all[:1+rng.IntN(3)]))
}

// capabilities draws what kind of a framework it is.
func (s *sched) capabilities() {
	add := func(c mesos.FrameworkInfo_Capability_Type) {
		s.info.Capabilities = append(s.info.Capabilities, &mesos.FrameworkInfo_Capability{Type: &c})
	}
	if s.pa = s.rng.IntN(2) == 0; s.pa {
		add(mesos.FrameworkInfo_Capability_PARTITION_AWARE)
	}
	if s.rng.IntN(3) > 0 {
		add(mesos.FrameworkInfo_Capability_MULTI_ROLE)
		s.roles = rolesFrom(s.rng)
		s.info.Roles = s.roles
	} else {
		s.roles = rolesFrom(s.rng)[:1]
		//lint:ignore SA1019 such frameworks are still to be served
		s.info.Role = &s.roles[0]
	}
	if s.refined = s.rng.IntN(2) == 0; s.refined {
		add(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT)
	}
	if s.rng.IntN(2) == 0 {
		add(mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
	}
}

func (s *sched) name() string { return fmt.Sprintf("scheduler %d", s.index) }

// connect opens a connection and subscribes, or tries again later.
func (s *sched) connect() {
	if s.conn != nil || !s.present {
		return
	}
	if !s.cutOff || s.w.healed {
		s.conn = s.w.master.dial(s.name(), s)
	}
	if s.conn == nil {
		s.again()
		return
	}
	s.tries = 0
	s.subscribe()
}

func (s *sched) subscribe() {
	info := proto.CloneOf(s.info)
	call := &scheduler.Call{Type: scheduler.Call_SUBSCRIBE.Enum(), Subscribe: &scheduler.Call_Subscribe{FrameworkInfo: info}}
	if s.id != "" {
		info.Id = &mesos.FrameworkID{Value: new(s.id)}
		call.FrameworkId = info.Id
	}
	for _, r := range s.roles {
		if s.suppressed[r] {
			call.Subscribe.SuppressedRoles = append(call.Subscribe.SuppressedRoles, r)
		}
	}
	s.conn.send(client, call)
}

func (s *sched) again() {
	wait := min(100*ms<<min(s.tries, 8), 10*second)
	s.tries++
	s.w.in(wait/2+instant(s.w.rng.Int64N(int64(wait))), s.connect)
}

// forget is what ends with a connection.
func (s *sched) forget() {
	s.conn, s.ready = nil, false
	for _, o := range s.offers {
		s.remember(o)
	}
	s.offers = nil
}

func (s *sched) remember(o *mesos.Offer) {
	if s.past = append(s.past, o); len(s.past) > 5 {
		s.past = s.past[1:]
	}
}

// call sends a call, if the scheduler is subscribed.
func (s *sched) call(c *scheduler.Call) bool {
	if !s.ready {
		return false
	}
	c.FrameworkId = &mesos.FrameworkID{Value: new(s.id)}
	s.w.count("call " + c.GetType().String())
	s.conn.send(client, c)
	return true
}

// closed is the end of the connection, as the scheduler hears of it.
func (s *sched) closed(c *conn) {
	if c != s.conn {
		return
	}
	s.w.line("%s hears that its connection is gone", s.name())
	s.forget()
	s.again()
}

// receive is an event of the master.
func (s *sched) receive(c *conn, msg any) {
	e, ok := msg.(*scheduler.Event)
	if !ok || c != s.conn {
		return
	}
	if s.w.tracing() {
		s.w.line("master -> %s: %s", s.name(), describe(e))
	}
	s.w.count("event " + e.GetType().String())
	s.w.mix(6, uint64(s.index)<<8|uint64(e.GetType()))
	switch e.GetType() {
	case scheduler.Event_SUBSCRIBED:
		s.subscribed(e.GetSubscribed().GetFrameworkId().GetValue())
	case scheduler.Event_OFFERS:
		s.offers = append(s.offers, e.GetOffers().GetOffers()...)
	case scheduler.Event_RESCIND:
		s.withdraw(e.GetRescind().GetOfferId().GetValue())
	case scheduler.Event_UPDATE:
		s.updated(e.GetUpdate().GetStatus())
	case scheduler.Event_UPDATE_OPERATION_STATUS:
		s.operated(e.GetUpdateOperationStatus().GetStatus())
	case scheduler.Event_INVERSE_OFFERS:
		s.inverse(e.GetInverseOffers().GetInverseOffers())
	case scheduler.Event_ERROR:
		s.refused(e.GetError().GetMessage())
	}
}

func (s *sched) subscribed(id string) {
	if s.id != "" && s.id != id {
		s.w.fail("L7: a framework is given another id", "%s: %s instead of %s", s.name(), id, s.id)
	}
	s.id, s.ready, s.since = id, true, s.w.now
}

// refused is an ERROR: a framework that was removed begins anew as another.
func (s *sched) refused(why string) {
	if strings.Contains(why, "has been removed") {
		s.over()
	}
}

// over ends the framework. What it had launched is nobody's any more.
func (s *sched) over() {
	s.w.line("%s: framework %s is over", s.name(), s.id)
	s.w.tasks.removed(s)
	s.before = append(s.before, s.id)
	s.id = ""
	clear(s.suppressed)
	clear(s.operations)
}

func (s *sched) withdraw(id string) {
	s.offers = slices.DeleteFunc(s.offers, func(o *mesos.Offer) bool {
		if o.GetId().GetValue() != id {
			return false
		}
		s.remember(o)
		return true
	})
}

// updated hands a status to the model of the tasks, and acknowledges it.
func (s *sched) updated(status *mesos.TaskStatus) {
	s.w.tasks.updated(s, status)
	if len(status.GetUuid()) == 0 {
		return
	}
	if !s.w.healed && s.w.rng.Float64() < s.w.prof.lostAck {
		s.w.count("acknowledgement not sent")
		return
	}
	if most := s.w.prof.lateAck; most > 0 && !s.w.healed && s.w.rng.IntN(2) == 0 {
		c := s.conn
		s.w.in(instant(s.w.rng.Int64N(int64(most))), func() {
			if s.conn == c {
				s.acknowledge(status)
			}
		})
		return
	}
	s.acknowledge(status)
}

func (s *sched) acknowledge(status *mesos.TaskStatus) {
	ack := &scheduler.Call{Type: scheduler.Call_ACKNOWLEDGE.Enum(), Acknowledge: &scheduler.Call_Acknowledge{
		AgentId: status.GetAgentId(), TaskId: status.GetTaskId(), Uuid: status.GetUuid(),
	}}
	if s.call(ack) {
		s.w.tasks.acknowledged(s, status)
	}
}

// takeOffers returns an offer, and those others that go with it into one ACCEPT.
func (s *sched) takeOffers(draw *rand.Rand) []*mesos.Offer {
	if len(s.offers) == 0 {
		return nil
	}
	first := s.offers[draw.IntN(len(s.offers))]
	together := draw.IntN(2) == 0
	var some []*mesos.Offer
	s.offers = slices.DeleteFunc(s.offers, func(o *mesos.Offer) bool {
		take := o == first || together && proto.Equal(o.GetAgentId(), first.GetAgentId()) &&
			o.GetAllocationInfo().GetRole() == first.GetAllocationInfo().GetRole()
		if take {
			some = append(some, o)
			s.remember(o)
		}
		return take
	})
	return some
}

// act does what an action asks of the scheduler, if it can now.
func (s *sched) act(a action, draw *rand.Rand) {
	switch a.kind {
	case launch:
		s.launch(draw, s.takeOffers(draw))
	case staleAccept:
		if len(s.past) > 0 {
			s.launch(draw, s.past[draw.IntN(len(s.past)):][:1])
		}
	case decline:
		s.decline(draw, s.takeOffers(draw))
	case kill:
		for range 1 + draw.IntN(3) {
			if t := s.w.tasks.some(s, draw); t != nil {
				s.kill(t, draw.IntN(3) > 0)
			}
		}
	case reconcile:
		s.reconcile(draw.IntN(2) == 0)
		s.reconcileOperations(draw.IntN(2) == 0)
	case suppress, revive:
		s.express(a.kind, draw)
	case message, shutdownExecutor:
		s.toExecutor(a.kind, draw)
	case teardown:
		// It is over when the master says so: the call may be lost.
		s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	case request:
		s.call(&scheduler.Call{Type: scheduler.Call_REQUEST.Enum(), Request: &scheduler.Call_Request{}})
	case updateFramework:
		s.updateFramework(draw)
	case schedulerDrop:
		if s.conn == nil {
			return
		}
		if draw.IntN(3) == 0 {
			s.w.master.cutOff(s.conn)
			return
		}
		s.conn.sever()
	case schedulerCrash:
		s.crash(draw)
	case schedulerFailover:
		s.failover()
	case schedulerCut:
		s.cutOff = !s.cutOff
		if s.cutOff && s.conn != nil {
			s.conn.sever()
		}
	}
}

// crash ends the process; it comes back, mostly soon.
func (s *sched) crash(draw *rand.Rand) {
	if s.conn == nil {
		return
	}
	s.conn.vanish(client)
	s.forget()
	wait := instant(draw.Int64N(int64(10 * second)))
	if draw.IntN(5) == 0 {
		wait = instant(draw.Int64N(int64(20 * minute)))
	}
	s.w.in(wait, s.connect)
}

// failover is another process of the same framework, while the connection of the
// first is still open.
func (s *sched) failover() {
	if s.conn == nil || !s.ready {
		return
	}
	old := s.conn
	s.forget()
	s.connect()
	s.w.in(second, func() {
		if !old.gone[client] {
			old.hangUp(client)
		}
	})
}

func (s *sched) decline(draw *rand.Rand, offers []*mesos.Offer) {
	if len(offers) == 0 {
		return
	}
	s.call(&scheduler.Call{Type: scheduler.Call_DECLINE.Enum(), Decline: &scheduler.Call_Decline{
		OfferIds: idsOf(offers), Filters: filters(draw),
	}})
}

func filters(draw *rand.Rand) *mesos.Filters {
	if draw.IntN(3) == 0 {
		return nil
	}
	return &mesos.Filters{RefuseSeconds: new([...]float64{0, 1, 5, 60, 1e9, -1}[draw.IntN(6)])}
}

func idsOf(offers []*mesos.Offer) []*mesos.OfferID {
	var ids []*mesos.OfferID
	for _, o := range offers {
		ids = append(ids, o.GetId())
	}
	return ids
}

func (s *sched) kill(t *task, withAgent bool) {
	k := &scheduler.Call_Kill{TaskId: &mesos.TaskID{Value: new(t.id)}}
	if withAgent {
		k.AgentId = &mesos.AgentID{Value: new(t.agent)}
	}
	s.call(&scheduler.Call{Type: scheduler.Call_KILL.Enum(), Kill: k})
}

// reconcile asks of all tasks that it believes to live, or of all that there are.
func (s *sched) reconcile(explicit bool) {
	r := &scheduler.Call_Reconcile{}
	if explicit {
		for _, t := range s.w.tasks.open(s) {
			r.Tasks = append(r.Tasks, &scheduler.Call_Reconcile_Task{
				TaskId: &mesos.TaskID{Value: new(t.id)}, AgentId: &mesos.AgentID{Value: new(t.agent)},
			})
		}
		if len(r.Tasks) == 0 {
			return
		}
	}
	s.call(&scheduler.Call{Type: scheduler.Call_RECONCILE.Enum(), Reconcile: r})
}

// express suppresses or revives some roles or all.
func (s *sched) express(k kind, draw *rand.Rand) {
	var roles []string
	if draw.IntN(2) == 0 {
		roles = []string{s.roles[draw.IntN(len(s.roles))]}
	}
	c := &scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{Roles: roles}}
	if k == suppress {
		c = &scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum(), Suppress: &scheduler.Call_Suppress{Roles: roles}}
	}
	if !s.call(c) {
		return
	}
	if len(roles) == 0 {
		roles = s.roles
	}
	for _, r := range roles {
		s.suppressed[r] = k == suppress
	}
}

func (s *sched) toExecutor(k kind, draw *rand.Rand) {
	t := s.w.tasks.some(s, draw)
	if t == nil || t.executor == "" {
		return
	}
	agent, executor := &mesos.AgentID{Value: new(t.agent)}, &mesos.ExecutorID{Value: new(t.executor)}
	if k == message {
		s.call(&scheduler.Call{Type: scheduler.Call_MESSAGE.Enum(), Message: &scheduler.Call_Message{
			AgentId: agent, ExecutorId: executor, Data: []byte("hello"),
		}})
		return
	}
	s.call(&scheduler.Call{Type: scheduler.Call_SHUTDOWN.Enum(), Shutdown: &scheduler.Call_Shutdown{AgentId: agent, ExecutorId: executor}})
}

// sumOf is what offers are worth together.
func sumOf(offers []*mesos.Offer) resource.Resources {
	var sum resource.Resources
	for _, o := range offers {
		if r, err := resource.FromProto(o.GetResources()); err == nil {
			sum = sum.Add(r)
		}
	}
	return sum
}
