// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"fmt"
	"strconv"
	"strings"
)

// flatKeyed is the content of a cgroup file in the kernel's "flat keyed" form,
// such as memory.events, cgroup.events and cpu.stat: a name and a number a line.
type flatKeyed map[string]uint64

// parseFlatKeyed reads such a file. It refuses a line of another form rather
// than to guess at the meaning of a count.
func parseFlatKeyed(text string) (flatKeyed, error) {
	m := make(flatKeyed)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		key, value, ok := strings.Cut(line, " ")
		n, err := strconv.ParseUint(value, 10, 64)
		if !ok || key == "" || err != nil {
			return nil, fmt.Errorf("line %q is not a name and a number", line)
		}
		m[key] = n
	}
	return m, nil
}

// readFlat reads and parses file.
func (g *group) readFlat(file string) (flatKeyed, error) {
	text, err := g.read(file)
	if err != nil {
		return nil, err
	}
	m, err := parseFlatKeyed(text)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", g.path, file, err)
	}
	return m, nil
}
