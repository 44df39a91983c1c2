// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/resource"
)

// operate runs a command for operators, which must succeed, and returns what it
// prints.
func operate(t *testing.T, c *cluster.Cluster, args ...string) string {
	t.Helper()
	cmd := tepui(t, append(args, "--master", c.Address)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tepui %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ask asks the master, which may be away.
func ask(ctx context.Context, c *cluster.Cluster, what master.Call_Type) (*master.Response, error) {
	conn, err := grpc.NewClient("passthrough:///"+c.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return link.NewOperatorsClient(conn).Call(ctx, &master.Call{Type: &what})
}

// agentAt finds the agent that listens at an address among those that the master
// lists.
func agentAt(ctx context.Context, c *cluster.Cluster, address string) (*master.Response_GetAgents_Agent, error) {
	answer, err := ask(ctx, c, master.Call_GET_AGENTS)
	if err != nil {
		return nil, err
	}
	for _, a := range answer.GetGetAgents().GetAgents() {
		if strings.HasSuffix(address, fmt.Sprintf(":%d", a.GetAgentInfo().GetPort())) {
			return a, nil
		}
	}
	return nil, fmt.Errorf("the master lists no agent at %s", address)
}

// sleeper is a task that takes a while to end when it is asked to.
func sleeper(id string, takes int, grace time.Duration) *mesos.TaskInfo {
	t := framework.Command(id, fmt.Sprintf("trap 'sleep %d; exit 0' TERM; sleep 1000 & wait", takes), 0.1, 16)
	t.KillPolicy = &mesos.KillPolicy{GracePeriod: mesos.NewDuration(grace)}
	return t
}

func TestADrainedAgentEndsItsTasksAndIsNotOffered(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{})
	offer := launch(t, ctx, f, sleeper("graceful", 2, 30*time.Second))
	agent := offer.GetAgentId().GetValue()
	await(t, ctx, f, "graceful", mesos.TaskState_TASK_RUNNING)
	cgroup := group(t, ctx, c.Agents[0], "graceful")
	hasForTerm(t, "SigCgt", processes(t, cgroup)[1])
	rest, err := f.Offer(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantSays(t, operate(t, c, "agent", "drain", agent, "--wait", "--timeout", "60secs"), agent+" is drained")
	if err := f.AwaitRescinded(ctx, rest); err != nil {
		t.Error(err)
	}
	u := await(t, ctx, f, "graceful", mesos.TaskState_TASK_KILLED)
	wantReason(t, u, mesos.TaskStatus_REASON_AGENT_DRAINING)
	if took := u.At.Sub(began); took < 2*time.Second {
		t.Errorf("the task ended %s after the drain began, and takes 2 s", took)
	}
	if cgroup.Exists() {
		t.Errorf("cgroup %s of the task is still there", cgroup)
	}
	said := operate(t, c, "explain", "offers", "integration")
	wantSays(t, said, "role *", agent, "inactive", "drain")
	t.Logf("explained:\n%s", said)
	if o, err := f.Offer(shortly(t), nil); err == nil {
		t.Errorf("the drained agent is offered: %v", o)
	}
	operate(t, c, "agent", "reactivate", agent)
	launch(t, ctx, f, framework.Command("after", "true", 0.1, 16))
	await(t, ctx, f, "after", mesos.TaskState_TASK_FINISHED)
}

// shortly is a time in which something would have happened.
func shortly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestWhatIsReservedByAnAcceptIsInTheNextOffer(t *testing.T) {
	ctx := onKernel(t)
	leavesNothing(t)
	c := cluster.Start(t, cluster.Options{AgentFlags: []string{"--resources", "cpus:2;mem:256"}})
	f := subscribe(t, c, &mesos.FrameworkInfo{
		Roles: []string{"web"},
		Capabilities: []*mesos.FrameworkInfo_Capability{
			{Type: mesos.FrameworkInfo_Capability_MULTI_ROLE.Enum()},
			{Type: mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT.Enum()},
		},
	})
	offer, err := f.Offer(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := framework.Quantities(1.5, 64)
	for _, r := range want {
		r.Reservations = []*mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: new("web")}}
		r.AllocationInfo = &mesos.Resource_AllocationInfo{Role: new("web")}
	}
	if _, err := f.Driver().AcceptOffers([]*mesos.OfferID{offer.GetId()}, []*mesos.Offer_Operation{{
		Type:    mesos.Offer_Operation_RESERVE.Enum(),
		Reserve: &mesos.Offer_Operation_Reserve{Resources: want},
	}}, &mesos.Filters{RefuseSeconds: new(0.0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Offer(ctx, func(o *mesos.Offer) bool { return reservedFor(o.GetResources(), "web", "cpus") == 1500 }); err != nil {
		t.Error(err)
	}
	eventually(t, func() error {
		a, err := agentAt(ctx, c, c.Agents[0].Address)
		if err != nil {
			return err
		}
		if got := reservedFor(a.GetTotalResources(), "web", "cpus"); got != 1500 {
			return fmt.Errorf("%d thousandths of cpus of the agent are reserved", got)
		}
		return nil
	})
}

// reservedFor is how much is reserved for a role, in thousandths.
func reservedFor(list []*mesos.Resource, role, name string) int64 {
	var sum float64
	for _, r := range list {
		n := len(r.GetReservations())
		if r.GetName() == name && n > 0 && r.GetReservations()[n-1].GetRole() == role {
			sum += r.GetScalar().GetValue()
		}
	}
	milli, _ := resource.MilliFromFloat(sum)
	return int64(milli)
}

func TestAKilledMasterGoesOn(t *testing.T) {
	ctx := onKernel(t)
	leavesNothing(t)
	c := cluster.Start(t, cluster.Options{Agents: 2})
	f := subscribe(t, c, &mesos.FrameworkInfo{FailoverTimeout: new(3600.0)})
	var ids []string
	eventually(t, func() error {
		ids = nil
		for _, a := range c.Agents {
			listed, err := agentAt(ctx, c, a.Address)
			if err != nil {
				return err
			}
			ids = append(ids, listed.GetAgentInfo().GetId().GetValue())
		}
		return nil
	})
	on := func(o *mesos.Offer) bool { return o.GetAgentId().GetValue() == ids[0] }
	if _, err := f.Launch(ctx, on, framework.Command("goes on", "sleep 3600", 0.1, 16)); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, f, "goes on", mesos.TaskState_TASK_RUNNING)
	operate(t, c, "weights", "web=2.5")
	operate(t, c, "quota", "set", "web", "--limit", "cpus:7")
	before := operate(t, c, "frameworks", "-o", "json")

	// The second agent hears neither that it is gone nor that the master is.
	if err := c.Agents[1].Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Agents[1].Signal(syscall.SIGCONT) }) // it must be able to end
	operate(t, c, "agent", "gone", ids[1])
	if err := c.Master.Kill(); err != nil {
		t.Fatal(err)
	}
	c.StartMaster(t)

	wantSays(t, operate(t, c, "weights"), "web   2.5")
	wantSays(t, operate(t, c, "quota", "get"), "cpus:7")
	if said := operate(t, c, "agents", "-o", "json"); strings.Contains(said, ids[1]) {
		t.Errorf("the agent that is gone is waited for: %s", said)
	}
	eventually(t, func() error {
		switch a, err := agentAt(ctx, c, c.Agents[0].Address); {
		case err != nil:
			return err
		case a.GetAgentInfo().GetId().GetValue() != ids[0]:
			return fmt.Errorf("the agent %s is %s now", ids[0], a.GetAgentInfo().GetId().GetValue())
		}
		answer, err := ask(ctx, c, master.Call_GET_FRAMEWORKS)
		if err != nil {
			return err
		}
		for _, each := range answer.GetGetFrameworks().GetFrameworks() {
			if each.GetConnected() && strings.Contains(before, each.GetFrameworkInfo().GetId().GetValue()) {
				return nil
			}
		}
		return fmt.Errorf("the framework is not connected: %v", answer)
	})
	group(t, ctx, c.Agents[0], "goes on")
	if u := f.Updates("goes on"); mesos.Terminal(u[len(u)-1].GetState()) {
		t.Errorf("the task ended: %v", u[len(u)-1])
	}
	if err := c.Agents[1].Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Agents[1].Done():
	case <-time.After(patience):
		t.Fatalf("the agent that is gone still runs after %s", patience)
	}
	if code := c.Agents[1].ExitCode(); code != 3 {
		t.Errorf("the agent that is gone ended with status %d, want 3", code)
	}
	wantSays(t, c.Agents[1].Output(), ids[1]+" was declared gone", "start it again only to")
	if a, err := agentAt(ctx, c, c.Agents[1].Address); err == nil {
		t.Errorf("the agent that is gone is back as %v", a.GetAgentInfo().GetId())
	}
	if _, err := f.Driver().KillTask(&mesos.TaskID{Value: new("goes on")}); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, f, "goes on", mesos.TaskState_TASK_KILLED)
}
