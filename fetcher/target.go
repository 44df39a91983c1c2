// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// The schemes that have a source, see newEngine.
const (
	schemeFile  = "file"
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// maxURI is the longest URI that is accepted, in bytes.
const maxURI = 8 << 10

// target is a URI taken apart: where it comes from, and what becomes of it.
type target struct {
	display    string   // the URI as errors show it
	scheme     string   // schemeFile, schemeHTTP or schemeHTTPS
	url        *url.URL // of http and https: exactly as written, without fragment
	file       string   // of file: an absolute path
	name       string   // where it goes: a clean path inside the sandbox
	executable bool
	archive    archive // how to unpack it; archiveNone leaves it as it is
}

// parseTarget checks u and takes it apart.
func parseTarget(u URI, frameworksHome string) (target, error) {
	value := strings.TrimLeft(u.Value, " \t\r\n\v\f")
	t := target{display: redact(value), executable: u.Executable}
	if err := checkText(value); err != nil {
		return target{}, err
	}
	base, err := t.locate(value, frameworksHome)
	if err != nil {
		return target{}, err
	}
	if t.name, err = outputName(u.OutputFile, base); err != nil {
		return target{}, err
	}
	if u.Extract && !u.Executable {
		if t.archive, err = archiveOf(t.name); err != nil {
			return target{}, err
		}
	}
	return t, nil
}

// checkText refuses what no URI may contain. Backslash and quote are refused
// because Mesos refuses them.
func checkText(value string) error {
	switch {
	case value == "":
		return errors.New("the URI is empty; give a URL or a path")
	case len(value) > maxURI:
		return fmt.Errorf("the URI has %d bytes; the most is %d", len(value), maxURI)
	}
	for _, b := range []byte(value) {
		if b == '\\' || b == '\'' || b < ' ' || b == 0x7f {
			return fmt.Errorf("the URI contains %q; backslash, quote and control characters are not allowed", b)
		}
	}
	return nil
}

// locate fills in where t comes from, and returns the last element of its path.
func (t *target) locate(value, frameworksHome string) (base string, err error) {
	scheme, _, isURL := strings.Cut(value, "://")
	switch scheme = strings.ToLower(scheme); {
	case !isURL:
		t.scheme = schemeFile
		t.file, err = localPath(value, frameworksHome)
		return lastElement(value), err
	case scheme == schemeFile:
		t.scheme = schemeFile
		t.file, err = filePath(value)
		return lastElement(t.file), err
	case scheme == schemeHTTP || scheme == schemeHTTPS:
		t.scheme = scheme
		t.url, err = webURL(value)
		if err != nil {
			return "", err
		}
		return lastElement(t.url.Path), nil
	}
	return "", fmt.Errorf("the scheme %q is not supported; use http://, https://, file:///, an absolute path, or a path relative to the frameworks home", scheme)
}

// localPath resolves a value without scheme.
func localPath(value, home string) (string, error) {
	switch {
	case path.IsAbs(value):
		return value, nil
	case home == "":
		return "", errors.New("a relative path needs a frameworks home, and none is set; give an absolute path or a URL, or have it set")
	case !filepath.IsAbs(home):
		return "", fmt.Errorf("the frameworks home %q is not an absolute path", home)
	case !filepath.IsLocal(value):
		return "", fmt.Errorf("the path climbs out of the frameworks home %q; leave out the \"..\"", home)
	}
	// Links below the frameworks home are the operator's and are followed.
	// Nothing is gained by refusing them: an absolute path would do as well.
	return path.Join(home, value), nil
}

// filePath resolves file:///path, in which %XX is decoded.
func filePath(value string) (string, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return "", errNotURL
	case u.Host != "" && u.Host != "localhost" || u.User != nil:
		return "", errors.New("a file URL names no host; write three slashes, as in file:///path")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("a file URL has no query or fragment; write ? as %3F and # as %23, or give the absolute path alone")
	case !path.IsAbs(u.Path) || strings.ContainsRune(u.Path, 0):
		return "", errors.New("a file URL needs an absolute path, as in file:///path")
	}
	return u.Path, nil
}

func webURL(value string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return nil, errNotURL
	case u.Hostname() == "":
		return nil, errors.New("the URL names no host")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// errNotURL stands for the errors of package url. They quote the URL or pieces of
// it, which may contain a password.
var errNotURL = errors.New("not a URL: its port must be a number, and what is special in a user name, password or path must be written as %XX, such as %2F for a slash")

// lastElement returns what follows the last slash of p.
func lastElement(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// outputName decides where in the sandbox a URI goes.
func outputName(outputFile, base string) (string, error) {
	if outputFile == "" {
		if err := checkName(base); err != nil {
			return "", fmt.Errorf("the URI's path ends in %q, which cannot be a file's name: %w; set an output file", shorten(base), err)
		}
		return base, nil
	}
	if err := checkName(lastElement(outputFile)); err != nil {
		return "", fmt.Errorf("the output file %q cannot be used: %w", shorten(outputFile), err)
	}
	if !filepath.IsLocal(outputFile) {
		return "", fmt.Errorf("the output file %q is not inside the sandbox; give a relative path without \"..\"", shorten(outputFile))
	}
	if len(outputFile) > DefaultPathLength {
		return "", fmt.Errorf("the output file has a path of %d bytes; the most is %d", len(outputFile), DefaultPathLength)
	}
	return path.Clean(outputFile), nil
}

// checkName says why name cannot be the name of a file.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case name == "." || name == "..":
		return errors.New("it names a directory")
	case len(name) > 255:
		return errors.New("it is longer than 255 bytes")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' }):
		return errors.New("it contains a control character or a slash")
	}
	return nil
}

// archive is a kind of archive.
type archive int

const (
	archiveNone archive = iota
	archiveTar
	archiveTarGz
	archiveTarBz2
	archiveZip
)

// archiveOf tells by the suffix of name how to unpack it. Archives compressed by
// xz are refused: they say themselves how much memory, up to 4 GB, it takes.
func archiveOf(name string) (archive, error) {
	has := func(suffix string) bool { return strings.HasSuffix(name, suffix) }
	switch {
	case has(".tar"):
		return archiveTar, nil
	case has(".tar.gz"), has(".tgz"):
		return archiveTarGz, nil
	case has(".tar.bz2"), has(".tbz2"):
		return archiveTarBz2, nil
	case has(".zip"):
		return archiveZip, nil
	case has(".tar.xz"), has(".txz"):
		return archiveNone, errors.New("archives compressed by xz cannot be unpacked: pack it as .tar.gz, or set extract to false and unpack it in the task")
	}
	return archiveNone, nil
}
