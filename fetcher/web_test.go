// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/fetcher"
)

// serve starts a server that answers everything with h.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// A URI reaches its server byte for byte, whatever libraries on the way make
// of it.
func TestURIsArriveVerbatim(t *testing.T) {
	for _, path := range []string{
		"/f?checksum=sha256:abc&archive=tgz&filename=other",
		"/a//b//f",
		"/f?",
		"/f?b=2&a=1&a=%20+&c=%zz",
		"/f?a=http://x//y",
		"/a%2Fb%20c/f?x;y",
		"/git::ssh/f?terraform-get=1",
		"/~u/(f)!*,;=:@&$+/f",
	} {
		t.Run(path, func(t *testing.T) {
			var got []string
			s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Method+" "+r.RequestURI) })
			w := newWorld(t)
			w.fetch(fetcher.URI{Value: s.URL + path})
			if diff := cmp.Diff([]string{"GET " + path}, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			w.wantTree("-rw-r--r-- f = ")
		})
	}
}

// The request says nothing but what it has to.
func TestRequestHeader(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var got http.Header
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	w := newWorld(t)
	w.fetch(fetcher.URI{Value: s.URL + "/f"})
	if diff := cmp.Diff(http.Header{"User-Agent": {"tepui-fetcher"}}, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestCredentialsAreSentButNotShown(t *testing.T) {
	var got string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		w.WriteHeader(http.StatusForbidden)
	})
	w := newWorld(t)
	uri := strings.Replace(s.URL, "://", "://somebody:secret@", 1) + "/f.tgz?token=hush#part"
	e := w.mustRefuse(failure{step: "status 403", text: "/f.tgz?...: status 403: Forbidden"}, w.request(fetcher.URI{Value: uri}))
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("somebody:secret")); got != want {
		t.Errorf("Authorization %q, want %q", got, want)
	}
	for _, secret := range []string{"somebody", "secret", "token", "hush"} {
		if strings.Contains(e.Error(), secret) {
			t.Errorf("the error %q shows %q", e, secret)
		}
	}
}

func TestStatus(t *testing.T) {
	tests := map[int]string{
		201: "only 200", 204: "only 200", 206: "only 200", 304: "only 200", 400: "only 200",
		401: "other credentials", 404: "no such file", 410: "no such file", 429: "again later", 500: "again later", 503: "again later",
	}
	for code, text := range tests {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
			w := newWorld(t)
			w.mustRefuse(failure{step: fmt.Sprintf("status %d", code), text: text}, w.request(fetcher.URI{Value: s.URL + "/f"}))
		})
	}
}

func TestRedirects(t *testing.T) {
	var referers []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		referers = append(referers, r.Header.Get("Referer"))
		if n, err := strconv.Atoi(r.URL.Path[1:]); err == nil && n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d?token=hush", n-1), http.StatusFound)
		}
	})
	t.Run("followed", func(t *testing.T) {
		w := newWorld(t)
		w.fetch(fetcher.URI{Value: s.URL + "/10"})
		w.wantTree("-rw-r--r-- 10 = ") // named by the URI, not by where it led
		if got := strings.Join(referers, ""); got != "" {
			t.Errorf("the servers were told where we came from: %q", got)
		}
	})
	over := failure{step: fetcher.StepRedirect, limit: "Redirects"}
	for name, test := range map[string]struct {
		path   string
		limits fetcher.Limits
		text   string
	}{
		"too many": {"/11", fetcher.Limits{}, "10 redirects"},
		"loop":     {"/1000000", fetcher.Limits{Redirects: 3}, "3 redirects"},
		"none":     {"/1", fetcher.Limits{Redirects: -1}, "0 redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.request(fetcher.URI{Value: s.URL + test.path})
			r.Limits = test.limits
			over.text = test.text
			w.mustRefuse(over, r)
		})
	}
}

func TestRedirectsToElsewhere(t *testing.T) {
	for target, want := range map[string]failure{
		"file:///etc/passwd":     {step: fetcher.StepRedirect, text: "file:///etc/passwd; only http and https"},
		"ftp://u:secret@host/x":  {step: fetcher.StepRedirect, text: "ftp://xxxxx@host/x; only http and https"},
		"gopher://127.0.0.1/":    {step: fetcher.StepRedirect, text: "only http and https"},
		"http://u:secret@[::1/x": {step: fetcher.StepRedirect, text: "redirects to what is not a URL"},
		"http://":                {step: fetcher.StepRedirect, text: "names no host"},
		"":                       {step: "status 302", text: "Found"},
	} {
		t.Run(target, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", target)
				w.WriteHeader(http.StatusFound)
			})
			w := newWorld(t)
			e := w.mustRefuse(want, w.request(fetcher.URI{Value: s.URL + "/f"}))
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("the error shows a password: %q", e)
			}
		})
	}
}

// raw starts a server that writes text to whoever connects, and then hangs up
// or, if linger, waits for the client to do so.
func raw(t *testing.T, text string, linger bool) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(text)); err == nil && linger {
			_, _ = conn.Read(make([]byte, 1))
		}
	}).URL + "/f.tgz"
}

func TestHostileServers(t *testing.T) {
	soon := fetcher.Limits{Stall: 50 * time.Millisecond}
	small := fetcher.Limits{Bytes: 1000}
	tests := map[string]struct {
		answer string
		linger bool
		limits fetcher.Limits
		want   failure
	}{
		"hangs up": {want: failure{step: fetcher.StepOpen, text: "no answer"}},
		"not http": {answer: "SSH-2.0-OpenSSH\r\n", want: failure{step: fetcher.StepOpen, text: "malformed"}},
		"endless header": {
			answer: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20),
			want:   failure{step: fetcher.StepOpen, text: "header"},
		},
		"content shorter than announced": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
			want:   failure{step: fetcher.StepDownload, text: "unexpected EOF"},
		},
		"content length is no number": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
			want:   failure{step: fetcher.StepOpen, text: "Content-Length"},
		},
		"announces too much": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", linger: true, limits: small,
			want: failure{step: fetcher.StepDownload, text: "1000 bytes", limit: "Bytes"},
		},
		"announces an absurd amount": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", linger: true,
			want: failure{step: fetcher.StepDownload, text: "8589934592 bytes", limit: "Bytes"},
		},
		"sends too much without announcing": {
			answer: "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1001), linger: true, limits: small,
			want: failure{step: fetcher.StepDownload, text: "1000 bytes", limit: "Bytes"},
		},
		"chunk cut": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
			want:   failure{step: fetcher.StepDownload, text: "unexpected EOF"},
		},
		"no last chunk": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n",
			want:   failure{step: fetcher.StepDownload, text: "unexpected EOF"},
		},
		"bad chunk": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
			want:   failure{step: fetcher.StepDownload, text: "chunk"},
		},
		"says nothing": {linger: true, limits: soon, want: failure{step: fetcher.StepOpen, text: "50ms without a byte", limit: "Stall"}},
		"stops in the header": {
			answer: "HTTP/1.1 200 OK\r\nX: y", linger: true, limits: soon,
			want: failure{step: fetcher.StepOpen, text: "50ms without a byte", limit: "Stall"},
		},
		"stops in the body": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", linger: true, limits: soon,
			want: failure{step: fetcher.StepDownload, text: "50ms without a byte", limit: "Stall"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.request(fetcher.URI{Value: raw(t, test.answer, test.linger), Extract: true})
			r.Limits = test.limits
			w.mustRefuse(test.want, r)
		})
	}
}

func TestEndlessBody(t *testing.T) {
	sent := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			n, err := w.Write(make([]byte, 64<<10))
			if sent += n; err != nil {
				return
			}
		}
	})
	w := newWorld(t)
	r := w.request(fetcher.URI{Value: s.URL + "/f"})
	r.Limits.Bytes = 1 << 20
	w.mustRefuse(failure{step: fetcher.StepDownload, text: "1048576 bytes", limit: "Bytes"}, r)
	s.Close()
	if sent > 64<<20 {
		t.Errorf("%d bytes were sent for a limit of 1 MiB", sent)
	}
}

// A server that sends a byte now and then does not stall, but has an end.
func TestSlowBody(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte("x")); err != nil || c.Flush() != nil {
				return
			}
			pause(r)
		}
	})
	w := newWorld(t)
	r := w.request(fetcher.URI{Value: s.URL + "/f"})
	r.Limits = fetcher.Limits{Time: 300 * time.Millisecond, Stall: 200 * time.Millisecond}
	w.mustRefuse(failure{step: fetcher.StepDownload, text: "300ms", limit: "Time"}, r)
}

// An answer that is packed for the transport alone is not unpacked: what comes
// is what is counted.
func TestContentEncodingIsLeft(t *testing.T) {
	packed := gz(t, []byte("hello"))
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed)
	})
	w := newWorld(t)
	w.fetch(fetcher.URI{Value: s.URL + "/f.gz"})
	got, err := os.ReadFile(filepath.Join(w.sandbox, "f.gz"))
	if err != nil || string(got) != string(packed) {
		t.Errorf("got %q (%v), want %q", got, err, packed)
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	w := newWorld(t)
	w.mustRefuse(failure{step: fetcher.StepConnect, text: "connection refused"},
		w.request(fetcher.URI{Value: "http://" + l.Addr().String() + "/f"}))
	w.mustRefuse(failure{step: fetcher.StepResolve, text: "check the host's name"},
		w.request(fetcher.URI{Value: "http://nobody.invalid/f"}))
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, "http://127.0.0.1:1/f", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte("safe"))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	w := newWorld(t)
	ca := w.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), 0o644)

	w.mustRefuse(failure{step: fetcher.StepConnect, text: "certificate"}, w.request(fetcher.URI{Value: s.URL + "/f"}))

	r := w.request(fetcher.URI{Value: s.URL + "/down"})
	r.CAFile = ca
	w.mustRefuse(failure{step: fetcher.StepRedirect, text: "from https to the unprotected http://127.0.0.1:1/f"}, r)

	r.URIs[0].Value = s.URL + "/f"
	if err := fetcher.Fetch(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.wantTree("-rw-r--r-- f = safe")
}

func TestProxy(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s as %s", r.RequestURI, r.Header.Get("Proxy-Authorization"))
	})
	proxy, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy.User = url.UserPassword("p", "w")
	w := newWorld(t)
	r := w.request(fetcher.URI{Value: "http://nobody.invalid/f?a=b"})
	r.Proxy = proxy.String()
	if err := fetcher.Fetch(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(w.sandbox, "f"))
	if want := "http://nobody.invalid/f?a=b as Basic cDp3"; err != nil || string(got) != want {
		t.Errorf("the proxy was asked for %q (%v), want %q", got, err, want)
	}
}

// pause waits a little, or until the client is gone.
func pause(r *http.Request) {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-r.Context().Done():
	}
}
