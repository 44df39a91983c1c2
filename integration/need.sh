#!/bin/sh
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# need.sh WHY PACKAGE...: installs those Debian packages that are missing, and
# says in one line which and why before it does. Says nothing if none is.
set -eu
why=$1
shift
missing=
for package in "$@"; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing$missing: $why"
if [ "$(id -u)" != 0 ]; then
	echo "need.sh: installing packages needs root: run make as root, or 'apt-get install$missing' first" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends $missing >/dev/null
