// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"log/slog"

	"github.com/tepui/tepui/agent/core"
)

// level tells how much a kind of note matters to an operator.
func level(k core.NoteKind) slog.Level {
	switch k {
	case core.NoteTask, core.NoteExecutor, core.NoteUpdateDuplicate, core.NoteAckIgnored, core.NoteMessageIgnored:
		return slog.LevelDebug
	case core.NoteUpdateResent, core.NoteUpdateDropped, core.NoteLimitsFailed, core.NoteLeaving:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// logNote writes what the core wants to be known.
func logNote(log *slog.Logger, n core.Note) {
	lvl := level(n.Kind)
	if !log.Enabled(context.Background(), lvl) {
		return
	}
	var attrs []slog.Attr
	for _, a := range []struct{ key, value string }{
		{"framework_id", string(n.Framework)},
		{"executor_id", string(n.Executor)},
		{"task_id", string(n.Task)},
		{"container_id", string(n.Container)},
		{"from", n.From},
		{"to", n.To},
		{"text", n.Text},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	log.LogAttrs(context.Background(), lvl, n.Kind.String(), attrs...)
}
