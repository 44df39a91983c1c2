// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// tail is how much of a program's output, in bytes, goes into an error.
const tail = 2 << 10

// command runs a program of the host and returns what it printed on stdout.
// The error ends with the tail of its stderr.
func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w%s", strings.Join(append([]string{name}, args...), " "), err, lastOf(msg.String()))
	}
	return out.String(), nil
}

// lastOf formats the end of a log for an error message.
func lastOf(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if len(text) > tail {
		text = "…" + text[len(text)-tail:]
	}
	return "\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
}
