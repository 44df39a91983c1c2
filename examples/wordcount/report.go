// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"strings"
	"text/tabwriter"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

func progress(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, format+"\n", args...)
}

// words makes TASK_RUNNING into running.
func words(state mesos.TaskState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "TASK_"))
}

// because tells why a task is in its state, where there is something to tell.
func because(status *mesos.TaskStatus) string {
	if status.GetMessage() == "" {
		return ""
	}
	return ": " + status.GetMessage()
}

func printTop(w io.Writer, total counts, top int) {
	fmt.Fprintf(w, "\nThe most frequent words\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i, e := range total.sorted() {
		if i == top {
			break
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t\n", i+1, thousands(e.n), e.word)
	}
	_ = t.Flush() // as w's, which is the terminal
}

func printTasks(w io.Writer, shards []*shard) {
	fmt.Fprintf(w, "\nWhat each task used\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "  TASK\tAGENT\tCONTAINER\t%12s\t%12s\t%12s\n", "CPU", "MEMORY PEAK", "WORDS")
	for _, s := range shards {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%12s\t%12s\t%12s\n",
			s.task, s.agent, s.used.container, s.used.cpuText(), s.used.peakText(), thousands(s.result.sum()))
	}
	_ = t.Flush() // as w's, which is the terminal
	fmt.Fprintln(w)
}

func (u usage) cpuText() string {
	if !u.measured {
		return "unknown"
	}
	return fmt.Sprintf("%.3f s", u.cpu)
}

func (u usage) peakText() string {
	if u.peak == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f MB", float64(u.peak)/(1<<20))
}

// verdict compares the sum of the shards with the sequential count.
func verdict(w io.Writer, total, expected counts, sequential time.Duration) error {
	if !maps.Equal(total, expected) {
		return fmt.Errorf("the counts differ: %s words (%s different ones) from the tasks, %s (%s) counted here",
			thousands(total.sum()), thousands(len(total)), thousands(expected.sum()), thousands(len(expected)))
	}
	fmt.Fprintf(w, "%s words, %s different ones: the same as counted here, in one piece, in %.2f s.\n",
		thousands(total.sum()), thousands(len(total)), sequential.Seconds())
	return nil
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	return out.String()
}
