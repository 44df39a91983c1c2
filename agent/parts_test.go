// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/isolator"
)

func TestQueue(t *testing.T) {
	q := newQueue[int](3, 0, nil)
	for i := range 3 {
		if !q.put(i) {
			t.Errorf("no place for item %d of 3", i)
		}
	}
	if q.put(3) {
		t.Error("a place for a fourth item of 3")
	}
	<-q.ready
	if got := q.take(nil); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("took %v", got)
	}
	if got := q.take(nil); len(got) != 0 {
		t.Errorf("took %v from an empty queue", got)
	}
	q.put(4)
	select {
	case <-q.ready:
	default:
		t.Error("an item, and nobody is told")
	}
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	q := newQueue(100, 10, func(s string) int { return len(s) })
	if !q.put("more than ten bytes") {
		t.Error("an empty queue has no place for a large item")
	}
	if q.put("x") {
		t.Error("a place beyond the bound")
	}
	q.take(nil)
	if !q.put("12345") || !q.put("67890") || q.put("x") {
		t.Error("ten bytes, not more, have a place")
	}
}

func TestOffersHaveAQuarterOfTheQueue(t *testing.T) {
	q := newQueue[int](8, 0, nil)
	for i := range 2 {
		if !q.offer(i) {
			t.Errorf("no place for offer %d of 2", i)
		}
	}
	if q.offer(2) {
		t.Error("a place for a third offer in a queue of 8")
	}
	if !q.put(3) {
		t.Error("offers have filled the queue")
	}
}

// TestMessagesDoNotCostTheLink: an executor that says more than the master reads
// loses what it says, and no other loses anything.
func TestMessagesDoNotCostTheLink(t *testing.T) {
	lost := false
	l := &loop{log: slog.New(slog.DiscardHandler), session: &session{
		out: newQueue[*link.FromAgent](100, 0, nil), end: func(error) { lost = true },
	}}
	for range 1000 {
		l.send(core.ToMaster{Message: &link.FromAgent{Message: &link.FromAgent_ExecutorMessage{ExecutorMessage: &link.ExecutorMessage{}}}})
	}
	for range 75 {
		l.send(core.ToMaster{Message: &link.FromAgent{Message: &link.FromAgent_Update{}}})
	}
	if lost || len(l.session.out.take(nil)) != 100 {
		t.Errorf("link lost: %v", lost)
	}
}

// TestWarningsAreBounded: a peer that causes many gets few written, and what was
// left out is counted.
func TestWarningsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		l := &loop{log: slog.New(slog.NewTextHandler(&out, nil))}
		for range 1000 {
			l.note(core.Note{Kind: core.NoteUpdateDropped, Task: "t1"})
		}
		if n := strings.Count(out.String(), "task_id=t1"); n != maxWarnings {
			t.Errorf("%d of 1000 warnings written, want %d", n, maxWarnings)
		}
		out.Reset()
		time.Sleep(time.Second) // virtual
		l.note(core.Note{Kind: core.NoteUpdateDropped, Task: "t2"})
		if got := out.String(); !strings.Contains(got, "task_id=t2 warnings_dropped=980") {
			t.Errorf("written %q", got)
		}
	})
}

// TestListsAreBounded: those who ask for lists wait for one another, not the loop
// for them.
func TestListsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &loop{posts: make(chan post), done: make(chan struct{})}
		s := newLister(l, slog.New(slog.DiscardHandler))
		for range maxListing {
			go func() { _, _ = s.List(t.Context(), nil) }() // until the loop ends
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.List(ctx, nil); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("one list too many: error %v", err)
		}
		close(l.done)
	})
}

// TestExitOf: a status is unknown only if nobody has learnt it.
func TestExitOf(t *testing.T) {
	ended := isolator.Exit{Status: 3 << 8}
	for _, c := range []struct {
		err  error
		want core.Exit
	}{
		{nil, core.Exit{Status: 3 << 8}},
		{fmt.Errorf("memory.stat: %w", isolator.ErrIncomplete), core.Exit{Status: 3 << 8}},
		{isolator.ErrClosed, core.Exit{Status: 3 << 8, Unknown: "isolator: closed"}},
	} {
		if got := exitOf(ended, c.err); got != c.want {
			t.Errorf("with error %v: %+v, want %+v", c.err, got, c.want)
		}
	}
}

func TestImpassable(t *testing.T) {
	dir := t.TempDir() // in one that only its owner may pass
	if got := impassable(dir); got != filepath.Dir(dir) {
		t.Errorf("%s is closed at %q, want %s", dir, got, filepath.Dir(dir))
	}
	if got := impassable("/usr"); got != "" {
		t.Errorf("/usr is closed at %q", got)
	}
}

func TestToken(t *testing.T) {
	a, b := newSecret(), newSecret()
	token := a.token("c1")
	if id, ok := a.container(token); !ok || id != "c1" {
		t.Errorf("token %q is of %q, %v", token, id, ok)
	}
	if _, ok := b.container(token); ok {
		t.Error("another agent takes the token")
	}
	for _, bad := range []string{"", ".", "c1", "c1.", "c2" + token[2:], token + "00", strings.ToUpper(token) + "x", token[:len(token)-1]} {
		if id, ok := a.container(bad); ok {
			t.Errorf("token %q is taken for one of %q", bad, id)
		}
	}
}

func TestEndedRemembersTheLast(t *testing.T) {
	var e ended
	for i := range maxEnded + 10 {
		e.add(core.Container{ID: core.ContainerID(fmt.Sprint(i))}, nil)
	}
	got := e.latestFirst()
	if len(got) != maxEnded || got[0].ID != core.ContainerID(fmt.Sprint(maxEnded+9)) || got[maxEnded-1].ID != "10" {
		t.Errorf("%d records, from %s to %s", len(got), got[0].ID, got[len(got)-1].ID)
	}
}

func TestShare(t *testing.T) {
	const gb = 1 << 30
	for _, c := range []struct{ bytes, keep, want uint64 }{
		{4 * gb, 1, 3 << 10},
		{2 * gb, 1, 1 << 10},
		{gb, 1, 512},
		{20 * gb, 5, 15 << 10},
		{8 * gb, 5, 4 << 10},
		{0, 5, 0},
	} {
		if got := share(c.bytes, c.keep); got != c.want {
			t.Errorf("share(%d, %d) = %d MB, want %d", c.bytes, c.keep, got, c.want)
		}
	}
}

func TestDetectResources(t *testing.T) {
	r, err := DetectResources(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if r.CPUs() < 1000 || r.Mem() <= 0 || r.Disk() <= 0 || len(r.Ports()) != 1 {
		t.Errorf("detected %v", r)
	}
	if _, err := DetectResources("/no/such/dir"); err == nil || !strings.Contains(err.Error(), "/no/such/dir") {
		t.Errorf("error %v", err)
	}
}

func TestIdentify(t *testing.T) {
	asIs := &tools{}
	if who, err := asIs.identify("no-such-user"); err != nil || who.uid != self().uid || who.gid != self().gid {
		t.Errorf("without switching users: %v, %v", who, err)
	}
	switching := &tools{switchUser: true}
	for name, want := range map[string]identity{"root": {}, "nobody": {uid: 65534, gid: 65534}, "0": {}, "65534": {uid: 65534, gid: 65534}} {
		if who, err := switching.identify(name); err != nil || who.uid != want.uid || who.gid != want.gid {
			t.Errorf("%s is %+v, %v; want %+v", name, who, err, want)
		}
	}
	for _, name := range []string{"", "no-such-user", "root:root", ":0", "-5", "1999999999"} {
		if who, err := switching.identify(name); err == nil {
			t.Errorf("%q is %+v", name, who)
		}
	}
}
