// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"

	getter "github.com/hashicorp/go-getter/v2"
)

// stream is an opened source.
type stream struct {
	body io.ReadCloser
	size int64       // in bytes; -1 if the source does not say
	mode fs.FileMode // execute bits that the source's file has
}

// source opens what a target names. It is all that a scheme has to bring:
// limits, names, atomicity and ownership are the same for all of them.
type source interface {
	open(ctx context.Context, t target) (stream, error)
}

// engine gets bytes by the scheme of their URI. A new scheme is a new entry
// in its sources.
//
// It is go-getter's client, with nothing of go-getter's own but the choice of
// the getter: its getters open their destination by path and follow links in
// doing so, its limits give way silently, its decompressors turn links into
// empty files, and it takes its own parameters, a doubled slash and the
// prefix "x::" out of whatever it is given. So the getters are ours, one per
// scheme and made anew for each download, and what go-getter is given as the
// source is a stand-in that has none of these.
type engine struct {
	limits  Limits
	sources map[string]source // by scheme
	web     *webSource
}

// newEngine makes the sources that r asks for.
func newEngine(r Request, l Limits) (*engine, error) {
	web, err := newWebSource(r, l)
	if err != nil {
		return nil, err
	}
	return &engine{
		limits: l,
		web:    web,
		sources: map[string]source{
			schemeFile:  fileSource{},
			schemeHTTP:  web,
			schemeHTTPS: web,
		},
	}, nil
}

func (e *engine) close() { e.web.close() }

// blob is a downloaded file in a stage, open for reading and writing.
type blob struct {
	file *os.File
	size int64
	mode fs.FileMode // execute bits of the source
}

// download copies what t names into a fresh file of s.
func (e *engine) download(ctx context.Context, t target, s *stage) (*blob, error) {
	d := &download{limits: e.limits, target: t, stage: s}
	var getters []getter.Getter
	for scheme, src := range e.sources {
		getters = append(getters, &streamGetter{scheme: scheme, source: src, download: d})
	}
	client := getter.Client{
		Getters:         getters,
		Decompressors:   map[string]getter.Decompressor{},
		DisableSymlinks: true,
	}
	_, err := client.Get(ctx, &getter.Request{
		Src:     standIn(t.scheme),
		Dst:     blobName,
		GetMode: getter.ModeFile,
		Copy:    true,
	})
	if err != nil {
		return nil, err
	}
	return d.got, nil
}

// standIn is what go-getter sees in place of a URI.
func standIn(scheme string) string { return scheme + ":source" }

// streamGetter makes a go-getter Getter of a source. It serves one download.
type streamGetter struct {
	scheme   string
	source   source
	download *download
}

var _ getter.Getter = (*streamGetter)(nil)

// Detect implements getter.Getter.
func (g *streamGetter) Detect(r *getter.Request) (bool, error) {
	return r.Src == standIn(g.scheme), nil
}

// Mode implements getter.Getter: a URI is a file.
func (g *streamGetter) Mode(context.Context, *url.URL) (getter.Mode, error) {
	return getter.ModeFile, nil
}

// Get implements getter.Getter: directories are not fetched.
func (g *streamGetter) Get(context.Context, *getter.Request) error {
	return at(StepOpen, fmt.Errorf("%s cannot fetch a directory; name a file", g.scheme))
}

// GetFile implements getter.Getter.
func (g *streamGetter) GetFile(ctx context.Context, r *getter.Request) error {
	return g.download.run(ctx, g.source, r.Dst)
}
