// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import "fmt"

// GoneError is why an agent has ended that an operator declared gone: what it ran is
// ended too, and no master takes it back.
type GoneError struct {
	Agent   string // its id
	Message string // what the master said
}

// Error says what was declared gone, and what to do. An agent does not remember its id
// when it is started again, so nothing need be removed first.
func (e *GoneError) Error() string {
	return fmt.Sprintf("agent %s was declared gone and has ended (the master says: %s): "+
		"start it again only to have this host in the cluster again, as another agent", e.Agent, e.Message)
}
