// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/scheduler"
)

// Framework is a scheduler with a memory. All methods are for any goroutine.
type Framework struct {
	scheduler.Callbacks
	driver *scheduler.MesosDriver

	mu        sync.Mutex // guards what follows
	changed   chan struct{}
	offers    map[string]*mesos.Offer
	rescinded map[string]bool
	updates   map[string][]Update
	ended     map[string]int
	lost      map[string]bool
	messages  []string
	problem   string
}

// Update is a status update and when it came.
type Update struct {
	*mesos.TaskStatus
	At time.Time
}

// Start subscribes a framework with the master at address. Fields that info
// leaves empty are filled with a user and a name.
func Start(address string, info *mesos.FrameworkInfo, opts ...scheduler.Option) (*Framework, error) {
	f := &Framework{
		changed:   make(chan struct{}),
		offers:    map[string]*mesos.Offer{},
		rescinded: map[string]bool{},
		updates:   map[string][]Update{},
		ended:     map[string]int{},
		lost:      map[string]bool{},
	}
	if info == nil {
		info = &mesos.FrameworkInfo{}
	}
	if info.User == nil {
		info.User = proto.String("root")
	}
	if info.Name == nil {
		info.Name = proto.String("integration")
	}
	f.driver = scheduler.NewDriver(f, info, address, opts...)
	if _, err := f.driver.Start(); err != nil {
		return nil, err
	}
	return f, nil
}

// Driver is the framework's driver, for calls that Framework does not wrap.
func (f *Framework) Driver() *scheduler.MesosDriver { return f.driver }

// Stop ends the framework, and with it all of its tasks.
func (f *Framework) Stop() error {
	f.driver.Stop(false)
	_, err := f.driver.Join()
	return err
}

// Abandon ends the driver and leaves the framework's tasks running.
func (f *Framework) Abandon() error {
	f.driver.Stop(true)
	_, err := f.driver.Join()
	return err
}

// note changes what the framework remembers and wakes all who wait.
func (f *Framework) note(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

// Wait looks again after each change until look has no objection, or ctx ends;
// then the error tells the last objection. look runs under the framework's lock.
func (f *Framework) Wait(ctx context.Context, look func() error) error {
	for {
		f.mu.Lock()
		objection, changed := look(), f.changed
		f.mu.Unlock()
		if objection == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("framework: %w: %w", ctx.Err(), objection)
		}
	}
}
