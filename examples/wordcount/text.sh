#!/bin/sh
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# Prints the path of the text for the word count, after fetching it if need be:
# the GNU Collaborative International Dictionary of English, which is Webster's
# of 1913 and more, 40 MB, licensed under the GNU GPL, version 2 or later. It
# comes from the Debian package dict-gcide, which is unpacked below the given
# directory (default: .cache/wordcount) and not installed.
set -eu

dir=${1:-.cache/wordcount}
text=$dir/usr/share/dictd/gcide.dict.dz
if [ ! -f "$text" ]; then
	command -v apt-get >/dev/null || {
		echo "text.sh: the text comes from a Debian package, and apt-get is not here; give any text to wordcount --text" >&2
		exit 1
	}
	mkdir -p "$dir"
	echo "fetching the Debian package dict-gcide (15 MB): the text to count, a dictionary under the GPL" >&2
	(cd "$dir" && rm -f dict-gcide_*.deb && apt-get download -qq -o APT::Sandbox::User=root dict-gcide)
	dpkg -x "$dir"/dict-gcide_*.deb "$dir"
	rm "$dir"/dict-gcide_*.deb
fi
echo "$text"
