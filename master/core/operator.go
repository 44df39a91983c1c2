// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

// operatorCall carries out an operator's call and answers it.
func (c *Core) operatorCall(in OperatorCall) {
	c.fail(in.Request, failf(Unsupported, "type %v: not supported by this master version", in.Call.GetType()))
}

// fail answers a call that has no effect.
func (c *Core) fail(request RequestID, err *Error) {
	c.out.Replies = append(c.out.Replies, Reply{Request: request, Err: err})
}
