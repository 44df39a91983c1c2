// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"log/slog"

	"github.com/tepui/tepui/master/core"
)

// logNote logs what the core noted.
func (m *Master) logNote(n *core.Note) {
	level := slog.LevelDebug
	switch n.Level {
	case core.Info:
		level = slog.LevelInfo
	case core.Warn:
		level = slog.LevelWarn
	case core.Debug:
	}
	ctx := context.Background()
	if !m.log.Enabled(ctx, level) {
		return
	}
	var attrs []slog.Attr
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("framework_id", string(n.Framework))
	add("agent_id", string(n.Agent))
	add("task_id", string(n.Task))
	add("executor_id", string(n.Executor))
	add("offer_id", string(n.Offer))
	add("detail", n.Detail)
	m.log.LogAttrs(ctx, level, n.Event, attrs...)
}
