// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"strings"
	"testing"

	"github.com/tepui/tepui/fetcher"
)

func TestRedact(t *testing.T) {
	for uri, want := range map[string]string{
		"/a/path?with#all":                         "/a/path?with#all",
		"relative@home":                            "relative@home",
		" http://host/f":                           "http://host/f",
		"http://host":                              "http://host",
		"http://host/f@v1":                         "http://host/f@v1",
		"http://u:p@host:80/f":                     "http://xxxxx@host:80/f",
		"http://token@host/f":                      "http://xxxxx@host/f",
		"http://a@b@host/f":                        "http://xxxxx@host/f",
		"https://host/f?X-Signature=p":             "https://host/f?...",
		"https://host/f#p":                         "https://host/f",
		"https://host?p":                           "https://host?...",
		"ftp://u:p@host/f":                         "ftp://xxxxx@host/f",
		"http://u:p/q@host/f":                      "http://xxxxx@host/f", // not a URL: the slash
		"http://u:p q@host/f":                      "http://xxxxx@host/f",
		"http://u:%zz@host/f":                      "http://xxxxx@host/f",
		"http://u:p?q@host/%zz?token=t#p":          "http://xxxxx@host/%zz?...",
		"http://host/%zz?token=t":                  "http://host/%zz?...",
		"http://host/%zz#p":                        "http://host/%zz",
		"http://host/\xff":                         "http://host/\uFFFD",
		"git::https://u:p@host/f":                  "git::https://xxxxx@host/f",
		strings.Repeat("x", 600):                   strings.Repeat("x", 512) + "...",
		"http://u:p@h/" + strings.Repeat("x", 600): "http://xxxxx@h/" + strings.Repeat("x", 497) + "...",
	} {
		if got := fetcher.Redact(uri); got != want {
			t.Errorf("%q is shown as %q, want %q", uri, got, want)
		}
	}
}

// What package url says of what it cannot parse quotes pieces of it.
func TestNoPieceOfAPassword(t *testing.T) {
	for _, uri := range []string{
		"http://user:hunter/2@host/x", "http://user:hunter%zz@host/x", "http://user:hunter 2@host/x", "http://user:[hunter@host/x",
		"http://user:1/%zhunter@host/x", "file://user:hunter/2@host/x", "http://host/%zz?hunter", "http://host:port/x#hunter",
	} {
		w := newWorld(t)
		e := w.mustRefuse(failure{step: fetcher.StepRequest, text: "not a URL: "}, w.request(fetcher.URI{Value: uri}))
		if strings.Contains(e.Error(), "hunter") {
			t.Errorf("%s: %v", uri, e)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("http://", "host/f?q")
	f.Add("x", "@host")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "hunter2hunter2"
		uri := "https://" + before + ":" + secret + "@host/" + after
		if strings.ContainsAny(before, "/?#@:%[]\\ ") || strings.Contains(after, secret) {
			t.Skip("the user name ends the authority, or the secret is elsewhere too")
		}
		if got := fetcher.Redact(uri); strings.Contains(got, secret) {
			t.Errorf("%q is shown as %q", uri, got)
		}
	})
}
