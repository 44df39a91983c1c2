// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
)

// maxHeader is how many bytes the header of an answer may have.
const maxHeader = 64 << 10

// webSource opens http and https URLs. It knows nothing of the environment:
// no proxy, no certificates, no netrc but what the request brought. It follows
// redirects itself, because an http.Client tells the next server the address
// of the last, and shows whole addresses, secrets included, in its errors.
type webSource struct {
	limits    Limits
	transport *http.Transport
}

func newWebSource(r Request, l Limits) (*webSource, error) {
	proxy, err := proxyOf(r.Proxy)
	if err != nil {
		return nil, err
	}
	roots, err := rootsOf(r.CAFile)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:                  proxy,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4,
		MaxResponseHeaderBytes: maxHeader,
		// The bytes as they are stored: an archive is unpacked by us, within
		// limits, and never by the transport.
		DisableCompression: true,
	}
	return &webSource{limits: l, transport: transport}, nil
}

func (w *webSource) close() { w.transport.CloseIdleConnections() }

func proxyOf(proxy string) (func(*http.Request) (*url.URL, error), error) {
	if proxy == "" {
		return nil, nil
	}
	u, err := webURL(proxy)
	if err == nil && u.Scheme != schemeHTTP && u.Scheme != schemeHTTPS {
		err = errors.New("it must start with http:// or https://")
	}
	if err != nil {
		return nil, fmt.Errorf("the proxy %s cannot be used: %w", redact(proxy), err)
	}
	return http.ProxyURL(u), nil
}

// rootsOf returns nil, which means the system's, for an empty path.
func rootsOf(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the file %s has no certificate in PEM form", path)
	}
	return pool, nil
}

// open asks for t, follows redirects, and returns the body of an answer 200.
func (w *webSource) open(ctx context.Context, t target) (stream, error) {
	for u, n := t.url, 0; ; n++ {
		resp, err := w.get(ctx, u)
		if err != nil {
			return stream{}, explain(err)
		}
		if resp.StatusCode == http.StatusOK {
			return stream{body: resp.Body, size: resp.ContentLength}, nil
		}
		_ = resp.Body.Close() // not wanted
		location := resp.Header.Get("Location")
		if location == "" || !redirects(resp.StatusCode) {
			return stream{}, badStatus(resp)
		}
		if n >= w.limits.Redirects {
			return stream{}, at(StepRedirect, w.limits.overRedirects())
		}
		if u, err = follow(u, location); err != nil {
			return stream{}, at(StepRedirect, err)
		}
	}
}

// get sends one request, which says nothing of where we come from or go to.
func (w *webSource) get(ctx context.Context, u *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host = u, u.Host // as it is: not printed and parsed again
	req.Header.Set("User-Agent", "tepui-fetcher")
	if u.User != nil {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	return w.transport.RoundTrip(req)
}

// redirects tells whether code sends a client elsewhere.
func redirects(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow returns the address that a server at from redirects to.
func follow(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	switch {
	case err != nil:
		return nil, errors.New("the server redirects to what is not a URL")
	case to.Scheme != schemeHTTP && to.Scheme != schemeHTTPS:
		return nil, fmt.Errorf("the server redirects to %s; only http and https are followed", redact(to.String()))
	case to.Hostname() == "":
		return nil, errors.New("the server redirects to a URL that names no host")
	case from.Scheme == schemeHTTPS && to.Scheme == schemeHTTP:
		return nil, fmt.Errorf("the server redirects from https to the unprotected %s; give that address itself if it is to be trusted", redact(to.String()))
	}
	to.Fragment, to.RawFragment = "", ""
	return to, nil
}

// badStatus says what an answer other than 200 means for who wrote the URI.
func badStatus(resp *http.Response) error {
	var advice string
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		advice = "the server wants other credentials than those in the URI"
	case code == http.StatusNotFound || code == http.StatusGone:
		advice = "there is no such file at the server; check the URI"
	case code == http.StatusTooManyRequests || code >= 500:
		advice = "the server cannot serve it now; try again later"
	default:
		advice = "only 200 brings a file; check the URI"
	}
	return at(fmt.Sprintf("status %d", resp.StatusCode), fmt.Errorf("%s; %s", http.StatusText(resp.StatusCode), advice))
}

// explain finds the step in which a request failed.
func explain(err error) error {
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return at(StepResolve, fmt.Errorf("%w; check the host's name", e))
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return at(StepConnect, fmt.Errorf("%w; check the certificate of the server, or the certificate authorities given to the fetcher", e))
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return at(StepConnect, fmt.Errorf("%w; check that the server runs and can be reached from the agent's host", e))
	}
	return at(StepOpen, fmt.Errorf("no answer from the server: %w", err))
}
