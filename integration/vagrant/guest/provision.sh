#!/bin/bash
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# provision.sh NAME IP MASTER_IP : installs the programs that Vagrant put into /tmp/tepui and (re)starts what NAME runs.
set -euo pipefail
name=$1 ip=$2 master=$3
from=/tmp/tepui

[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || { echo "provision.sh: $name has no cgroup v2 at /sys/fs/cgroup" >&2; exit 1; }
install -m 755 "$from"/bin/* /usr/local/bin/
install -m 644 "$from"/guest/*.service /etc/systemd/system/
mkdir -p /etc/tepui
cat > /etc/tepui/environment <<EOF
# The flags of tepui in their environment form. A name would do for the hostname if all machines could resolve it.
TEPUI_IP=$ip
TEPUI_HOSTNAME=$ip
TEPUI_MASTER=$master:5050
# Tests of lost agents wait for this; ten minutes is the default.
TEPUI_AGENT_REREGISTER_TIMEOUT=20secs
EOF
rm -rf "$from"

# The tests cut machines off by it.
command -v nft > /dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends nftables; }

unit=tepui-agent
[ "$name" = master ] && unit=tepui-master
systemctl daemon-reload
systemctl enable --quiet "$unit"
systemctl restart "$unit"
systemctl --no-pager --lines=5 status "$unit"
