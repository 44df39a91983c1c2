// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// candidate is one way to do the same work. once does it one time and tells
// how long the part that counts took.
type candidate struct {
	name string
	once func() (time.Duration, error)
}

// sample holds a candidate's durations, sorted.
type sample struct {
	name string
	took []time.Duration
}

// quantile is the value below which a share q of the durations lie.
func (s sample) quantile(q float64) time.Duration {
	return s.took[min(int(q*float64(len(s.took))), len(s.took)-1)]
}

// measure runs the candidates in turn, A B C A B C …, so that a machine whose
// speed drifts slows them all, after one round that does not count.
func measure(rounds int, candidates []candidate) ([]sample, error) {
	out := make([]sample, len(candidates))
	for round := range rounds + 1 {
		for i, c := range candidates {
			d, err := c.once()
			if err != nil {
				return nil, fmt.Errorf("bench: %s, round %d: %w", c.name, round, err)
			}
			out[i].name = c.name
			if round > 0 {
				out[i].took = append(out[i].took, d)
			}
		}
	}
	for _, s := range out {
		slices.Sort(s.took)
	}
	return out, nil
}

// table prints the samples, each beside the ratio of its median to the first's.
func table(w io.Writer, samples []sample) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tmin\tmedian\tp95\tratio to the first\t")
	floor := samples[0].quantile(0.5)
	for _, s := range samples {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%.2f\t\n", s.name, ms(s.took[0]), ms(s.quantile(0.5)), ms(s.quantile(0.95)),
			float64(s.quantile(0.5))/float64(floor))
	}
	return tw.Flush()
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
