// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/master/registry"
	"github.com/tepui/tepui/master/registry/registrytest"
)

// victimVariable makes the test's program a master that writes into the registry
// that it names until it is killed.
const victimVariable = "TEPUI_REGISTRY_VICTIM"

// victim writes pairs of records, and tells the number of each pair once it is
// durable.
func victim(path string) {
	r, err := registry.Open(path)
	for n := 1; err == nil; n++ {
		err = r.Persist([]core.Record{
			registrytest.Weight("one", float64(n)), registrytest.Weight("two", float64(n)),
			registrytest.Weight("pad", float64(n)), registrytest.Weight(strings.Repeat("x", n%5000+1), 1),
		})
		if err == nil {
			fmt.Println(n)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestWhatWasPersistedSurvivesKillMinus9(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "registry.db")
	for round := range 10 {
		told := killedAfter(t, path, 1+round*7)
		records, err := load(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		one, two := weightOf(records, "one"), weightOf(records, "two")
		if one != two || int(one) < told {
			t.Fatalf("round %d: %v and %v are there, and %d were told to be durable", round, one, two, told)
		}
	}
}

// killedAfter runs a victim until it has told of so many pairs, kills it, and
// returns the last that it told of.
func killedAfter(t *testing.T, path string, pairs int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told, lines := 0, bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if told, err = strconv.Atoi(lines.Text()); err != nil {
			t.Error(err)
		}
		if n == pairs {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the victim ended by itself: %v", err)
	}
	return told
}

func weightOf(records []core.Record, role string) float64 {
	for _, r := range records {
		if r.Kind == core.RecordWeight && r.Key == role {
			return value(r)
		}
	}
	return 0
}

// commits returns the file as it was after each of some commits, and what was in
// it then.
func commits(t *testing.T) (files [][]byte, contents [][]core.Record) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "registry.db")
	r := open(t, path)
	for n := range 12 {
		var batch []core.Record
		for i := range 10 {
			batch = append(batch, registrytest.Weight(fmt.Sprintf("role-%d-%d", n, i), float64(n)))
		}
		batch = append(batch, registrytest.Weight("last", float64(n)))
		if n > 3 {
			batch = append(batch, core.Record{Kind: core.RecordWeight, Key: fmt.Sprintf("role-%d-1", n-3)})
		}
		persist(t, r, batch...)
		records, err := r.Load()
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files, contents = append(files, b), append(contents, records)
	}
	closed(t, r)
	return files, contents
}

// A commit writes its pages, waits for them to be on disk, and then writes one of
// the two roots. Power may go between any two of these writes, and in the middle
// of one; writes between two waits reach the disk in any order.
func TestATornCommitIsAllOrNothing(t *testing.T) {
	files, contents := commits(t)
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "registry.db")
	for n := 1; n < len(files); n++ {
		before, after := files[n-1], files[n]
		pages := differing(before, after)
		for range 8 {
			torn := bytes.Clone(before)
			torn = append(torn, make([]byte, len(after)-len(before))...)
			for _, at := range pages {
				if at >= 2*page && random.IntN(2) == 0 {
					copy(torn[at:at+1+random.IntN(page)], after[at:])
				}
			}
			check(t, path, fmt.Sprintf("commit %d, pages torn", n), torn, contents[n-1])
			torn = append(bytes.Clone(after[:0]), after...)
			root := rootOf(pages)
			copy(torn[root:], before[root:root+page])
			copy(torn[root:root+random.IntN(64)], after[root:])
			check(t, path, fmt.Sprintf("commit %d, root torn", n), torn, contents[n-1], contents[n])
		}
	}
}

const page = 4096

// differing returns where the pages begin that are not the same.
func differing(a, b []byte) (at []int) {
	for i := 0; i < len(b); i += page {
		if i >= len(a) || !bytes.Equal(a[i:i+page], b[i:i+page]) {
			at = append(at, i)
		}
	}
	return at
}

// rootOf returns which of the two roots, the first pages, is among them.
func rootOf(pages []int) int { return pages[0] }

func TestATruncatedFileIsWholeOrRefused(t *testing.T) {
	files, contents := commits(t)
	path := filepath.Join(t.TempDir(), "registry.db")
	refused := 0
	for n, file := range files {
		for size := 0; size < len(file); size += page + 13*n {
			if !check(t, path, fmt.Sprintf("commit %d, %d bytes of %d", n, size, len(file)), file[:size], contents[n]) {
				refused++
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// A bit that turns in the root looks like a root that was not written, so the
// state before the last commit is what may be found then.
func TestADamagedFileIsWholeOrRefused(t *testing.T) {
	files, contents := commits(t)
	last := len(files) - 1
	path := filepath.Join(t.TempDir(), "registry.db")
	refused := 0
	for at := 0; at < len(files[last]); at += 211 {
		damaged := bytes.Clone(files[last])
		damaged[at] ^= 1 << (at % 8)
		if !check(t, path, fmt.Sprintf("byte %d turned", at), damaged, contents[last], contents[last-1]) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// check tells whether the file can be opened. If so, it must have one of the
// contents, and take more; if not, the error must be one that helps.
func check(t *testing.T, path, what string, file []byte, contents ...[]core.Record) bool {
	t.Helper()
	write(t, path, file)
	records, err := load(path)
	if err != nil {
		if !errors.Is(err, registry.ErrDamaged) && !errors.Is(err, registry.ErrNewer) || !strings.Contains(err.Error(), "move") {
			t.Fatalf("%s: error %v", what, err)
		}
		return false
	}
	for _, want := range contents {
		if registrytest.Same(want, records) == "" {
			return true
		}
	}
	t.Fatalf("%s: %d records are there that never were so", what, len(records))
	return false
}
