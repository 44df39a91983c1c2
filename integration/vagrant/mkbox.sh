#!/bin/bash
# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# mkbox.sh OUT.box : a small Debian 12 box for vagrant-libvirt, from Debian packages only.
#
# Needs root and: mmdebstrap e2fsprogs fdisk dosfstools mtools syslinux syslinux-common qemu-utils, and an
# installed Vagrant, for its well-known public key. No loop device, no grub, no network but apt's.
# The disk is an MBR, a FAT partition with syslinux and the kernel, and an ext4 root.
set -euo pipefail
self=$(realpath "$0")

# Where the two partitions start and how large they are, in MiB.
boot_start=1 boot_mib=96
root_start=$((boot_start + boot_mib)) root_mib=2800

vagrant_key() {
	local key
	for key in /usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant.pub \
		/opt/vagrant/embedded/gems/*/vagrant-*/keys/vagrant.pub \
		/opt/vagrant/embedded/gems/gems/vagrant-*/keys/vagrant.pub; do
		[ -e "$key" ] && grep -m1 -w ssh-rsa "$key" && return
	done
	echo "mkbox.sh: no keys/vagrant.pub found: is Vagrant installed?" >&2
	return 1
}

packages=systemd-sysv,udev,dbus,openssh-server,sudo,rsync,iproute2,iputils-ping,nftables,procps,curl,ca-certificates
packages+=,kmod,netbase,e2fsprogs,initramfs-tools,zstd,lz4,linux-image-cloud-amd64

# Before the kernel is unpacked, so that its initramfs is made only once, and small.
before_packages() {
	mkdir -p "$1/etc/initramfs-tools/conf.d"
	printf 'MODULES=list\nCOMPRESS=lz4\n' > "$1/etc/initramfs-tools/conf.d/box"
	printf 'virtio_pci\nvirtio_blk\nvirtio_net\next4\n' > "$1/etc/initramfs-tools/modules"
}

after_packages() {
	chroot "$1" useradd -m -s /bin/bash -G sudo vagrant
	echo 'vagrant ALL=(ALL) NOPASSWD:ALL' > "$1/etc/sudoers.d/vagrant"
	chmod 440 "$1/etc/sudoers.d/vagrant"
	install -d -m 700 "$1/home/vagrant/.ssh"
	echo "$vagrant_public_key" > "$1/home/vagrant/.ssh/authorized_keys"
	chmod 600 "$1/home/vagrant/.ssh/authorized_keys"
	chroot "$1" chown -R vagrant:vagrant /home/vagrant
	printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n[DHCPv4]\nClientIdentifier=mac\n' \
		> "$1/etc/systemd/network/10-eth0.network"
	chroot "$1" systemctl enable systemd-networkd ssh
	chroot "$1" systemctl disable systemd-networkd-wait-online
	# Nothing may run at its own time in a machine that measures.
	chroot "$1" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
		e2scrub_reap.service fstrim.timer systemd-pstore.service getty@tty1.service
	echo bookworm > "$1/etc/hostname"
	echo '127.0.0.1 localhost bookworm' > "$1/etc/hosts"
	echo '/dev/vda2 / ext4 defaults,noatime 0 1' > "$1/etc/fstab"
	printf 'UseDNS no\nGSSAPIAuthentication no\n' > "$1/etc/ssh/sshd_config.d/box.conf"
	rm -f "$1/etc/machine-id" && : > "$1/etc/machine-id"
}

make_tree() {
	vagrant_public_key=$(vagrant_key)
	export vagrant_public_key
	mmdebstrap --quiet --mode=root --variant=minbase \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --include="$packages" \
		--essential-hook="$self"' --hook before_packages "$1"' \
		--customize-hook="$self"' --hook after_packages "$1"' \
		bookworm "$tree" ${TEPUI_APT_MIRROR:+"$TEPUI_APT_MIRROR"}
}

make_boot_partition() {
	cp "$tree"/boot/vmlinuz-* "$work/vmlinuz"
	cp "$tree"/boot/initrd.img-* "$work/initrd"
	cat > "$work/syslinux.cfg" <<-'EOF'
		DEFAULT linux
		TIMEOUT 1
		PROMPT 0
		LABEL linux
		 KERNEL vmlinuz
		 APPEND root=/dev/vda2 ro quiet console=ttyS0 net.ifnames=0 mitigations=off
		 INITRD initrd
	EOF
	truncate -s "${boot_mib}M" "$work/boot.img"
	mkfs.vfat -F 16 -n BOOT "$work/boot.img" > /dev/null
	syslinux --install "$work/boot.img"
	mcopy -i "$work/boot.img" "$work/vmlinuz" "$work/initrd" "$work/syslinux.cfg" ::
}

make_disk() {
	truncate -s "${root_mib}M" "$work/root.img"
	mke2fs -q -F -t ext4 -L root -d "$tree" "$work/root.img"
	truncate -s "$((root_start + root_mib + 1))M" "$disk"
	sfdisk --quiet "$disk" <<-EOF
		label: dos
		start=${boot_start}MiB, size=${boot_mib}MiB, type=6, bootable
		start=${root_start}MiB, size=${root_mib}MiB, type=83
	EOF
	dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
	dd if="$work/boot.img" of="$disk" bs=1M seek=$boot_start conv=notrunc,sparse status=none
	dd if="$work/root.img" of="$disk" bs=1M seek=$root_start conv=notrunc,sparse status=none
}

pack() {
	qemu-img convert -O qcow2 "$disk" "$work/box.img"
	echo '{"provider":"libvirt","format":"qcow2","virtual_size":3}' > "$work/metadata.json"
	echo 'Vagrant.configure("2") { |config| }' > "$work/Vagrantfile"
	mkdir -p "$(dirname "$out")"
	tar -C "$work" --sparse -cf "$out.part" metadata.json Vagrantfile box.img
	mv "$out.part" "$out"
}

# mmdebstrap calls this script back for its hooks.
if [ "${1:-}" = --hook ]; then
	"$2" "$3"
	exit
fi

out=$(realpath -m "${1:?usage: mkbox.sh OUT.box}")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/tepui-box.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
disk=$work/disk.img

echo "mkbox.sh: a Debian 12 tree (1-2 minutes)"
make_tree
echo "mkbox.sh: a disk of it"
make_boot_partition
make_disk
pack
echo "mkbox.sh: $(du -h "$out" | cut -f1) $out"
