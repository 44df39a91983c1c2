#!/bin/sh
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# Prints the path of the text for the word count, after fetching it if need be:
# the first 8 MB of the GNU Collaborative International Dictionary of English,
# which is Webster's of 1913 and more, licensed under the GNU GPL, version 2 or
# later. It comes from the Debian package dict-gcide, which is unpacked below
# the given directory (default: .cache/wordcount) and not installed.
set -eu

dir=${1:-.cache/wordcount}
text=$dir/gcide.txt
size=8000000
if [ ! -f "$text" ] || [ "$(wc -c <"$text")" -ne "$size" ]; then
	command -v apt-get >/dev/null || {
		echo "text.sh: the text comes from a Debian package, and apt-get is not here; give any text to wordcount --text" >&2
		exit 1
	}
	mkdir -p "$dir"
	echo "fetching the Debian package dict-gcide (15 MB): the text to count, a dictionary under the GPL" >&2
	(
		cd "$dir"
		rm -f dict-gcide_*.deb
		apt-get download -qq -o APT::Sandbox::User=root dict-gcide || {
			apt-get update -qq
			apt-get download -qq -o APT::Sandbox::User=root dict-gcide
		}
		dpkg -x dict-gcide_*.deb package
		# gzip ends with an error when head has enough: what counts is the size.
		gzip -dc <package/usr/share/dictd/gcide.dict.dz 2>gzip.log | head -c "$size" >text.new
		got=$(wc -c <text.new)
		if [ "$got" -ne "$size" ]; then
			cat gzip.log >&2
			echo "text.sh: dict-gcide unpacks to $got bytes instead of at least $size: free some disk in $dir, or run it again" >&2
			exit 1
		fi
		mv text.new gcide.txt
		rm -r package gzip.log dict-gcide_*.deb
	)
fi
echo "$text"
