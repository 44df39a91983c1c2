// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Accel is what runs the guest's instructions.
type Accel string

// KVM needs a host that virtualizes; TCG emulates, and works anywhere.
const (
	KVM Accel = "kvm"
	TCG Accel = "tcg"
)

// probeLimit is how long a machine may take to boot with KVM. Where KVM works
// it takes a second; there are hosts whose /dev/kvm opens and then hangs.
const probeLimit = 6 * time.Second

func (a Accel) args() []string {
	if a == KVM {
		return []string{"-accel", "kvm", "-cpu", "host"}
	}
	return []string{"-accel", "tcg,thread=single,tb-size=256", "-cpu", "max"} // MiB of translated code
}

// findAccel tells whether machines boot with KVM here, by booting one, once
// for each kernel of the host, kernel of the guest and QEMU.
func findAccel(ctx context.Context, s *Store, version string, l launch) (Accel, error) {
	if !kvmOpens() {
		return TCG, nil
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return "", fmt.Errorf("vm: uname: %w", err)
	}
	dir, err := s.Get(ctx, Artifact{
		Kind:   "accel",
		Inputs: []string{version, unix.ByteSliceToString(uts.Release[:]), unix.ByteSliceToString(uts.Version[:]), l.kernel},
		Build: func(ctx context.Context, dir string) error {
			found := probeKVM(ctx, s, l)
			if err := ctx.Err(); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "accel"), []byte(found), 0o644)
		},
	})
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(dir, "accel"))
	return Accel(b), err
}

func kvmOpens() bool {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	return err == nil && f.Close() == nil
}

// probeKVM boots a plain machine with KVM. Whatever goes wrong means TCG.
func probeKVM(ctx context.Context, s *Store, l launch) Accel {
	l.accel, l.flavour = KVM, Plain
	m, err := boot(ctx, l, probeLimit)
	if err == nil {
		err = m.Stop()
	}
	if err != nil {
		s.log.Info("KVM does not work here, machines are emulated", "limit", probeLimit)
		s.log.Debug("the attempt with KVM", "error", err)
		return TCG
	}
	return KVM
}
