// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/sys/user"
)

// identity is who a task runs as.
type identity struct {
	uid, gid uint32
	groups   []uint32 // besides gid
}

// identify finds the user that a task names, by name or number, in the host's
// /etc/passwd and /etc/group; or the agent's own, if users are not switched.
func (t *tools) identify(name string) (identity, error) {
	if !t.switchUser {
		return identity{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	switch {
	case name == "":
		return identity{}, errors.New("user: must be set, in FrameworkInfo.user or CommandInfo.user")
	case strings.Contains(name, ":"):
		return identity{}, fmt.Errorf("user %q: must be one name or number, without a group", name)
	}
	// Without an entry a number would be a user, with the default group.
	found, err := user.GetExecUserPath(name, &user.ExecUser{Gid: -1}, "/etc/passwd", "/etc/group")
	if errors.Is(err, user.ErrNoPasswdEntries) || err == nil && found.Gid < 0 {
		return identity{}, fmt.Errorf("user %q: the host does not know it; "+
			"create it on every agent, or set another in FrameworkInfo.user or CommandInfo.user", name)
	}
	if err != nil {
		return identity{}, fmt.Errorf("user %q: %w", name, err)
	}
	who := identity{uid: uint32(found.Uid), gid: uint32(found.Gid)}
	for _, g := range found.Sgids {
		if uint32(g) != who.gid {
			who.groups = append(who.groups, uint32(g))
		}
	}
	return who, nil
}
