// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

const (
	memoryMax      = "memory.max"
	memorySwapMax  = "memory.swap.max"
	memoryOOMGroup = "memory.oom.group"
	memoryCurrent  = "memory.current"
	memoryReclaim  = "memory.reclaim" // since Linux 5.19

	unlimited = "max"
)

// prepareMemory gives a new group what does not depend on the size of its
// limit: a container that breaks it dies as a whole, and has no swap to escape to.
func prepareMemory(g *group) error {
	if err := g.set(memoryOOMGroup, "1"); err != nil {
		return err
	}
	err := g.set(memorySwapMax, "0")
	if errors.Is(err, fs.ErrNotExist) && !swapping("/proc/swaps") {
		return nil // a kernel without swap accounting, on a host without swap
	}
	return err
}

// swapping tells whether the host has swap, from a file in the form of
// /proc/swaps: a heading and a line for each area. What cannot be read is
// taken for a yes.
func swapping(path string) bool {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false // a kernel without swap
	}
	return err != nil || strings.Count(string(b), "\n") > 1
}

// setMemory limits the group to that many bytes, 0 for no limit. A limit below
// what the group uses would make the kernel kill it on the spot, so what can
// be reclaimed is reclaimed first, and if that is not enough the old limit stays.
func setMemory(g *group, bytes int64) error {
	want, err := memoryValue(bytes)
	if err != nil {
		return &LimitError{File: g.path + "/" + memoryMax, Want: strconv.FormatInt(bytes, 10), Err: err}
	}
	if want != unlimited {
		if err := shrink(g, bytes); err != nil {
			return err
		}
	}
	return g.set(memoryMax, want)
}

// memoryValue is what memory.max reads back for a limit: the kernel counts in
// whole pages and rounds down.
func memoryValue(bytes int64) (string, error) {
	page := int64(os.Getpagesize())
	switch {
	case bytes == 0:
		return unlimited, nil
	case bytes < page:
		return "", fmt.Errorf("must be 0, for no limit, or at least a page of %d bytes", page)
	}
	return strconv.FormatInt(bytes/page*page, 10), nil
}

// shrink reclaims until the group uses no more than limit.
func shrink(g *group, limit int64) error {
	used, err := g.readInt(memoryCurrent)
	if err != nil || used <= limit {
		return err
	}
	// EAGAIN says that less could be reclaimed; what counts is what is left.
	reclaim := g.write(memoryReclaim, strconv.FormatInt(used-limit, 10))
	if used, err = g.readInt(memoryCurrent); err != nil || used <= limit {
		return err
	}
	return &LimitError{
		File: g.path + "/" + memoryMax,
		Want: strconv.FormatInt(limit, 10),
		Got:  strconv.FormatInt(used, 10) + " bytes in use",
		Err:  cause(reclaim),
	}
}

// readInt reads a file that holds one number; "max" is -1.
func (g *group) readInt(file string) (int64, error) {
	text, err := g.read(file)
	if err != nil {
		return 0, err
	}
	if text == unlimited {
		return -1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s/%s: %q is not a number", g.path, file, text)
	}
	return n, nil
}
