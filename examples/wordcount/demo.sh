#!/bin/sh
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh BIN TEXT [FLAG...]: starts a local cluster with the programs of the
# folder BIN, counts the words of TEXT in it (FLAGs are of wordcount), and stops
# it. Wants root and cgroup v2.
set -eu
bin=$1
text=$2
shift 2
dir=$(mktemp -d)
agent=
finish() {
	if [ -n "$agent" ]; then
		kill "$agent" 2>/dev/null || true
		wait "$agent" || true
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$bin/tepui" local --port 5050 --work_dir "$dir/work" --runtime_dir "$dir/run" \
	--resources 'cpus:4;mem:768' 2>"$dir/log" &
agent=$!
if ! "$bin/wordcount" --master 127.0.0.1:5050 --text "$text" "$@"; then
	echo "the cluster's log:" >&2
	cat "$dir/log" >&2
	exit 1
fi
