// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tepui/tepui/agent/core"
)

// secret is what tokens are made with. It lives as long as the agent.
type secret [32]byte

func newSecret() secret {
	var s secret
	_, _ = rand.Read(s[:]) // never fails: it ends the process instead
	return s
}

// token lets its holder speak for the executor in a container. It is the
// container's id and an HMAC-SHA256 over it, joined by a dot.
func (s *secret) token(id core.ContainerID) string {
	return string(id) + "." + hex.EncodeToString(s.mac(string(id)))
}

func (s *secret) mac(id string) []byte {
	h := hmac.New(sha256.New, s[:])
	h.Write([]byte(id))
	return h.Sum(nil)
}

// container checks a token, in constant time, and tells whose it is.
func (s *secret) container(token string) (core.ContainerID, bool) {
	id, sum, _ := strings.Cut(token, ".")
	got, err := hex.DecodeString(sum)
	if err != nil || !hmac.Equal(got, s.mac(id)) {
		return "", false
	}
	return core.ContainerID(id), true
}
