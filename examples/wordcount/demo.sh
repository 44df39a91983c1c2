#!/bin/sh
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh BIN TEXT [FLAG...]: starts a local cluster with the programs of the
# folder BIN, on a port that is free, counts the words of TEXT in it (FLAGs are
# of wordcount), and stops it. Wants root and cgroup v2.
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

fail() {
	echo "demo.sh: $1; the cluster's log:" >&2
	cat "$dir/log" >&2
	exit 1
}

# Port 0: the kernel chooses ports that are free, and the log tells the master's.
"$bin/tepui" local --ip 127.0.0.1 --port 0 --work_dir "$dir/work" --runtime_dir "$dir/run" \
	--resources 'cpus:4;mem:768' --log_level info --log_format text 2>"$dir/log" &
agent=$!
master=
tries=0
while [ -z "$master" ]; do
	kill -0 "$agent" 2>/dev/null || fail "the cluster did not start"
	tries=$((tries + 1))
	[ "$tries" -le 300 ] || fail "the cluster did not start within 30 seconds"
	sleep 0.1
	master=$(sed -n 's/.*msg="agent serves".* master=\([0-9.:]*\) .*/\1/p' "$dir/log")
done
"$bin/wordcount" --master "$master" --text "$text" "$@" || fail "the word count failed"
