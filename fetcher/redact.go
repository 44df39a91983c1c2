// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"net/url"
	"strings"
)

// maxShown is how many bytes of a URI an error shows.
const maxShown = 512

// redact returns uri as it may be shown to anybody: without user name and
// password, and with its query, which often is a signature or a token, cut
// off. It works on text, so that it also holds for what is not a URI.
func redact(uri string) string {
	uri = strings.ToValidUTF8(strings.TrimSpace(uri), "\uFFFD")
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return shorten(uri) // a path: nothing to hide
	}
	if _, err := url.Parse(uri); err != nil {
		// Not to be taken apart: whatever is before the last @ may be a secret,
		// and so may what comes after the first ? that is left.
		rest = hideUser(rest)
		shown, _, query := strings.Cut(rest, "?")
		shown, _, _ = strings.Cut(shown, "#")
		return shorten(scheme + "://" + shown + ellipsis(query))
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, query := strings.Cut(rest, "?")
	host, path, slash := strings.Cut(rest, "/")
	shown := scheme + "://" + hideUser(host)
	if slash {
		shown += "/" + path
	}
	return shorten(shown + ellipsis(query))
}

// ellipsis stands for a query.
func ellipsis(query bool) string {
	if query {
		return "?..."
	}
	return ""
}

func hideUser(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return "xxxxx@" + s[i+1:]
	}
	return s
}

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "..."
}
