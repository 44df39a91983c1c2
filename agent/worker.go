// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/tepui/tepui/agent/core"
)

// maxActions is how many actions may wait for a worker. The core asks for a
// start, at most one change of limits at a time, two signals, and an end.
const maxActions = 16

// How long to wait before a container that could not be destroyed is tried
// again.
const (
	destroyRetryMin = 100 * time.Millisecond
	destroyRetryMax = 10 * time.Second
)

// hearingTime is how long an executor is heard after its end.
const hearingTime = time.Second

// worker carries out what the core wants of one container, one action after
// the other, from Launch to Forget.
type worker struct {
	launch core.Launch
	tools  *tools
	post   func(core.Input) bool
	log    *slog.Logger

	actions   *queue[core.Action]
	life      context.Context    // ends when the container is to be destroyed
	interrupt context.CancelFunc // ends life
	box       *sandbox           // set by Launch
	mounted   []core.Mount       // what the sandbox shows, or may show
	container Container          // set by Start
	waited    chan struct{}      // closed when the container's end is known; nil before Start

	mu    sync.Mutex
	facts facts
}

// facts are what others may ask a worker for.
type facts struct {
	sandbox        string // path
	container      Container
	started, ended time.Time
	exit           core.Exit
	usage          *Usage // at the end
}

// give hands over an action, without waiting. A Destroy interrupts whatever
// is being done. It tells whether there was a place.
func (w *worker) give(a core.Action) bool {
	if _, ok := a.(core.Destroy); ok {
		w.interrupt()
	}
	return w.actions.put(a)
}

// look returns what is known now.
func (w *worker) look() facts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.facts
}

func (w *worker) learn(change func(*facts)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.facts)
}

// run works until the container is forgotten, or ctx ends, which leaves the
// container as it is.
func (w *worker) run(ctx context.Context) {
	defer w.interrupt()
	w.doLaunch()
	var batch []core.Action
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.actions.ready:
		}
		batch = w.actions.take(batch)
		for _, a := range batch {
			if !w.do(ctx, a) {
				return
			}
		}
	}
}

// do carries out one action, and tells whether more may come.
func (w *worker) do(ctx context.Context, a core.Action) bool {
	switch a := a.(type) {
	case core.Start:
		w.doStart(ctx, a)
	case core.Update:
		w.doUpdate(a)
	case core.Signal:
		w.doSignal(a.Sig)
	case core.Destroy:
		w.doDestroy(ctx)
	case core.Forget:
		w.box.close()
		return false
	}
	return true
}

// doLaunch makes the sandbox and fetches into it.
func (w *worker) doLaunch() {
	box, err := w.tools.prepare(w.life, &w.launch)
	if err != nil {
		w.log.Warn("launch failed", "error", err)
		w.post(core.FetchFailed{Container: w.launch.Container, Message: err.Error()})
		return
	}
	w.box = box
	w.learn(func(f *facts) { f.sandbox = box.path })
	w.post(core.Fetched{Container: w.launch.Container})
}

// doStart starts the container, and has its end waited for.
func (w *worker) doStart(ctx context.Context, a core.Start) {
	var c Container
	err := w.mount(a.Mounts)
	if err == nil {
		c, err = w.tools.start(w.life, &w.launch, w.box, a.Limits)
	}
	w.box.close()
	if err != nil {
		w.log.Warn("start failed", "error", err)
		if left, ok := errors.AsType[*LeftoverError](err); ok && !w.remove(ctx, left.Container) {
			return
		}
		w.unmount(w.mounted)
		w.post(core.StartFailed{Container: w.launch.Container, Message: err.Error()})
		return
	}
	w.container = c
	w.waited = make(chan struct{})
	w.learn(func(f *facts) { f.container, f.started = c, time.Now() })
	w.post(core.Started{Container: w.launch.Container, Pid: uint32(c.Pid())})
	w.tools.workers.Go(func() { w.wait(ctx) })
}

// wait tells the core of the container's end.
func (w *worker) wait(ctx context.Context) {
	defer close(w.waited)
	exit, usage, err := w.container.Wait(ctx)
	if err != nil {
		w.log.Warn("not all is known of the container's end", "error", err)
	}
	w.learn(func(f *facts) { f.ended, f.exit, f.usage = time.Now(), exit, usage })
	if w.launch.Custom {
		w.hearOut(ctx)
	}
	w.post(core.Exited{Container: w.launch.Container, Exit: exit})
}

// hearOut waits until the last words of an executor that has ended are with the
// core. Its connections have ended with it, unless it gave one away.
func (w *worker) hearOut(ctx context.Context) {
	timeout := time.NewTimer(hearingTime)
	defer timeout.Stop()
	select {
	case <-w.tools.callers.gone(w.launch.Container):
	case <-timeout.C:
	case <-ctx.Done():
	}
}

// mount shows volumes in the sandbox, when what was asked for before of volumes is
// done.
func (w *worker) mount(mounts []core.Mount) error {
	if len(mounts) == 0 {
		return nil
	}
	if err := w.tools.volumes.settled(w.life); err != nil {
		return err
	}
	w.mounted = append(w.mounted, mounts...)
	return w.tools.sandboxes.mount(w.box, mounts)
}

// unmount takes volumes out of the sandbox again. The sandbox outlives its container,
// and the name of a destroyed volume may be given to another.
func (w *worker) unmount(mounts []core.Mount) {
	if err := w.tools.sandboxes.unmount(w.box, mounts); err != nil {
		w.log.Warn("volume still to be seen in the sandbox", "error", err)
	}
	w.mounted = slices.DeleteFunc(slices.Clone(w.mounted), func(m core.Mount) bool { return slices.Contains(mounts, m) })
}

func (w *worker) doUpdate(a core.Update) {
	w.unmount(a.Unmounts)
	err := w.mount(a.Mounts)
	if err == nil {
		err = w.container.Update(w.life, a.Limits)
	}
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	w.post(core.LimitsUpdated{Container: w.launch.Container, Problem: problem})
}

func (w *worker) doSignal(sig syscall.Signal) {
	err := w.container.Signal(sig)
	if err != nil && !errors.Is(err, os.ErrProcessDone) { // of which the core will hear
		w.log.Warn("signal not delivered", "signal", sig.String(), "error", err)
	}
}

// doDestroy answers when nothing is left of the container, unless ctx ends first.
func (w *worker) doDestroy(ctx context.Context) {
	w.box.close()
	if w.container != nil {
		if !w.remove(ctx, w.container) {
			return
		}
		<-w.waited
	}
	w.unmount(w.mounted)
	w.post(core.Destroyed{Container: w.launch.Container})
}

// remove tries until nothing is left of a container, or ctx ends. It tells whether
// nothing is.
func (w *worker) remove(ctx context.Context, c Container) bool {
	for retry := destroyRetryMin; ; retry = min(2*retry, destroyRetryMax) {
		err := w.tools.destroy(ctx, c)
		if err == nil {
			return true
		}
		w.log.Error("container not destroyed, will be tried again", "retry_in", retry, "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retry):
		}
	}
}
