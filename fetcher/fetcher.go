// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// URI is one thing to be fetched.
type URI struct {
	// Value is where it is: http://…, https://…, file:///…, an absolute path,
	// or a path relative to Request.FrameworksHome. White space in front is
	// ignored.
	Value string `json:"value"`
	// Executable makes the file executable for everybody. Such a file is never
	// extracted.
	Executable bool `json:"executable,omitempty"`
	// Extract unpacks a file whose name ends in .tar, .tar.gz, .tgz, .tar.bz2,
	// .tbz2 or .zip into the sandbox; the archive itself is not kept. One that
	// ends in .tar.xz or .txz is refused; files with other names are left as
	// they are. The zero value does not extract; on the Mesos wire
	// the default is to extract, and that is for the caller to translate.
	Extract bool `json:"extract,omitempty"`
	// Cache allows a copy to be kept for later fetches. There is no cache yet:
	// the field is accepted and has no effect.
	Cache bool `json:"cache,omitempty"`
	// OutputFile is the name to give to the file, relative to the sandbox and
	// inside it; directories on the way are made. Empty means the last element
	// of the URI's path. The suffix of this name decides about extraction.
	OutputFile string `json:"output_file,omitempty"`
}

// Request says what to fetch, to where, for whom.
type Request struct {
	// Sandbox is the absolute path of an existing directory.
	Sandbox string `json:"sandbox"`
	// FrameworksHome is the absolute path that relative URIs start from; if it
	// is empty they are refused.
	FrameworksHome string `json:"frameworks_home,omitempty"`
	// UID and GID own whatever is fetched; both -1 leave it with the user that
	// fetches. Zero is root, not "unset".
	UID int `json:"uid"`
	GID int `json:"gid"`
	// URIs are fetched one after the other, in this order.
	URIs []URI `json:"uris"`
	// Limits bound the fetch; zero fields mean the defaults.
	Limits Limits `json:"limits"`
	// Keep names files at the top of the sandbox that no URI may replace or
	// create, for instance the files that receive a task's output.
	Keep []string `json:"keep,omitempty"`
	// Proxy is the URL of the HTTP proxy to use; empty means none. The
	// environment is not looked at.
	Proxy string `json:"proxy,omitempty"`
	// CAFile is the path of a PEM file with the certificate authorities to
	// trust for https; empty means those of the system.
	CAFile string `json:"ca_file,omitempty"`
}

// Fetch fetches all URIs of r, in order, in this process and with its rights.
// It stops at the first that fails and returns an [*Error] about it. A ctx
// that ends stops it too; the error then wraps the cause of ctx. Calls may run
// concurrently, also for one sandbox as long as their files have different
// names.
func Fetch(ctx context.Context, r Request) error {
	return fetchAll(ctx, r, stageName())
}

// fetchAll is Fetch with a name for the directory of what is unfinished.
func fetchAll(ctx context.Context, r Request, stage string) error {
	f, err := newFetch(r, stage)
	if err != nil {
		return err
	}
	defer f.close()
	ctx, cancel := f.limits.deadline(ctx)
	defer cancel()
	for _, t := range f.targets {
		if err := f.one(ctx, t); err != nil {
			return describe(ctx, t.display, err)
		}
	}
	return nil
}

// fetch is one running Request.
type fetch struct {
	targets []target // what to fetch, parsed
	limits  Limits   // with the defaults filled in
	owner   owner
	keep    []string
	stage   string  // the name of the directory for what is unfinished
	budget  *budget // what is left of the limits that span all URIs
	sandbox *os.Root
	engine  *engine
}

// newFetch checks all of r before anything is touched, and opens the sandbox.
func newFetch(r Request, stage string) (*fetch, error) {
	f := &fetch{stage: stage, owner: owner{uid: r.UID, gid: r.GID}, keep: r.Keep}
	var err error
	if f.limits, err = r.Limits.withDefaults(); err != nil {
		return nil, &Error{Step: StepRequest, Err: err}
	}
	f.budget = newBudget(f.limits)
	if err = f.owner.check(); err != nil {
		return nil, &Error{Step: StepRequest, Err: err}
	}
	for _, u := range r.URIs {
		t, err := parseTarget(u, r.FrameworksHome)
		if err != nil {
			return nil, &Error{URI: redact(u.Value), Step: StepRequest, Err: err}
		}
		f.targets = append(f.targets, t)
	}
	if f.engine, err = newEngine(r, f.limits); err != nil {
		return nil, &Error{Step: StepRequest, Err: err}
	}
	if f.sandbox, err = openSandbox(r.Sandbox); err != nil {
		return nil, &Error{Step: StepDisk, Err: err}
	}
	return f, nil
}

func openSandbox(path string) (*os.Root, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("sandbox %q is not an absolute path; give one", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening the sandbox: %w; it must exist and be open to the user that fetches", err)
	}
	return root, nil
}

func (f *fetch) close() {
	f.engine.close()
	_ = f.sandbox.Close() // a directory that was only read from
}

// one fetches a single URI: into a private directory, then into place.
func (f *fetch) one(ctx context.Context, t target) (err error) {
	s, err := newStage(f.sandbox, f.stage)
	if err != nil {
		return at(StepDisk, err)
	}
	defer func() { err = withCleanup(err, s.remove()) }()

	got, err := f.engine.download(ctx, t, s)
	if err != nil {
		return err
	}
	if t.archive != archiveNone {
		err = f.unpack(ctx, t, s, got)
	} else {
		err = f.finishFile(t, s, got)
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return at(StepDisk, context.Cause(ctx))
	}
	return at(StepDisk, f.publish(t, s))
}
