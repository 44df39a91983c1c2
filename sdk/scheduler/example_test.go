// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"fmt"
	"os"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// greeter launches one command and ends with it.
type greeter struct {
	scheduler.Callbacks
	launched bool
}

func (g *greeter) ResourceOffers(d scheduler.Driver, offers []*mesos.Offer) {
	need := resource.MustParse("cpus:0.1;mem:32")
	for _, offer := range offers {
		free, err := resource.FromProto(offer.GetResources())
		if g.launched || err != nil || !free.Contains(need) {
			d.DeclineOffer(offer.GetId(), nil)
			continue
		}
		g.launched = true
		d.LaunchTasks([]*mesos.OfferID{offer.GetId()}, []*mesos.TaskInfo{{
			Name:      proto.String("greeting"),
			TaskId:    &mesos.TaskID{Value: proto.String("greeting-1")},
			AgentId:   offer.GetAgentId(),
			Resources: need.Proto(),
			Command:   &mesos.CommandInfo{Value: proto.String("echo hello")},
		}}, nil)
	}
}

func (g *greeter) StatusUpdate(d scheduler.Driver, status *mesos.TaskStatus) {
	fmt.Println(status.GetState(), status.GetMessage())
	if mesos.Terminal(status.GetState()) {
		d.Stop(false)
	}
}

// The smallest framework that does something. (There is no master to run it
// with here.)
func Example() {
	framework := &mesos.FrameworkInfo{Name: proto.String("greeter")}
	driver := scheduler.NewDriver(&greeter{}, framework, "127.0.0.1:5050")
	if _, err := driver.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
