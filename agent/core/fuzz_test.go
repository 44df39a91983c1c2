// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/executor"
)

// FuzzMessages gives a busy core any message at all of a master or of an
// executor, required fields missing or not: it may refuse it, but goes on.
func FuzzMessages(f *testing.F) {
	seed := func(fromMaster bool, m proto.Message) {
		b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(fromMaster, b)
	}
	for _, in := range []core.Input{
		run(command("t9", "cpus:1;mem:64")), run(custom("t9", "e", "cpus:1;mem:64")), kill("t1"),
		shutdownExecutor("e"), shutdownFramework(), fromMaster(registeredMessage(agentID)),
		runGroup(custom("", "e", "").Executor, command("t8", "cpus:1"), command("t9", "cpus:1")), drain(within(1)), ping(),
		apply("o1", named(reserve(reserved("cpus:1")))), apply("o2", create(volume("v", "1", "data"))), apply("o3", grow(volume("v", "1", "data"), reserved("disk:1"))),
	} {
		seed(true, in.(core.FromMaster).Message)
	}
	for _, c := range []*executor.Call{
		{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: &executor.Call_Subscribe{}},
		{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: status("t1", taskFinished, "x")}},
		{Type: executor.Call_MESSAGE.Enum(), Message: &executor.Call_Message{Data: []byte("x")}},
		{Type: executor.Call_HEARTBEAT.Enum()},
	} {
		seed(false, c)
	}
	f.Fuzz(func(t *testing.T, ofMaster bool, b []byte) {
		r := registered(t)
		r.running()
		r.step(run(command("t2", "cpus:1;mem:64")))
		partial := proto.UnmarshalOptions{AllowPartial: true}
		if ofMaster {
			m := &link.FromMaster{}
			if partial.Unmarshal(b, m) != nil {
				return
			}
			_ = r.core.Step(r.now, core.FromMaster{Message: m}) // refused or not
		} else {
			c := &executor.Call{}
			if partial.Unmarshal(b, c) != nil {
				return
			}
			_ = r.core.Step(r.now, r.call(1, "c1", c)) // refused or not
		}
		r.check()
		r.ready()
		r.step(core.LinkDown{}, core.LinkUp{}) // what it took can be told
	})
}
