// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
)

// qemuProgram is the emulator; Debian's qemu-system-x86 has it.
const qemuProgram = "qemu-system-x86_64"

// What every machine has. Two CPUs, so that cpusets and shares mean
// something; under TCG both run in one host thread, which is twice as fast as
// two threads for programs that fork and collect garbage.
const (
	cpus      = 2
	memoryMiB = 1024
)

// The files that QEMU inherits, in the order of exec.Cmd.ExtraFiles.
const (
	fdPort     = 3 + iota // listening socket of the virtio-serial port
	fdMonitor             // listening socket of the QMP monitor
	fdIncoming            // the state to restore
)

// launch is all that QEMU's command line depends on.
type launch struct {
	accel     Accel
	flavour   Flavour
	kernel    string // file
	initramfs string // file
	root      string // read-only disk
	data      string // read-only disk, dataSize long
	restore   bool   // take the state from fdIncoming instead of booting
}

// args renders QEMU's arguments. Nothing in them but the names of files may
// differ between a snapshot and what is restored from it.
func (l launch) args() []string {
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-machine", "q35", "-smp", strconv.Itoa(cpus), "-m", strconv.Itoa(memoryMiB),
		"-kernel", l.kernel, "-initrd", l.initramfs,
		// panic=-1: a kernel that panics ends QEMU, because of -no-reboot.
		"-append", "console=ttyS0 quiet panic=-1 mitigations=off vm.init=" + l.flavour.Name,
		"-serial", "stdio",
		"-chardev", fmt.Sprintf("socket,id=port,fd=%d,server=on,wait=off", fdPort),
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d,server=on,wait=off", fdMonitor),
		"-mon", "chardev=monitor,mode=control",
		"-device", "virtio-serial-pci", "-device", "virtserialport,chardev=port,name=" + portName,
		"-device", "virtio-rng-pci",
	}
	args = append(args, l.accel.args()...)
	for i, disk := range []string{l.root, l.data} {
		id := "disk" + strconv.Itoa(i)
		args = append(args,
			"-drive", "if=none,format=raw,readonly=on,id="+id+",file="+escapeComma(disk),
			"-device", "virtio-blk-pci,drive="+id)
	}
	if l.restore {
		args = append(args, "-incoming", "fd:"+strconv.Itoa(fdIncoming))
	}
	return args
}

var comma = regexp.MustCompile(",")

// escapeComma writes a file name the way that QEMU's lists of options want it.
func escapeComma(name string) string { return comma.ReplaceAllString(name, ",,") }

// qemuVersion returns the line that QEMU tells its version in. A snapshot is
// good for one version only.
func qemuVersion(ctx context.Context) (string, error) {
	out, err := command(ctx, "", qemuProgram, "--version")
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("vm: no %s here: apt-get install qemu-system-x86, or make vm-deps: %w", qemuProgram, err)
	}
	return out, err
}

// process is a QEMU that runs.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has been waited for
	err   error         // how it ended; read after ended
}

// startProcess starts QEMU with its output going to log. It dies with this
// process, however that one ends.
func startProcess(args []string, files []*os.File, log *os.File) (*process, error) {
	p := &process{cmd: exec.Command(qemuProgram, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.ExtraFiles = log, log, files
	p.cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // an interrupt at the terminal is ours to handle
	}
	started := make(chan error)
	go func() {
		// Pdeathsig comes when the thread ends that started the child: this
		// goroutine keeps its thread until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("vm: start %s: %w", qemuProgram, err)
	}
	return p, nil
}

// kill ends QEMU and waits for its end. There is nothing in a machine to save.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("vm: kill QEMU %d: %w", p.cmd.Process.Pid, err)
	}
	<-p.ended
	return nil
}
