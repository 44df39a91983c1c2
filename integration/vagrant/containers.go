// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Container is what the kernel of an agent says of one container: a child of
// the cgroup that systemd has delegated to the agent.
type Container struct {
	ID        string            // name of the cgroup
	Files     map[string]string // contents of the limit files, such as "memory.max"
	Processes []Process         // in the order of their PIDs
}

// Process is a process in a container.
type Process struct {
	PID     int    // as the machine's root namespace counts
	Command string // the arguments, joined by spaces
}

// Runs reports whether one of the container's processes has text in its command.
func (c Container) Runs(text string) bool {
	return c.Find(text) != 0
}

// Find returns the highest PID of the processes with text in their command, 0
// if there is none. The highest is the command itself rather than the init
// that has it in its arguments.
func (c Container) Find(text string) int {
	pid := 0
	for _, p := range c.Processes {
		if strings.Contains(p.Command, text) {
			pid = max(pid, p.PID)
		}
	}
	return pid
}

// listContainers prints the containers of an agent, a word and its value per
// line. What vanishes meanwhile is left out.
const listContainers = `
cd /sys/fs/cgroup/system.slice/tepui-agent.service 2>/dev/null || exit 0
for dir in */; do
	[ "$dir" != agent/ ] && [ -d "$dir" ] || continue
	echo "container ${dir%/}"
	for file in memory.max memory.swap.max memory.oom.group cpu.weight cpu.max; do
		echo "$file $(cat "$dir$file" 2>/dev/null)"
	done
	find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -n | while read -r pid; do
		echo "process $pid $(tr '\0' ' ' 2>/dev/null < "/proc/$pid/cmdline")"
	done
done`

// Containers lists the containers on an agent, by the cgroup files.
func (m Machine) Containers(ctx context.Context) ([]Container, error) {
	out, err := m.Run(ctx, listContainers)
	if err != nil {
		return nil, err
	}
	return parseContainers(out)
}

// parseContainers reads what listContainers prints.
func parseContainers(text string) ([]Container, error) {
	var list []Container
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		word, value, _ := strings.Cut(lines.Text(), " ")
		if word == "container" {
			list = append(list, Container{ID: value, Files: map[string]string{}})
			continue
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("vagrant: container list: line %q before the first container", lines.Text())
		}
		if err := list[len(list)-1].add(word, value); err != nil {
			return nil, err
		}
	}
	return list, lines.Err()
}

func (c *Container) add(word, value string) error {
	if word != "process" {
		c.Files[word] = value
		return nil
	}
	pid, command, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(pid)
	if err != nil {
		return fmt.Errorf("vagrant: container list: process %q of %s has no PID", value, c.ID)
	}
	c.Processes = append(c.Processes, Process{PID: n, Command: strings.TrimSpace(command)})
	return nil
}
