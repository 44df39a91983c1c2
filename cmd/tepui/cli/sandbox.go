// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// sandboxTimeout bounds how long an agent may take to tell where a sandbox is.
const sandboxTimeout = 2 * time.Second

// agentAddress is where the agent of an offer answers, as host:port.
func agentAddress(offer *mesos.Offer) string {
	a := offer.GetUrl().GetAddress()
	host := a.GetIp()
	if host == "" {
		host = a.GetHostname()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(a.GetPort())))
}

// sandbox asks the agent at address for the directory of the framework's only
// executor. It is a courtesy: empty when there is no answer.
func sandbox(ctx context.Context, address string, framework *mesos.FrameworkID) string {
	ctx, cancel := context.WithTimeout(ctx, sandboxTimeout)
	defer cancel()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close() }() // fails only when closed before
	list, err := link.NewContainersClient(conn).List(ctx, &link.ListContainersRequest{FrameworkId: framework})
	if err != nil || len(list.GetContainers()) == 0 {
		return ""
	}
	return list.GetContainers()[0].GetSandbox()
}
