#!/bin/bash
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# A Vagrant and libvirt of our own, for a machine that has neither, nor systemd, nor a KVM that works:
# a Debian 12 tree, entered through private mount, network, UTS, IPC and PID namespaces. Bridges, dnsmasq
# and all addresses of the virtual machines exist only inside these namespaces, and end with them.
#
#   lab.sh build          make the Debian tree (once; some 500 MB below .cache/vagrant)
#   lab.sh up             start the namespaces and libvirt in them; nothing if they already run
#   lab.sh run CMD ARG..  run a command inside, in the source tree, which is /tepui there
#   lab.sh net CMD ARG..  run a command in the Debian tree, with the network of this machine and no libvirt
#   lab.sh running        succeed if it runs
#   lab.sh down           end every process of the lab, virtual machines included
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
state=$top/.cache/vagrant
root=$state/root
export LAB_TOP=$top LAB_STATE=$state LAB_ROOT=$root

die() { echo "lab.sh: $*" >&2; exit 1; }

# The lab's PID 1, as this machine counts, if it is still the process that we started.
pid1() {
	local pid ns
	[ -e "$state/pid1" ] || return 1
	read -r pid ns < "$state/pid1"
	[ "$(readlink "/proc/$pid/ns/pid")" = "$ns" ] && echo "$pid"
}

build() {
	[ -e "$state/root.done" ] && cmp -s "$here/packages" "$state/root.done" && return
	pid1 > /dev/null && die "the lab is running: 'lab.sh down' first"
	[ "$(id -u)" = 0 ] || die "must be root, to make a Debian tree and namespaces"
	"$top/integration/need.sh" "the lab is a Debian tree of its own" mmdebstrap
	echo "lab.sh: making a Debian 12 tree with Vagrant and libvirt in $root (2-3 minutes, 500 MB)"
	mkdir -p "$state"
	rm -rf "$root" "$state/root.done"
	mmdebstrap --quiet --variant=minbase \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(paste -sd, "$here/packages")" bookworm "$root" ${TEPUI_APT_MIRROR:+"$TEPUI_APT_MIRROR"}
	mkdir -p "$root/tepui"
	cp "$here/packages" "$state/root.done"
}

up() {
	pid1 > /dev/null && return
	[ -e "$state/root.done" ] || die "no Debian tree yet: 'lab.sh build' first"
	rm -f "$state/ready" "$state/pid1"
	setsid unshare --mount --net --uts --ipc --pid --fork --propagation private \
		"$here/init.sh" > "$state/lab.log" 2>&1 < /dev/null &
	for _ in $(seq 300); do
		[ -e "$state/ready" ] && return
		kill -0 $! 2>/dev/null || break
		sleep 0.1
	done
	die "the lab did not come up: see $state/lab.log"
}

# What a command inside may see of the caller's environment.
environment() {
	echo "PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb"
	echo "TEPUI_LAB=inside VAGRANT_DOTFILE_PATH=/tepui/.cache/vagrant/dot VAGRANT_DISABLE_STRICT_DEPENDENCY_ENFORCEMENT=1"
	[ -n "${TEPUI_BOX:-}" ] || echo "TEPUI_BOX=tepui/bookworm"
}

# Runs "$@" in the tree, in the folder $dir.
inside() {
	# shellcheck disable=SC2046,SC2154
	chroot "$root" /usr/bin/env -i $(environment) $(env | grep -E '^TEPUI_[A-Z_]+=[^ ]*$' | grep -v -E '^TEPUI_LAB=') \
		/bin/sh -c 'cd "$0" && exec "$@"' "$dir" "$@"
}

# Makes "inside" callable from a bash that runs behind nsenter or unshare, and picks the folder that corresponds to ours.
hand_over() {
	dir=/tepui
	[[ $PWD/ == "$top"/* ]] && dir=/tepui${PWD#"$top"}
	export -f inside environment
	export root dir
}

run() {
	local pid
	pid=$(pid1) || die "the lab is not running: 'lab.sh up' first"
	hand_over
	nsenter -t "$pid" -m -n -u -i -p /bin/bash -c 'inside "$@"' inside "$@"
}

net() {
	[ -e "$state/root.done" ] || die "no Debian tree yet: 'lab.sh build' first"
	hand_over
	unshare --mount --uts --ipc --pid --fork --kill-child --propagation private \
		/bin/bash -c '"$0" mounts && inside "$@"' "$here/init.sh" "$@"
}

down() {
	local pid
	pid=$(pid1) || return 0
	kill -9 "$pid"
	rm -f "$state/pid1" "$state/ready"
}

case ${1:-} in
build | up | down) "$1" ;;
running) pid1 > /dev/null ;;
run | net) "$@" ;;
*) die "usage: lab.sh build | up | run CMD.. | net CMD.. | running | down" ;;
esac
