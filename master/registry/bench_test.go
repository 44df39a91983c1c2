// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"path/filepath"
	"testing"

	messages "github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/master/registry"
	"github.com/tepui/tepui/resource"
)

// agentRecord is the record of an agent of usual size.
func agentRecord(n int) core.Record {
	id := fmt.Sprintf("89e1e7d7-04a5-4a43-9ab2-b8a8ed65bd3a-S%d", n)
	return core.Record{Kind: core.RecordAgent, Key: id, Value: &messages.Agent{
		State: messages.AgentState_AGENT_ADMITTED.Enum(),
		Info: &mesos.AgentInfo{
			Id: &mesos.AgentID{Value: &id}, Hostname: new(fmt.Sprintf("node-%d.example.com", n)),
			Resources: resource.MustParse("cpus:32;mem:131072;disk:1000000;ports:[31000-32000]").Proto(),
		},
		Since: &mesos.TimeInfo{Nanoseconds: new(int64(n))},
	}}
}

// BenchmarkPersist is batches of so many records, beside the 50,000 of a large
// cluster, on the disk of the temporary directory.
func BenchmarkPersist(b *testing.B) {
	for _, size := range []int{1, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r := largeRegistry(b)
			batch, n := make([]core.Record, size), 0
			for b.Loop() {
				for i := range batch {
					batch[i] = agentRecord(n * 7919 % 50_000)
					n++
				}
				if err := r.Persist(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	r := largeRegistry(b)
	for b.Loop() {
		records, err := r.Load()
		if err != nil || len(records) != 50_000 {
			b.Fatal(len(records), err)
		}
	}
}

func largeRegistry(b *testing.B) *registry.Registry {
	b.Helper()
	r, err := registry.Open(filepath.Join(b.TempDir(), "registry.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	})
	var records []core.Record
	for n := range 50_000 {
		records = append(records, agentRecord(n))
	}
	if err := r.Persist(records); err != nil {
		b.Fatal(err)
	}
	return r
}
