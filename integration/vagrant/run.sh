#!/bin/bash
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--net | --need-box | --last] CMD ARG.. : runs a command where Vagrant is: right here if Vagrant is installed, else
# in the lab (lab/lab.sh), which is built and started first if need be. TEPUI_LAB=1 asks for the lab, TEPUI_LAB=0 forbids it.
#
#   --net       the command needs the network of this machine, which a lab that runs does not have
#   --need-box  make the box of the lab first, if it is missing: no public box can be downloaded from inside
#   --last      the last command: end the lab after it, and do nothing if there is none
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lab=$here/lab/lab.sh
where=${TEPUI_LAB:-auto}
how=
case ${1:-} in --net | --need-box | --last) how=$1; shift ;; esac

if [ "$where" = auto ]; then
	where=1
	command -v vagrant > /dev/null && where=0
fi
[ "$where" = 1 ] || exec "$@"

# Emulated machines: one processor each is enough for them, and all that the emulation can make good use of.
export TEPUI_VM_CPUS=${TEPUI_VM_CPUS:-1}

if [ "$how" = --last ]; then
	"$lab" running || exit 0
	"$lab" run "$@"
	exec "$lab" down
fi
"$lab" build
[ "$how" != --net ] || exec "$lab" net "$@"
"$lab" up
if [ "$how" = --need-box ] && [ -z "${TEPUI_BOX:-}" ] && ! "$lab" run vagrant box list | grep -q '^tepui/bookworm '; then
	make -C "$here/../.." vagrant-box
fi
exec "$lab" run "$@"
