// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"time"
)

// Shrink looks for a smaller play that breaks the same rule: without some of the
// agents, the frameworks and the actions. It takes no longer than limit, much, and
// returns the smallest that it has found and its failure.
func Shrink(o Options, f *Failure, limit time.Duration) (Options, *Failure) {
	s := &shrinker{best: o.withDefaults(), failure: f, until: time.Now().Add(limit)}
	s.best.Trace, s.best.Careful = nil, false
	s.best.actions = chosen(s.best.actions, s.best.Steps)
	s.best.agents = chosen(s.best.agents, s.best.Agents)
	s.best.frameworks = chosen(s.best.frameworks, s.best.Frameworks)
	s.truncate()
	for before := -1; before != s.size() && time.Now().Before(s.until); {
		before = s.size()
		s.reduce(func(o *Options) *[]int { return &o.frameworks })
		s.reduce(func(o *Options) *[]int { return &o.agents })
		s.reduce(func(o *Options) *[]int { return &o.actions })
	}
	return s.best, s.failure
}

// Kept tells how many actions, agents and frameworks are left in.
func (o Options) Kept() (actions, agents, frameworks int) {
	return len(chosen(o.actions, o.Steps)), len(chosen(o.agents, o.Agents)), len(chosen(o.frameworks, o.Frameworks))
}

type shrinker struct {
	best    Options
	failure *Failure
	until   time.Time
}

func (s *shrinker) size() int {
	return len(s.best.actions) + len(s.best.agents) + len(s.best.frameworks)
}

// try plays a smaller world, and keeps it if it fails in the same way.
func (s *shrinker) try(o Options) bool {
	r := Play(o)
	if r.Failure == nil || r.Failure.Rule != s.failure.Rule {
		return false
	}
	s.best, s.failure = o, r.Failure
	s.truncate()
	return true
}

// truncate leaves out the actions after the failure: they were not played.
func (s *shrinker) truncate() {
	s.best.actions = slices.DeleteFunc(slices.Clone(s.best.actions), func(i int) bool { return i > s.failure.Step })
}

// reduce leaves out parts of one list, large ones first, as long as it fails.
func (s *shrinker) reduce(list func(*Options) *[]int) {
	for size := len(*list(&s.best)); size > 0; size /= 2 {
		for at := 0; at < len(*list(&s.best)); {
			if time.Now().After(s.until) {
				return
			}
			all := *list(&s.best)
			o := s.best
			*list(&o) = append(append([]int{}, all[:at]...), all[min(at+size, len(all)):]...) // never nil, which is all
			if !s.try(o) {
				at += size
			}
		}
	}
}
