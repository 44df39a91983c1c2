// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"log/slog"
	"time"

	"github.com/tepui/tepui/agent/core"
)

// level tells how much a kind of note matters to an operator.
func level(k core.NoteKind) slog.Level {
	switch k {
	case core.NoteTask, core.NoteExecutor, core.NoteUpdateDuplicate, core.NoteAckIgnored, core.NoteMessageIgnored:
		return slog.LevelDebug
	case core.NoteUpdateResent, core.NoteUpdateDropped, core.NoteLimitsFailed, core.NoteLeaving, core.NoteGone, core.NoteMasterSilent:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// maxWarnings is how many warnings that peers can cause are written in one
// second: an executor must not fill the host's log.
const maxWarnings = 20

// throttle bounds what is written.
type throttle struct {
	end     time.Time // of the present second
	written int       // in it
	dropped int       // since something was written last
}

// allow tells whether one more may be written, and how many were not before it.
func (t *throttle) allow(now time.Time) (ok bool, dropped int) {
	if !now.Before(t.end) {
		t.end, t.written = now.Add(time.Second), 0
	}
	if t.written >= maxWarnings {
		t.dropped++
		return false, 0
	}
	t.written++
	dropped, t.dropped = t.dropped, 0
	return true, dropped
}

// warn writes what a peer has caused, unless there is too much of it.
func (l *loop) warn(text string, attrs ...any) {
	ok, dropped := l.warnings.allow(time.Now())
	if !ok {
		return
	}
	if dropped > 0 {
		attrs = append(attrs, "warnings_dropped", dropped)
	}
	l.log.Warn(text, attrs...)
}

// note writes what the core wants to be known.
func (l *loop) note(n core.Note) {
	switch lvl := level(n.Kind); {
	case lvl >= slog.LevelWarn:
		l.warn(n.Kind.String(), attributes(n)...)
	case l.log.Enabled(context.Background(), lvl):
		l.log.Log(context.Background(), lvl, n.Kind.String(), attributes(n)...)
	}
}

// attributes are those of a note's fields that are set.
func attributes(n core.Note) []any {
	var attrs []any
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
	return attrs
}
