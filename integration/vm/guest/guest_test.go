// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/vm/proto"
)

func TestParameter(t *testing.T) {
	const line = "console=ttyS0 quiet vm.init=systemd panic=-1\n"
	if v, ok := parameter(line, "vm.init"); v != "systemd" || !ok {
		t.Errorf("got %q, %t", v, ok)
	}
	if v, ok := parameter(line, "init"); ok {
		t.Errorf("the end of another name was found: %q", v)
	}
}

func TestPartsRunOnlyInTheVM(t *testing.T) {
	for _, args := range [][]string{{"init"}, {"x", "init"}, {"x", "dance"}} {
		if err := Main(args); err == nil || !strings.Contains(err.Error(), "test VM") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestFindPort(t *testing.T) {
	dir := t.TempDir()
	for port, name := range map[string]string{"vport1p0": "other", "vport1p1": PortName} {
		if err := os.MkdirAll(filepath.Join(dir, port), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, port, "name"), []byte(name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if dev, err := findPort(dir, PortName); dev != "/dev/vport1p1" || err != nil {
		t.Errorf("got %q, %v", dev, err)
	}
	if _, err := findPort(dir, "none"); err == nil || !strings.Contains(err.Error(), `"none" among 2`) {
		t.Errorf("got %v", err)
	}
}

func TestUnifiedGroup(t *testing.T) {
	if path, ok := unifiedGroup("1:cpu:/a\n0::/system.slice/x.service\n"); path != "/system.slice/x.service" || !ok {
		t.Errorf("got %q, %t", path, ok)
	}
	if _, ok := unifiedGroup("1:cpu:/a\n"); ok {
		t.Error("a v1 line was taken for v2")
	}
}

func TestUnitIsInstalled(t *testing.T) {
	root := t.TempDir()
	if err := installUnit(root); err != nil {
		t.Fatal(err)
	}
	etc := filepath.Join(root, "etc/systemd/system")
	b, err := os.ReadFile(filepath.Join(etc, "multi-user.target.wants", unitName)) // through the link
	if err != nil || !strings.Contains(string(b), "Delegate=yes") {
		t.Errorf("the unit: %q, %v", b, err)
	}
	if to, err := os.Readlink(filepath.Join(etc, "apt-daily.timer")); to != "/dev/null" || err != nil {
		t.Errorf("a masked unit links to %q, %v", to, err)
	}
}

func TestArchiveHasWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"file": "F", "dir/a": "A", "dir/sub/b": "B"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "dir/link")); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err := writeArchive(&b, []string{filepath.Join(dir, "none"), filepath.Join(dir, "file"), filepath.Join(dir, "dir")})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for tr := tar.NewReader(&b); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = string(text)
	}
	if d := cmp.Diff(map[string]string{"1": "F", "2/a": "A", "2/sub/b": "B"}, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if err := writeArchive(&b, nil); err != nil || b.Len() != 0 {
		t.Errorf("without paths %d bytes were written, %v", b.Len(), err)
	}
}

// ask runs one request with a server on this machine and returns what it sends.
func ask(t *testing.T, req proto.Request, frames <-chan proto.Frame) (stdout string, res proto.Result) {
	t.Helper()
	var wire bytes.Buffer
	conn := proto.NewConn(&wire)
	if err := conn.SendJSON(proto.Run, req); err != nil {
		t.Fatal(err)
	}
	f, err := conn.Receive()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{conn: conn, frames: frames, console: io.Discard}
	if err := s.run(f); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for {
		f, err := conn.Receive()
		if err != nil {
			t.Fatalf("no result: %v", err)
		}
		switch f.Kind {
		case proto.Stdout:
			out.Write(f.Payload)
		case proto.Done:
			if err := f.Decode(&res); err != nil {
				t.Fatal(err)
			}
			return out.String(), res
		}
	}
}

func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made/before")
	out, res := ask(t, proto.Request{
		Args: []string{"sh", "-c", `cat; echo " $A"; pwd; exit 7`}, Env: []string{"A=b"},
		Mkdir: []string{dir}, Dir: dir, Input: []byte("in"),
	}, nil)
	if out != "in b\n"+dir+"\n" || res.Code != 7 || res.Error != "" || res.MaxRSS == 0 {
		t.Errorf("printed %q, result %+v", out, res)
	}
	if _, res := ask(t, proto.Request{Args: []string{"/no/such/program"}}, nil); res.Code != -1 || !strings.Contains(res.Error, "/no/such/program") {
		t.Errorf("a program that is not there: %+v", res)
	}
	if _, res := ask(t, proto.Request{}, nil); res.Error == "" {
		t.Errorf("no program: %+v", res)
	}
}

func TestRunPassesSignalsAndKillsWhenTheHostGoes(t *testing.T) {
	for name, c := range map[string]struct {
		frame proto.Frame
		want  int
	}{
		"signal":       {proto.Frame{Kind: proto.Signal, Payload: []byte{15}}, 15},
		"host is gone": {gone, 9},
	} {
		t.Run(name, func(t *testing.T) {
			frames := make(chan proto.Frame, 1)
			frames <- c.frame
			if _, res := ask(t, proto.Request{Args: []string{"sleep", "1000"}}, frames); res.Signal != c.want || res.Code != -1 {
				t.Errorf("result %+v, want signal %d", res, c.want)
			}
		})
	}
}
