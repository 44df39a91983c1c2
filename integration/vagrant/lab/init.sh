#!/bin/bash
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# PID 1 of the lab. Gives the Debian tree its own /proc, /sys, /dev and /run, starts libvirt, then reaps.
# There is no cgroup file system in it and no /dev/kvm: libvirt must not touch this machine's cgroups,
# and would hang where the KVM does. "init.sh mounts" does the mounts only.
set -euo pipefail
root=$LAB_ROOT

device() { mknod -m 666 "$root/dev/$1" c "$2" "$3"; }

mounts() {
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	mkdir -p "$root"/dev/{pts,shm,net}
	device null 1 3; device zero 1 5; device full 1 7; device random 1 8; device urandom 1 9; device tty 5 0
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	mount -t tmpfs shm "$root/dev/shm"
	mount -t tmpfs -o mode=755 run "$root/run"
	mkdir -p "$root/run/lock" "$root/tepui"
	mount --bind "$LAB_TOP" "$root/tepui"
	rm -f "$root/etc/resolv.conf"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
}

# libvirt without what a host with systemd, cgroups and security modules would give it.
configure() {
	cat > "$root/etc/libvirt/qemu.conf" <<-'EOF'
		user = "root"
		group = "root"
		dynamic_ownership = 0
		remember_owner = 0
		security_driver = "none"
		cgroup_controllers = []
		namespaces = []
		seccomp_sandbox = 0
		stdio_handler = "file"
	EOF
	cat > "$root/etc/libvirt/libvirtd.conf" <<-'EOF'
		auth_unix_ro = "none"
		auth_unix_rw = "none"
		unix_sock_group = "root"
		log_outputs = "2:file:/var/log/libvirtd.log"
	EOF
}

if [ "${1:-}" = mounts ]; then
	mounts
	exit
fi

# /proc is still the outer one here, so it tells our PID as the outside counts.
read -r outer _ < /proc/self/stat
echo "$outer $(readlink "/proc/$outer/ns/pid")" > "$LAB_STATE/pid1"
mounts
device net/tun 10 200
hostname lab
ip link set lo up
configure
chroot "$root" /usr/sbin/virtlogd -d
chroot "$root" /usr/sbin/libvirtd -d
touch "$LAB_STATE/ready"
# An orphan that nobody reaps makes libvirt wait 40 s for each QEMU that it probed: bash reaps while it waits.
while :; do sleep 3600 & wait $!; done
