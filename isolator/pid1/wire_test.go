// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func configs() *rapid.Generator[Config] {
	text := rapid.String()
	return rapid.Custom(func(t *rapid.T) Config {
		return Config{
			Args:        rapid.SliceOf(text).Draw(t, "args"),
			Env:         rapid.SliceOf(text).Draw(t, "env"),
			Dir:         text.Draw(t, "dir"),
			Hostname:    text.Draw(t, "hostname"),
			UID:         rapid.Uint32().Draw(t, "uid"),
			GID:         rapid.Uint32().Draw(t, "gid"),
			Groups:      rapid.SliceOf(rapid.Uint32()).Draw(t, "groups"),
			Umask:       rapid.IntRange(-1, 0o777).Draw(t, "umask"),
			NoNewPrivs:  rapid.Bool().Draw(t, "no new privs"),
			OOMScoreAdj: rapid.IntRange(-1000, 1000).Draw(t, "oom score"),
			NewCgroupNS: rapid.Bool().Draw(t, "cgroup namespace"),
			Mounts: rapid.SliceOf(rapid.Custom(func(t *rapid.T) Mount {
				return Mount{
					Type: text.Draw(t, "type"), Source: text.Draw(t, "source"), Target: text.Draw(t, "target"),
					Recursive: rapid.Bool().Draw(t, "recursive"), Set: rapid.Uint64().Draw(t, "set"), Clear: rapid.Uint64().Draw(t, "clear"),
					Options: rapid.SliceOf(text).Draw(t, "options"),
				}
			})).Draw(t, "mounts"),
			Rlimits: rapid.SliceOf(rapid.Custom(func(t *rapid.T) Rlimit {
				return Rlimit{Resource: rapid.IntRange(0, 15).Draw(t, "resource"), Soft: rapid.Uint64().Draw(t, "soft"), Hard: rapid.Uint64().Draw(t, "hard")}
			})).Draw(t, "rlimits"),
		}
	})
}

func TestConfigComesBackAsItWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := configs().Draw(t, "config")
		payload, err := readFrame(bytes.NewReader(want.Marshal()))
		if err != nil {
			t.Fatal(err)
		}
		var got Config
		if err := got.Unmarshal(payload); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// A part of a message is never taken for the whole.
func TestCutOffConfigIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := configs().Draw(t, "config")
		payload := c.Marshal()[4:]
		cut := rapid.IntRange(0, len(payload)-1).Draw(t, "cut")
		var got Config
		if err := got.Unmarshal(payload[:cut]); err == nil {
			t.Errorf("%d of %d bytes are taken as %+v", cut, len(payload), got)
		}
		if err := got.Unmarshal(append(payload, 0)); err == nil {
			t.Errorf("a byte too many is taken as %+v", got)
		}
	})
}

func FuzzConfig(f *testing.F) {
	c := Config{Args: []string{"sh"}, Groups: []uint32{1}, Mounts: []Mount{{Type: "bind"}}, Rlimits: []Rlimit{{Soft: 1 << 63}}, Umask: -1}
	f.Add(c.Marshal()[4:])
	f.Add([]byte{version, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var first, second Config
		if first.Unmarshal(payload) != nil {
			return
		}
		if err := second.Unmarshal(first.Marshal()[4:]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}

func TestReport(t *testing.T) {
	for _, want := range []Report{{}, {Step: StepDir, Object: "/nope", Errno: syscall.ENOENT}, {Step: StepConfig, Object: "text"}} {
		got, err := ReadReport(bytes.NewReader(want.marshal()))
		if err != nil || got != want {
			t.Errorf("%+v comes back as %+v, %v", want, got, err)
		}
	}
	dir := Report{Step: StepDir, Object: "/nope", Errno: syscall.ENOENT}
	if dir.Error() != "/nope: no such file or directory" || !errors.Is(&dir, syscall.ENOENT) {
		t.Errorf("error is %v", &dir)
	}
	if r := (&Report{Step: StepPrivilege, Errno: syscall.EINVAL}); r.Error() != "invalid argument" {
		t.Errorf("error is %v", r)
	}
	if r := (&Report{Step: StepConfig, Object: "text"}); r.Error() != "text" || errors.Unwrap(r) != nil {
		t.Errorf("error is %v", r)
	}
}

func TestReadReportRefuses(t *testing.T) {
	whole := (&Report{Step: StepDir, Object: "/nope", Errno: syscall.ENOENT}).marshal()
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"nothing":        {nil, io.EOF},
		"half a length":  {whole[:2], io.ErrUnexpectedEOF},
		"only a length":  {whole[:4], io.ErrUnexpectedEOF},
		"half a report":  {whole[:len(whole)-1], io.ErrUnexpectedEOF},
		"a giant":        {[]byte{0xff, 0xff, 0xff, 0x7f}, errTruncated},
		"other version":  {frame([]byte{version + 1}), errVersion},
		"bytes too many": {frame(append(whole[4:], 0)), errTruncated},
	} {
		if r, err := ReadReport(bytes.NewReader(c.in)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %+v, %v; want %v", name, r, err, c.want)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add((&Report{Step: StepDir, Object: "/nope", Errno: syscall.ENOENT}).marshal())
	f.Add([]byte("\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ReadReport(bytes.NewReader(in))
		if err == nil && !strings.Contains(string(in), r.Object) {
			t.Errorf("object %q is not in the input", r.Object)
		}
	})
}

func TestExitCode(t *testing.T) {
	for status, want := range map[syscall.WaitStatus]int{0: 0, 7 << 8: 7, 255 << 8: 255, 9: 137, 11 | 0x80: 139, 15: 143} {
		if got := exitCode(status); got != want {
			t.Errorf("status %#x gives %d, want %d", status, got, want)
		}
	}
}

func TestSearchPath(t *testing.T) {
	for want, env := range map[string][]string{
		defaultPath: {"HOME=/", "XPATH=/x"},
		"/b":        {"PATH=/a", "PATH=/b"},
		"":          {"PATH="},
	} {
		c := Config{Env: env}
		if got := c.searchPath(); got != want {
			t.Errorf("%v: got %q, want %q", env, got, want)
		}
	}
}
