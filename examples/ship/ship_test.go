// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package ship

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServer(t *testing.T) {
	s, err := Serve(t.Context(), "", "127.0.0.1:5050")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	uri := s.Add("some.tgz", []byte("content"))
	if !strings.HasPrefix(uri, "http://127.0.0.1:") || !strings.HasSuffix(uri, "/some.tgz") {
		t.Errorf("URI %q: want one of the address towards the master", uri)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for url, want := range map[string]struct {
		status int
		body   string
	}{uri: {200, "content"}, uri + ".other": {404, "404 page not found\n"}} {
		answer, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if answer.Body.Close() != nil || err != nil || answer.StatusCode != want.status || string(body) != want.body {
			t.Errorf("GET %s: %d %q, %v; want %d %q", url, answer.StatusCode, body, err, want.status, want.body)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	for _, bad := range []struct{ ip, master string }{{"192.0.2.1", "127.0.0.1:5050"}, {"", "nowhere"}} {
		if s, err := Serve(t.Context(), bad.ip, bad.master); err == nil {
			s.Close()
			t.Errorf("Serve on %q towards %q: no error", bad.ip, bad.master)
		}
	}
}

func TestTgz(t *testing.T) {
	data, err := Tgz("program", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	h, err := r.Next()
	if err != nil || h.Name != "program" || h.Mode != 0o755 {
		t.Fatalf("first entry %+v, %v", h, err)
	}
	if body, err := io.ReadAll(r); err != nil || string(body) != "content" {
		t.Errorf("content %q, %v", body, err)
	}
	if h, err := r.Next(); err != io.EOF {
		t.Errorf("second entry %+v, %v", h, err)
	}
}

func TestMyself(t *testing.T) {
	self, err := Myself()
	if err != nil || !bytes.HasPrefix(self, []byte("\x7fELF")) {
		t.Errorf("this program begins with %.4q, %v", self, err)
	}
}
