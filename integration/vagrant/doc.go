// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package vagrant tests Tepui on the three machines of the Vagrantfile: a master
// and two agents with kernels, systemds and a network of their own.
//
// The tests start frameworks on this side of the private network, as a user
// would, and look at the machines over ssh: at the kernel's cgroup files and
// process tables, never at what Tepui says of itself. They need machines that
// are up ("make test-vagrant" sees to that) and are skipped unless
// TEPUI_VAGRANT=1. What needs no second machine is tested by
// integration/scenarios, whose binary one of these tests runs on an agent.
//
// The tests share the machines, so none is parallel, and each leaves them as it
// found them: both agents registered, no container left.
package vagrant
