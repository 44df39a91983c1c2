// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// fakeDriver writes down what the framework asks for.
type fakeDriver struct {
	scheduler.Driver // any other call panics
	asked            []string
}

func (d *fakeDriver) LaunchTasks(_ []*mesos.OfferID, tasks []*mesos.TaskInfo, _ *mesos.Filters) (mesos.Status, error) {
	d.asked = append(d.asked, "launch "+names(tasks))
	return mesos.Status_DRIVER_RUNNING, nil
}

func (d *fakeDriver) ReviveOffers(...string) (mesos.Status, error) {
	d.asked = append(d.asked, "revive")
	return mesos.Status_DRIVER_RUNNING, nil
}

func newTestJob(t *testing.T, shards int) *job {
	t.Helper()
	f := flags{ip: "127.0.0.1", shards: shards, need: resource.MustParse("cpus:0.5;mem:64")}
	j, err := newJob(t.Context(), f, []byte("program"), []byte("a rose is a rose is a rose"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.close)
	return j
}

// offer has room for so many tasks.
func offer(tasks int) *mesos.Offer {
	return &mesos.Offer{
		Id:       &mesos.OfferID{Value: proto.String("O1")},
		AgentId:  &mesos.AgentID{Value: proto.String("S1")},
		Hostname: proto.String("h"),
		Url: &mesos.URL{Scheme: proto.String("http"), Address: &mesos.Address{
			Hostname: proto.String("h"), Ip: proto.String("10.0.0.1"), Port: proto.Int32(5051),
		}},
		Resources: resource.MustParse(fmt.Sprintf("cpus:%g;mem:1000", 0.51*float64(tasks))).Proto(),
	}
}

// finish answers as the executor of a shard does.
func finish(t *testing.T, j *job, d scheduler.Driver, n int, text string) {
	t.Helper()
	data, err := count([]byte(text)).encode()
	if err != nil {
		t.Fatal(err)
	}
	j.StatusUpdate(d, &mesos.TaskStatus{
		TaskId: &mesos.TaskID{Value: proto.String(fmt.Sprintf("count-%d", n))},
		State:  mesos.TaskState_TASK_FINISHED.Enum(),
		Data:   data,
		ContainerStatus: &mesos.ContainerStatus{
			ContainerId: &mesos.ContainerID{Value: proto.String(fmt.Sprintf("C%d", n))},
		},
	})
}

func TestJobAddsShardsUp(t *testing.T) {
	j, d := newTestJob(t, 3), &fakeDriver{}
	j.ResourceOffers(d, []*mesos.Offer{offer(2)})
	finish(t, j, d, 1, "a rose is")
	finish(t, j, d, 1, "a rose is") // again: it counts once
	j.ResourceOffers(d, []*mesos.Offer{offer(5)})
	finish(t, j, d, 2, "a rose")
	select {
	case err := <-j.done:
		t.Fatalf("done (%v) before the last shard", err)
	default:
	}
	finish(t, j, d, 3, "is a rose")
	if err := <-j.done; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counts{"a": 3, "rose": 3, "is": 2}, j.total); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"launch count-1, count-2", "launch count-3"}, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if s := j.shards[0]; s.address != "10.0.0.1:5051" || s.used.container != "C1" {
		t.Errorf("shard 1 ran in %s of %s", s.used.container, s.address)
	}
}

func TestJobTriesThreeTimes(t *testing.T) {
	j, d := newTestJob(t, 1), &fakeDriver{}
	for _, id := range []string{"count-1", "count-1.2", "count-1.3"} {
		j.ResourceOffers(d, []*mesos.Offer{offer(1)})
		j.StatusUpdate(d, &mesos.TaskStatus{
			TaskId: &mesos.TaskID{Value: proto.String(id)}, State: mesos.TaskState_TASK_LOST.Enum(),
			Message: proto.String("agent gone"),
		})
	}
	want := []string{"launch count-1", "revive", "launch count-1.2", "revive", "launch count-1.3"}
	if diff := cmp.Diff(want, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if err := <-j.done; err == nil || err.Error() != "shard 1, attempt 3: TASK_LOST: agent gone" {
		t.Errorf("done: %v", err)
	}
}

func TestJobRefusesAResultThatIsNone(t *testing.T) {
	j, d := newTestJob(t, 1), &fakeDriver{}
	j.ResourceOffers(d, []*mesos.Offer{offer(1)})
	j.StatusUpdate(d, &mesos.TaskStatus{
		TaskId: &mesos.TaskID{Value: proto.String("count-1")}, State: mesos.TaskState_TASK_FINISHED.Enum(),
		Data: []byte("the 3"),
	})
	if diff := cmp.Diff([]string{"launch count-1", "revive"}, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestEnded(t *testing.T) {
	shards := []*shard{{used: usage{container: "C1"}}, {used: usage{container: "C2"}}}
	container := func(id string, over bool) *link.Container {
		c := &link.Container{
			ContainerId: &mesos.ContainerID{Value: proto.String(id)},
			Statistics: &mesos.ResourceStatistics{
				Timestamp: proto.Float64(1), CpusUserTimeSecs: proto.Float64(0.5), CpusSystemTimeSecs: proto.Float64(0.25),
			},
			MemoryPeakBytes: proto.Uint64(32 << 20),
		}
		if over {
			c.Ended = &mesos.TimeInfo{Nanoseconds: proto.Int64(time.Now().UnixNano())}
		}
		return c
	}
	if ended([]*link.Container{container("C1", true), container("C2", false)}, shards) {
		t.Error("ended, though C2 runs")
	}
	if ended([]*link.Container{container("C1", true)}, shards) {
		t.Error("ended, though no one knows of C2")
	}
	if !ended([]*link.Container{container("C2", true), container("C1", true)}, shards) {
		t.Error("not ended")
	}
	if got := shards[1].used; got.cpuText() != "0.750 s" || got.peakText() != "32.0 MB" {
		t.Errorf("C2 used %s and %s", got.cpuText(), got.peakText())
	}
}

func TestVerdict(t *testing.T) {
	var out bytes.Buffer
	if err := verdict(&out, counts{"a": 2}, counts{"a": 2}, time.Second); err != nil || !strings.Contains(out.String(), "the same") {
		t.Errorf("verdict on equal counts: %q, %v", out.String(), err)
	}
	for name, other := range map[string]counts{"fewer": {"a": 1}, "other": {"b": 2}, "more": {"a": 2, "b": 1}} {
		if err := verdict(&out, counts{"a": 2}, other, time.Second); err == nil {
			t.Errorf("verdict on %s: no error", name)
		}
	}
}

func TestTables(t *testing.T) {
	var out bytes.Buffer
	printTop(&out, counts{"the": 1000, "of": 20, "a": 20, "rose": 1}, 3)
	printTasks(&out, []*shard{{
		task: "count-1", agent: "h", result: counts{"a": 1234},
		used: usage{container: "C1", cpu: 0.1, peak: 1 << 20, measured: true},
	}, {task: "count-2", agent: "h", used: usage{container: "C2"}}})
	want := `
The most frequent words

  1  1,000  the
  2     20    a
  3     20   of

What each task used

  TASK      AGENT   CONTAINER            CPU    MEMORY PEAK          WORDS
  count-1   h       C1               0.100 s         1.0 MB          1,234
  count-2   h       C2               unknown        unknown              0

`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}
