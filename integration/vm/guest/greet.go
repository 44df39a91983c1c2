// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl numbers of random(4) that x/sys does not name.
const (
	rndAddEntropy = 0x40085203
	rndReseedCRNG = 0x5207
)

// setClock sets the time of day.
func setClock(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	ts := unix.NsecToTimespec(t.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return fmt.Errorf("set the clock to %s: %w", t, err)
	}
	return nil
}

// mixEntropy makes the kernel's random numbers differ from those of the other
// machines restored from the same snapshot.
func mixEntropy(seed []byte) error {
	if len(seed) == 0 {
		return nil
	}
	f, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	// struct rand_pool_info { int entropy_count; int buf_size; __u32 buf[]; }
	info := binary.NativeEndian.AppendUint32(nil, uint32(8*len(seed)))
	info = binary.NativeEndian.AppendUint32(info, uint32(len(seed)))
	info = append(info, seed...)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), rndAddEntropy, uintptr(unsafe.Pointer(&info[0])))
	runtime.KeepAlive(info)
	if errno != 0 {
		return fmt.Errorf("add entropy: %w", errno)
	}
	if err := unix.IoctlSetInt(int(f.Fd()), rndReseedCRNG, 0); err != nil {
		return fmt.Errorf("reseed the random numbers: %w", err)
	}
	return nil
}

// mountData mounts the data disk, which may be another than when the machine
// was snapshotted: what the kernel remembers of it is thrown away first.
func mountData(dev, target string) error {
	f, err := os.Open(dev)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0); err != nil {
		return fmt.Errorf("flush buffers of %s: %w", dev, err)
	}
	return mountAll([]mount{{dev, target, "ext4", unix.MS_RDONLY, ""}})
}

// kernel returns the release and the time since boot.
func kernel() (release string, uptime time.Duration) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err == nil { // cannot fail with a valid pointer
		release = unix.ByteSliceToString(uts.Release[:])
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err == nil { // nor this one
		uptime = time.Duration(ts.Nano())
	}
	return release, uptime
}
