// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/isolator"
	"github.com/tepui/tepui/resource"
)

// agentFlags are those of an agent, but for its master and where it listens.
type agentFlags struct {
	app *app

	workDir             string
	runtimeDir          string
	isolation           string
	cgroupsRoot         string
	cfs                 bool
	launcherDir         string
	mesosHome           string
	frameworksHome      string
	resources           string
	attributes          string
	domain              domainValue
	switchUser          bool
	registrationTimeout time.Duration
	shutdownGrace       time.Duration
	maxGrace            time.Duration
}

func (f *agentFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.workDir, "work_dir", "/var/lib/tepui/agent", "directory for sandboxes")
	set.StringVar(&f.runtimeDir, "runtime_dir", "/run/tepui", "directory, on a tmpfs, for the agent's socket and exit statuses")
	set.StringVar(&f.isolation, "isolation", "cpu,memory", "what cgroup v2 limits: cpu, memory, both, or none (namespaces only)")
	set.StringVar(&f.cgroupsRoot, "cgroups_root", "", "cgroup v2 directory for the containers (default: the agent's own if delegated, else tepui below the root)")
	set.BoolVar(&f.cfs, "cgroups_enable_cfs", false, "limit cpus also where others are idle (cpu.max), not only share them (cpu.weight)")
	set.StringVar(&f.launcherDir, "launcher_dir", "", "directory of tepui-init (default: that of tepui)")
	set.StringVar(&f.mesosHome, "mesos_home", "", "MESOS_HOME of executors (default: that of the agent, else the directory of tepui)")
	set.StringVar(&f.frameworksHome, "frameworks_home", "", "directory that relative URIs start from (default: frameworks below --mesos_home)")
	set.StringVar(&f.resources, "resources", "", "what is offered, as in cpus:4;mem:8192;disk:10000;ports:[31000-32000]; what is not named is detected")
	set.StringVar(&f.attributes, "attributes", "", "what frameworks should know of the host, as in rack:r7;ssd:1")
	set.BoolVar(&f.switchUser, "switch_user", true, "run tasks as the user that their framework names, instead of the agent's own")
	positiveFlag(set, &f.registrationTimeout, "executor_registration_timeout", agent.DefaultRegistrationTimeout, "how long an executor may take to connect, at first and again")
	positiveFlag(set, &f.shutdownGrace, "executor_shutdown_grace_period", agent.DefaultShutdownGrace, "how long an executor may take to shut down")
	positiveFlag(set, &f.maxGrace, "max_grace_period", agent.DefaultMaxGrace, "the longest that frameworks may let executors and tasks take to end")
}

// check finds wrong usage before anything is touched.
func (f *agentFlags) check() error {
	if _, err := f.isolations(); err != nil {
		return err
	}
	if _, err := resource.Parse(f.resources); err != nil {
		return usageError{fmt.Errorf("--resources %q: %w", f.resources, err)}
	}
	if _, err := parseAttributes(f.attributes); err != nil {
		return usageError{fmt.Errorf("--attributes %q: %w", f.attributes, err)}
	}
	return nil
}

// prepare checks that the agent may run here, fills in defaults that depend on the
// host, and makes the directories.
func (f *agentFlags) prepare() error {
	if err := f.check(); err != nil {
		return err
	}
	if uid := os.Geteuid(); uid != 0 {
		return fmt.Errorf("user id %d: must be 0, since containers need the rights of root: start the agent with sudo or from a systemd unit", uid)
	}
	if err := f.findPrograms(); err != nil {
		return err
	}
	for _, dir := range []struct {
		flag string
		path *string
	}{{"work_dir", &f.workDir}, {"runtime_dir", &f.runtimeDir}} {
		abs, err := filepath.Abs(*dir.path)
		if err != nil {
			return fmt.Errorf("--%s %q: %w", dir.flag, *dir.path, err)
		}
		*dir.path = abs
		if err := os.MkdirAll(abs, 0o755); err != nil {
			return fmt.Errorf("--%s %s: %w: choose a directory that can be made", dir.flag, abs, err)
		}
	}
	return nil
}

// findPrograms finds what is beside this program unless told otherwise.
func (f *agentFlags) findPrograms() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if f.launcherDir == "" {
		f.launcherDir = filepath.Dir(self)
	}
	if _, err := os.Stat(f.init()); err != nil {
		return fmt.Errorf("--launcher_dir %s: has no tepui-init, which every container needs: install it there ('make build' makes it)", f.launcherDir)
	}
	if f.mesosHome == "" {
		f.mesosHome = filepath.Dir(self)
		if home, ok := f.app.env("MESOS_HOME"); ok && home != "" {
			f.mesosHome = home
		}
	}
	if f.frameworksHome == "" {
		f.frameworksHome = filepath.Join(f.mesosHome, "frameworks")
	}
	return nil
}

func (f *agentFlags) init() string { return filepath.Join(f.launcherDir, "tepui-init") }

// isolations reads --isolation. The names of Mesos are accepted too.
func (f *agentFlags) isolations() ([]string, error) {
	if f.isolation == "none" {
		return nil, nil
	}
	var names []string
	for name := range strings.SplitSeq(f.isolation, ",") {
		switch strings.TrimPrefix(name, "cgroups/") {
		case "cpu":
			names = append(names, isolator.CPU)
		case "mem", "memory":
			names = append(names, isolator.Memory)
		default:
			return nil, usageError{fmt.Errorf("--isolation %q: must be cpu, memory, both with a comma between, or none", f.isolation)}
		}
	}
	return names, nil
}

// sweepTime bounds the removal of what an agent that was killed has left.
const sweepTime = 30 * time.Second

// isolate makes the isolator. Containers of an agent that was killed are in
// nobody's ledger, so they must be gone before the host is offered again.
func (f *agentFlags) isolate(ctx context.Context, log *slog.Logger) (*isolator.Isolator, error) {
	iso, err := f.isolator()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	swept, err := iso.Sweep(ctx)
	for _, id := range swept {
		log.Warn("container of an agent that was killed is removed", "container_id", id)
	}
	if err != nil {
		return nil, errors.Join(err, iso.Close())
	}
	return iso, nil
}

func (f *agentFlags) isolator() (*isolator.Isolator, error) {
	names, err := f.isolations()
	if err != nil {
		return nil, err
	}
	return isolator.New(isolator.Options{
		Root:       f.cgroupsRoot,
		RuntimeDir: filepath.Join(f.runtimeDir, "containers"),
		Init:       f.init(),
		Isolation:  names,
		CFS:        f.cfs,
	})
}

// config wires an agent; its directories are below those of the flags if name is
// not empty.
func (f *agentFlags) config(master, hostname, name string, at netip.AddrPort, iso *isolator.Isolator, log *slog.Logger) (agent.Config, error) {
	workDir, runtimeDir := filepath.Join(f.workDir, name), filepath.Join(f.runtimeDir, name)
	for _, dir := range []string{workDir, runtimeDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return agent.Config{}, err
		}
	}
	total, err := f.total(workDir)
	if err != nil {
		return agent.Config{}, err
	}
	attributes, err := parseAttributes(f.attributes)
	if err != nil {
		return agent.Config{}, err
	}
	return agent.Config{
		Master:              master,
		Hostname:            hostname,
		Advertise:           at,
		WorkDir:             workDir,
		RuntimeDir:          runtimeDir,
		FrameworksHome:      f.frameworksHome,
		MesosHome:           f.mesosHome,
		Resources:           total,
		Attributes:          attributes,
		Domain:              f.domain.DomainInfo,
		Isolator:            agent.Isolated(iso),
		FetchCommand:        []string{"/proc/self/exe", "fetch"},
		SwitchUser:          f.switchUser,
		RegistrationTimeout: f.registrationTimeout,
		ShutdownGrace:       f.shutdownGrace,
		MaxGrace:            f.maxGrace,
		Log:                 log,
		Version:             version(),
	}, nil
}

// masterAddress checks an address of a master.
func masterAddress(text string) error {
	host, port, err := net.SplitHostPort(text)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		return usageError{fmt.Errorf("--master %q: must be host:port, such as 10.0.0.1:5050", text)}
	}
	return nil
}
