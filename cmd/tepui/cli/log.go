// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/pflag"
)

// logFlags say what a daemon logs, on standard error.
type logFlags struct {
	level  string
	format string
}

func (f *logFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.level, "log_level", "info", "least to log: debug, info, warn or error")
	set.StringVar(&f.format, "log_format", "text", "form of log lines: text or json")
}

func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, usageError{fmt.Errorf("--log_level %q: must be debug, info, warn or error", f.level)}
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: shortTime}
	switch f.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), nil
	}
	return nil, usageError{fmt.Errorf("--log_format %q: must be text or json", f.format)}
}

// shortTime writes the time of a text line to the millisecond, as a person
// wants it.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, a.Value.Time().Format("2006-01-02T15:04:05.000Z07:00"))
	}
	return a
}
