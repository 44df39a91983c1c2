// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

const (
	reregisterTimeout = 10 * time.Minute
	// filterOver is longer than any filter that a test does not set itself.
	filterOver = 6 * time.Second
)

// world is a core with its connections. Every step is followed by Check and
// Ready.
type world struct {
	t      rapid.TB
	core   *core.Core
	alloc  core.Allocator
	now    time.Time
	conns  core.ConnID
	events map[core.ConnID][]*scheduler.Event
	down   map[core.ConnID][]*link.FromMaster
	pings  map[core.ConnID]int // those are not in down
	closed map[core.ConnID]core.Close
	notes  []core.Note

	requests core.RequestID
	replies  map[core.RequestID]core.Reply
	records  map[recordKey]proto.Message // what is durable
}

// recordKey names a record.
type recordKey struct {
	kind core.RecordKind
	key  string
}

func newWorld(t rapid.TB, options ...func(*core.Config)) *world {
	cfg := core.Config{
		Master:                 &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(5050))},
		Allocator:              allocator.New(allocator.Config{}),
		AgentReregisterTimeout: reregisterTimeout,
		MaxAgentPingTimeouts:   1000, // some four hours: tests of pings set their own
	}
	for _, o := range options {
		o(&cfg)
	}
	c, err := core.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, core: c, alloc: cfg.Allocator, now: time.Unix(1_700_000_000, 0),
		events: make(map[core.ConnID][]*scheduler.Event),
		down:   make(map[core.ConnID][]*link.FromMaster),
		pings:  make(map[core.ConnID]int),
		closed: make(map[core.ConnID]core.Close),

		replies: make(map[core.RequestID]core.Reply),
		records: make(map[recordKey]proto.Message),
	}
}

func withOfferTimeout(d time.Duration) func(*core.Config) {
	return func(c *core.Config) { c.OfferTimeout = d }
}

func withMaster(id string) func(*core.Config) {
	return func(c *core.Config) { c.Master.Id = &id }
}

// try steps an input and returns what Step says.
func (w *world) try(in core.Input) error {
	w.t.Helper()
	err := w.core.Step(w.now, in)
	if broken := cmp.Or(w.core.Check(), w.core.CheckChanged()); broken != nil {
		w.t.Fatalf("after %T: %v", in, broken)
	}
	w.collect()
	return err
}

// do steps an input that must be in order.
func (w *world) do(in core.Input) {
	w.t.Helper()
	if err := w.try(in); err != nil {
		w.t.Fatalf("%T: %v", in, err)
	}
}

// collect takes one Ready apart.
func (w *world) collect() {
	w.t.Helper()
	ready := w.core.Ready()
	if broken := w.core.Check(); broken != nil {
		w.t.Fatalf("after Ready: %v", broken)
	}
	for _, r := range ready.Persist {
		w.persist(r)
	}
	for _, r := range ready.Replies {
		if _, twice := w.replies[r.Request]; twice {
			w.t.Fatalf("request %d is answered twice", r.Request)
		}
		w.replies[r.Request] = r
	}
	for _, m := range ready.Send {
		switch {
		case w.closed[m.Conn] != core.CloseNot:
			w.t.Fatalf("a message for connection %d, which was closed: %v %v", m.Conn, m.Event, m.Down)
		case m.Event != nil:
			w.events[m.Conn] = append(w.events[m.Conn], m.Event)
		case m.Down.GetPing() != nil:
			w.pings[m.Conn]++
		case m.Down != nil:
			w.down[m.Conn] = append(w.down[m.Conn], m.Down)
		default:
			w.closed[m.Conn] = m.Close
		}
	}
	w.notes = append(w.notes, ready.Notes...)
}

// persist makes a record durable, as a copy: what is durable does not change with
// what the core does next.
func (w *world) persist(r core.Record) {
	key := recordKey{r.Kind, r.Key}
	if r.Value == nil {
		delete(w.records, key)
		return
	}
	w.records[key] = proto.Clone(r.Value)
}

// ask makes an operator's call and returns its number.
func (w *world) ask(call *master.Call) core.RequestID {
	w.t.Helper()
	w.requests++
	w.do(core.OperatorCall{Request: w.requests, Principal: "ops", Call: call})
	return w.requests
}

// operate makes an operator's call that is answered at once.
func (w *world) operate(call *master.Call) (*master.Response, *core.Error) {
	w.t.Helper()
	r, ok := w.replies[w.ask(call)]
	if !ok {
		w.t.Fatalf("%v is not answered", call.GetType())
	}
	return r.Response, r.Err
}

// pass lets time go by, with a tick whenever one is due.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	for {
		at, ok := w.core.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		w.do(core.Tick{})
	}
	w.now = end
}

func (w *world) conn() core.ConnID {
	w.conns++
	return w.conns
}

// sched is a scheduler as the core sees it.
type sched struct {
	w    *world
	conn core.ConnID
	id   *mesos.FrameworkID
}

func frameworkInfo(options ...func(*mesos.FrameworkInfo)) *mesos.FrameworkInfo {
	info := &mesos.FrameworkInfo{User: new("nobody"), Name: new("test")}
	for _, o := range options {
		o(info)
	}
	return info
}

func withID(id string) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) { i.Id = &mesos.FrameworkID{Value: &id} }
}

func withFailoverTimeout(seconds float64) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) { i.FailoverTimeout = &seconds }
}

func withRole(role string) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) {
		//lint:ignore SA1019 it is what frameworks without MULTI_ROLE have
		i.Role = &role
	}
}

func withRoles(roles ...string) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) {
		i.Roles = roles
		withCapability(mesos.FrameworkInfo_Capability_MULTI_ROLE)(i)
	}
}

func withCapability(c mesos.FrameworkInfo_Capability_Type) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) {
		i.Capabilities = append(i.Capabilities, &mesos.FrameworkInfo_Capability{Type: &c})
	}
}

// withMinimum gives the framework its own minimum for offers in a role: any one of
// the list.
func withMinimum(role string, list ...map[string]float64) func(*mesos.FrameworkInfo) {
	m := &mesos.OfferFilters_MinAllocatableResources{}
	for _, amounts := range list {
		m.Quantities = append(m.Quantities, &mesos.OfferFilters_ResourceQuantities{Quantities: scalars(amounts)})
	}
	return func(i *mesos.FrameworkInfo) {
		i.OfferFilters = map[string]*mesos.OfferFilters{role: {MinAllocatableResources: m}}
	}
}

// scalars returns amounts as messages carry them.
func scalars(amounts map[string]float64) map[string]*mesos.Value_Scalar {
	out := make(map[string]*mesos.Value_Scalar)
	for name, amount := range amounts {
		out[name] = &mesos.Value_Scalar{Value: &amount}
	}
	return out
}

func partitionAware(i *mesos.FrameworkInfo) {
	withCapability(mesos.FrameworkInfo_Capability_PARTITION_AWARE)(i)
}

// subscribeCall returns the SUBSCRIBE for a framework.
func subscribeCall(info *mesos.FrameworkInfo, suppressed ...string) *scheduler.Call {
	return &scheduler.Call{
		Type:        scheduler.Call_SUBSCRIBE.Enum(),
		FrameworkId: info.Id,
		Subscribe:   &scheduler.Call_Subscribe{FrameworkInfo: info, SuppressedRoles: suppressed},
	}
}

// dial subscribes on a new connection, and leaves what comes back to the test.
func (w *world) dial(info *mesos.FrameworkInfo, suppressed ...string) *sched {
	w.t.Helper()
	s := &sched{w: w, conn: w.conn(), id: info.Id}
	w.do(core.Call{Conn: s.conn, Call: subscribeCall(info, suppressed...)})
	return s
}

// subscribe is dial for a subscription that must be taken, past its greeting.
func (w *world) subscribe(options ...func(*mesos.FrameworkInfo)) *sched {
	w.t.Helper()
	s := w.dial(frameworkInfo(options...))
	s.id = s.next(scheduler.Event_SUBSCRIBED).GetSubscribed().GetFrameworkId()
	s.next(scheduler.Event_HEARTBEAT)
	return s
}

// next takes the next event, which must be of this type. HEARTBEATs are skipped
// unless one is asked for.
func (s *sched) next(want scheduler.Event_Type) *scheduler.Event {
	s.w.t.Helper()
	for {
		list := s.w.events[s.conn]
		if len(list) == 0 {
			s.w.t.Fatalf("no event, want %v", want)
		}
		s.w.events[s.conn] = list[1:]
		if list[0].GetType() == scheduler.Event_HEARTBEAT && want != scheduler.Event_HEARTBEAT {
			continue
		}
		if list[0].GetType() != want {
			s.w.t.Fatalf("event %v, want %v", list[0], want)
		}
		return list[0]
	}
}

// quiet checks that there is no event but HEARTBEATs.
func (s *sched) quiet() {
	s.w.t.Helper()
	for _, e := range s.w.events[s.conn] {
		if e.GetType() != scheduler.Event_HEARTBEAT {
			s.w.t.Errorf("event %v, want none", e)
		}
	}
	s.w.events[s.conn] = nil
}

// offer takes the next OFFERS event, which must have one offer.
func (s *sched) offer() *mesos.Offer {
	s.w.t.Helper()
	offers := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
	if len(offers) != 1 {
		s.w.t.Fatalf("%d offers, want 1: %v", len(offers), offers)
	}
	return offers[0]
}

// status takes the next event, an update, and checks its state and reason.
func (s *sched) status(state mesos.TaskState, reason mesos.TaskStatus_Reason) *mesos.TaskStatus {
	s.w.t.Helper()
	got := s.next(scheduler.Event_UPDATE).GetUpdate().GetStatus()
	if got.GetState() != state || got.GetReason() != reason {
		s.w.t.Errorf("update %v, want %v %v", got, state, reason)
	}
	return got
}

// ended checks that the core closed the connection after an ERROR that says
// all of these words.
func (s *sched) ended(words ...string) {
	s.w.t.Helper()
	text := s.next(scheduler.Event_ERROR).GetError().GetMessage()
	for _, word := range words {
		if !strings.Contains(text, word) {
			s.w.t.Errorf("ERROR %q does not say %q", text, word)
		}
	}
	if got := s.w.closed[s.conn]; got != core.CloseDone {
		s.w.t.Errorf("connection is closed %d, want CloseDone", got)
	}
}

// tryCall makes a call and returns what Step says.
func (s *sched) tryCall(c *scheduler.Call) error {
	s.w.t.Helper()
	c.FrameworkId = s.id
	return s.w.try(core.Call{Conn: s.conn, Call: c})
}

func (s *sched) call(c *scheduler.Call) {
	s.w.t.Helper()
	if err := s.tryCall(c); err != nil {
		s.w.t.Fatalf("%v: %v", c.GetType(), err)
	}
}

func (s *sched) close() {
	s.w.t.Helper()
	s.w.do(core.SchedulerClosed{Conn: s.conn})
}

func refuse(seconds float64) *mesos.Filters { return &mesos.Filters{RefuseSeconds: &seconds} }

func (s *sched) accept(offers []*mesos.Offer, filters *mesos.Filters, ops ...*mesos.Offer_Operation) {
	s.w.t.Helper()
	s.call(&scheduler.Call{
		Type:   scheduler.Call_ACCEPT.Enum(),
		Accept: &scheduler.Call_Accept{OfferIds: offerIDs(offers), Operations: ops, Filters: filters},
	})
}

func (s *sched) decline(filters *mesos.Filters, offers ...*mesos.Offer) {
	s.w.t.Helper()
	s.call(&scheduler.Call{
		Type:    scheduler.Call_DECLINE.Enum(),
		Decline: &scheduler.Call_Decline{OfferIds: offerIDs(offers), Filters: filters},
	})
}

func (s *sched) acknowledge(status *mesos.TaskStatus) {
	s.w.t.Helper()
	s.call(&scheduler.Call{
		Type: scheduler.Call_ACKNOWLEDGE.Enum(),
		Acknowledge: &scheduler.Call_Acknowledge{
			AgentId: status.GetAgentId(), TaskId: status.GetTaskId(), Uuid: status.GetUuid(),
		},
	})
}

func offerIDs(offers []*mesos.Offer) []*mesos.OfferID {
	var ids []*mesos.OfferID
	for _, o := range offers {
		ids = append(ids, o.GetId())
	}
	return ids
}

func launch(tasks ...*mesos.TaskInfo) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{
		Type:   mesos.Offer_Operation_LAUNCH.Enum(),
		Launch: &mesos.Offer_Operation_Launch{TaskInfos: tasks},
	}
}

// commandTask returns a task of one command for the agent of an offer.
func commandTask(id string, o *mesos.Offer, resources string, options ...func(*mesos.TaskInfo)) *mesos.TaskInfo {
	t := &mesos.TaskInfo{
		Name:      new(id),
		TaskId:    &mesos.TaskID{Value: new(id)},
		AgentId:   o.GetAgentId(),
		Resources: resource.MustParse(resources).Proto(),
		Command:   &mesos.CommandInfo{Value: new("true")},
	}
	for _, option := range options {
		option(t)
	}
	return t
}

// byExecutor makes a task one of a custom executor.
func byExecutor(id, resources string) func(*mesos.TaskInfo) {
	return func(t *mesos.TaskInfo) {
		t.Command = nil
		t.Executor = &mesos.ExecutorInfo{
			ExecutorId: &mesos.ExecutorID{Value: new(id)},
			Command:    &mesos.CommandInfo{Value: new("./executor")},
			Resources:  resource.MustParse(resources).Proto(),
		}
	}
}

// node is an agent as the core sees it.
type node struct {
	w    *world
	conn core.ConnID
	id   *mesos.AgentID
}

func agentInfo(resources string) *mesos.AgentInfo {
	return &mesos.AgentInfo{Hostname: new("host"), Resources: resource.MustParse(resources).Proto()}
}

func registerMessage(r *link.Register) *link.FromAgent {
	if r.Version == nil {
		r.Version = new("1")
	}
	return &link.FromAgent{Message: &link.FromAgent_Register{Register: r}}
}

// enter sends a registration on a new connection, and leaves what comes back to
// the test.
func (w *world) enter(r *link.Register) *node {
	w.t.Helper()
	n := &node{w: w, conn: w.conn(), id: r.GetAgent().GetId()}
	w.do(core.AgentMessage{Conn: n.conn, Address: "10.0.0.1", Message: registerMessage(r)})
	return n
}

// register is enter for a registration that must be taken, past its answer.
func (w *world) register(r *link.Register) *node {
	w.t.Helper()
	n := w.enter(r)
	n.id = n.next().GetRegistered().GetAgentId()
	if n.id == nil {
		w.t.Fatal("the agent was not registered")
	}
	return n
}

// node registers a new agent with these resources.
func (w *world) node(resources string) *node {
	w.t.Helper()
	return w.register(&link.Register{Agent: agentInfo(resources)})
}

// next takes the next message for the agent.
func (n *node) next() *link.FromMaster {
	n.w.t.Helper()
	list := n.w.down[n.conn]
	if len(list) == 0 {
		n.w.t.Fatal("no message for the agent, want one")
	}
	n.w.down[n.conn] = list[1:]
	return list[0]
}

// quiet checks that there is no message for the agent.
func (n *node) quiet() {
	n.w.t.Helper()
	if list := n.w.down[n.conn]; len(list) > 0 {
		n.w.t.Errorf("messages %v for the agent, want none", list)
	}
}

func (n *node) close() {
	n.w.t.Helper()
	n.w.do(core.AgentClosed{Conn: n.conn})
}

func (n *node) send(m *link.FromAgent) {
	n.w.t.Helper()
	n.w.do(core.AgentMessage{Conn: n.conn, Address: "10.0.0.1", Message: m})
}

// uuid returns 16 bytes that begin with a letter.
func uuid(letter byte) []byte { return slices.Repeat([]byte{letter}, 16) }

// update reports a state of a task, which is also its latest unless another is
// given.
func (n *node) update(s *sched, task string, state mesos.TaskState, id []byte, latest ...mesos.TaskState) {
	n.w.t.Helper()
	n.send(updateMessage(s.id, n.id, task, state, id, append(latest, state)[0]))
}

func updateMessage(f *mesos.FrameworkID, a *mesos.AgentID, task string, state mesos.TaskState, id []byte, latest mesos.TaskState) *link.FromAgent {
	return &link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
		FrameworkId: f,
		Status: &mesos.TaskStatus{
			TaskId: &mesos.TaskID{Value: &task}, State: &state, AgentId: a, Uuid: id,
			Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(),
		},
		LatestState: &latest,
	}}}
}

func (n *node) exited(s *sched, executor string, status int32) {
	n.w.t.Helper()
	n.send(&link.FromAgent{Message: &link.FromAgent_ExecutorExited{ExecutorExited: &link.ExecutorExited{
		FrameworkId: s.id, ExecutorId: &mesos.ExecutorID{Value: &executor}, Status: &status,
	}}})
}

// back registers the agent again, on a new connection, with these tasks.
func (n *node) back(resources string, frameworks []*mesos.FrameworkInfo, executors []*mesos.ExecutorInfo, tasks ...*mesos.Task) *node {
	n.w.t.Helper()
	info := agentInfo(resources)
	info.Id = n.id
	return n.w.register(&link.Register{Agent: info, Frameworks: frameworks, Executors: executors, Tasks: tasks})
}

// listed returns a task as an agent lists it.
func listed(s *sched, n *node, id string, state mesos.TaskState, resources string) *mesos.Task {
	return &mesos.Task{
		Name: &id, TaskId: &mesos.TaskID{Value: &id}, FrameworkId: s.id, AgentId: n.id,
		State: &state, Resources: resource.MustParse(resources).Proto(),
	}
}

// has checks the resources of an offer.
func has(t rapid.TB, o *mesos.Offer, want string) {
	t.Helper()
	got, err := resource.FromProto(o.GetResources())
	if err != nil {
		t.Fatal(err)
	}
	if !got.Equal(resource.MustParse(want)) {
		t.Errorf("offer has %s, want %s", got, want)
	}
}
