// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tepui/tepui/integration/vm"
	"github.com/tepui/tepui/integration/vm/proto"
)

// tool is one call of the command.
type tool struct {
	action string
	args   []string

	cache, flavour, accel, mirror, program string
	timeout                                time.Duration
	useUp, verbose                         bool
	data                                   []vm.Data
	env                                    []string

	signals        <-chan os.Signal
	stdout, stderr io.Writer
}

// passed are the variables that go into the guest; a * stands for any rest.
var passed = []string{"INTEGRATION", "TEPUI_*", "GOMAXPROCS", "GODEBUG", "GOTRACEBACK"}

func (t *tool) addData(v string) error {
	host, guest, ok := strings.Cut(v, ":")
	if !ok {
		guest = filepath.Base(host)
	}
	if host == "" || guest == "" {
		return fmt.Errorf("want HOST[:GUEST], e.g. bin:bin")
	}
	t.data = append(t.data, vm.Data{Host: host, Guest: guest})
	return nil
}

func (t *tool) addEnv(v string) error {
	name, value, ok := strings.Cut(v, "=")
	if !ok {
		value = os.Getenv(name)
	}
	if name == "" {
		return errors.New("want NAME or NAME=VALUE")
	}
	t.env = append(t.env, name+"="+value)
	return nil
}

// environment is what the guest gets of an environment of the host, and what
// -env sets on top.
func (t *tool) environment(environ []string) []string {
	var out []string
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		for _, p := range passed {
			prefix, any := strings.CutSuffix(p, "*")
			if name == p || any && strings.HasPrefix(name, prefix) {
				out = append(out, e)
				break
			}
		}
	}
	return append(out, t.env...)
}

func (t *tool) log() *slog.Logger {
	level := slog.LevelInfo
	if t.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(t.stderr, &slog.HandlerOptions{Level: level}))
}

func (t *tool) prepare(ctx context.Context) (*vm.Image, error) {
	flavour, err := vm.FlavourNamed(t.flavour)
	if err != nil {
		return nil, err
	}
	cache, err := filepath.Abs(t.cache)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	img, err := vm.Prepare(ctx, vm.Config{
		Cache: cache, Program: t.program, Flavour: flavour,
		Accel: vm.Accel(t.accel), Mirror: t.mirror, Log: t.log(),
	})
	t.log().Debug("image ready", "flavour", t.flavour, "took", time.Since(began))
	return img, err
}

// machine is the VM that the command is to use, and how to be done with it.
func (t *tool) machine(ctx context.Context) (*vm.Machine, func() error, error) {
	if t.useUp {
		if len(t.data) > 0 {
			return nil, nil, errors.New("the data disk of a VM that is up cannot change: give -data to vm up")
		}
		m, err := vm.Attach(ctx, t.upDir())
		if err != nil {
			return nil, nil, err
		}
		return m, m.Hang, nil
	}
	img, err := t.prepare(ctx)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	m, err := img.Start(ctx, "", t.data)
	if err != nil {
		return nil, nil, err
	}
	t.log().Debug("machine restored", "took", time.Since(began))
	return m, m.Stop, nil
}

// upDir is the folder of the VM that vm up keeps for this cache and flavour.
// It is not below the cache: names of sockets have to be short.
func (t *tool) upDir() string {
	cache, err := filepath.Abs(t.cache)
	if err != nil {
		cache = t.cache
	}
	sum := sha256.Sum256([]byte(cache + "\n" + t.flavour))
	return filepath.Join(os.TempDir(), "tepui-vm-up-"+hex.EncodeToString(sum[:6]))
}

// runInside runs a command in the VM and returns its exit code.
func (t *tool) runInside(ctx context.Context, c vm.Command) (code int, err error) {
	m, done, err := t.machine(ctx)
	if err != nil {
		return exitTrouble, err
	}
	defer func() {
		if e := done(); e != nil {
			code, err = exitTrouble, errors.Join(err, e)
		}
	}()
	c.Stdout, c.Stderr, c.Signals = t.stdout, t.stderr, t.signals
	c.Env = append(t.environment(os.Environ()), c.Env...)
	if dir := os.Getenv("GOCOVERDIR"); dir != "" {
		c.Env = append(c.Env, "GOCOVERDIR="+c.BringDir(dir))
	}
	res, err := m.Exec(ctx, c)
	if err != nil {
		return exitTrouble, err
	}
	t.log().Debug("program ended", "elapsed", res.Elapsed, "user", res.User, "system", res.System, "max_rss", res.MaxRSS)
	return exitCode(res)
}

func exitCode(r proto.Result) (int, error) {
	if r.Signal != 0 {
		return 128 + r.Signal, fmt.Errorf("the program was ended by signal %d (%s)", r.Signal, syscall.Signal(r.Signal))
	}
	return r.Code, nil
}
