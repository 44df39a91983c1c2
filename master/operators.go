// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"fmt"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// operators is the door for operators.
type operators struct {
	link.UnimplementedOperatorsServer
	m *Master
}

// Call implements link.OperatorsServer.
func (d operators) Call(ctx context.Context, in *master.Call) (*master.Response, error) {
	reply, err := d.m.ask(ctx, func(id core.RequestID) core.Input {
		return core.OperatorCall{Request: id, Call: in}
	})
	if err != nil {
		return nil, err
	}
	if reply.Response == nil {
		return new(master.Response), nil
	}
	return fitting(reply.Response)
}

// Explain implements link.OperatorsServer.
func (d operators) Explain(ctx context.Context, in *link.ExplainRequest) (*link.ExplainResponse, error) {
	reply, err := d.m.ask(ctx, func(id core.RequestID) core.Input {
		return core.ExplainCall{Request: id, Query: in}
	})
	if err != nil {
		return nil, err
	}
	if reply.Explanation == nil {
		return new(link.ExplainResponse), nil
	}
	return fitting(reply.Explanation)
}

// fitting returns the answer unless it is too large to be sent in one piece.
func fitting[M proto.Message](answer M) (M, error) {
	if size := proto.Size(answer); size > MaxAnswer {
		var none M
		return none, status.Errorf(codes.ResourceExhausted,
			"the answer has %d bytes, more than the %d that are sent: ask for less, such as GET_AGENTS in place of GET_STATE", size, MaxAnswer)
	}
	return answer, nil
}

// request is one question of an operator, on its way to the core and back.
type request struct {
	id     core.RequestID
	answer chan core.Reply // capacity 1
}

func (m *Master) newRequest() *request {
	return &request{id: core.RequestID(m.lastRequest.Add(1)), answer: make(chan core.Reply, 1)}
}

// ask hands the core a question and waits for its answer. One that is not waited
// for any longer still counts among those that wait until the core has answered:
// what was asked for goes on.
func (m *Master) ask(ctx context.Context, input func(core.RequestID) core.Input) (core.Reply, error) {
	if m.asking.Add(1) > maxRequests {
		m.asking.Add(-1)
		return core.Reply{}, status.Errorf(codes.ResourceExhausted, "%d calls of operators are waiting: try again later", maxRequests)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, requestTimeout, fmt.Errorf("not answered after %v", requestTimeout))
	defer cancel()
	r := m.newRequest()
	select {
	case m.inbox <- event{request: r, input: input(r.id)}:
	case <-m.stopped:
		m.asking.Add(-1)
		return core.Reply{}, status.Error(codes.Unavailable, "the master is shutting down")
	case <-ctx.Done():
		m.asking.Add(-1)
		return core.Reply{}, ended(ctx, "it has no effect")
	}
	select {
	case reply := <-r.answer:
		return reply, answered(reply)
	case <-m.stopped:
		return core.Reply{}, status.Error(codes.Unavailable, "the master is shutting down: whether the call has had its effect is not known")
	case <-ctx.Done():
		return core.Reply{}, ended(ctx, "it may still have its effect")
	}
}

// ended is the status of a call whose context has ended.
func ended(ctx context.Context, effect string) error {
	return status.Errorf(status.FromContextError(ctx.Err()).Code(), "%v: %s", context.Cause(ctx), effect)
}

// answered is the status of a call that the core has answered.
func answered(reply core.Reply) error {
	if reply.Err == nil {
		return nil
	}
	return status.Error(codeOf(reply.Err), reply.Err.Text)
}

// codeOfKind returns the gRPC code for a kind of errors.
func codeOfKind(kind core.Kind) codes.Code {
	switch kind {
	case core.Unexpected, core.Conflict:
		return codes.FailedPrecondition
	case core.Unsupported:
		return codes.Unimplemented
	case core.Exhausted:
		return codes.ResourceExhausted
	case core.NotFound:
		return codes.NotFound
	case core.Invalid:
		return codes.InvalidArgument
	}
	return codes.Internal
}
