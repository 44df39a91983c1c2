// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The addresses that the Vagrantfile gives its machines.
const (
	MasterIP = "192.168.56.10"
	agent1IP = "192.168.56.11"
	agent2IP = "192.168.56.12"

	// Endpoint is where the master serves, from every machine and from here.
	Endpoint = MasterIP + ":5050"
)

// Cluster is the machines of the Vagrantfile, reached over ssh.
type Cluster struct {
	Master Machine
	Agents []Machine // agent1, agent2
}

// Open asks Vagrant how to reach its machines and keeps the answer, and the
// control sockets of shared ssh connections, in dir. The Vagrantfile is looked
// for from the working directory upwards, as Vagrant does.
func Open(ctx context.Context, dir string) (*Cluster, error) {
	config, err := exec.CommandContext(ctx, "vagrant", "ssh-config").Output()
	if err != nil {
		return nil, fmt.Errorf("vagrant: ssh-config: %w (are the machines up? 'make vagrant-up' starts them)", withStderr(err))
	}
	path := filepath.Join(dir, "ssh_config")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return nil, fmt.Errorf("vagrant: keep the ssh configuration: %w", err)
	}
	ssh := []string{
		"-F", path,
		"-o", "BatchMode=yes",
		"-o", "ConnectTimeout=20",
		"-o", "ServerAliveInterval=10",
		"-o", "ControlMaster=auto",
		"-o", "ControlPersist=yes",
		"-o", "ControlPath=" + filepath.Join(dir, "%n"),
	}
	return &Cluster{
		Master: Machine{Name: "master", IP: MasterIP, ssh: ssh},
		Agents: []Machine{
			{Name: "agent1", IP: agent1IP, ssh: ssh},
			{Name: "agent2", IP: agent2IP, ssh: ssh},
		},
	}, nil
}

// Machines returns all machines, the master first.
func (c *Cluster) Machines() []Machine {
	return append([]Machine{c.Master}, c.Agents...)
}

// Close ends the shared ssh connections. Machines stay up.
func (c *Cluster) Close() {
	for _, m := range c.Machines() {
		m.Hangup()
	}
}

// Machine is one virtual machine.
type Machine struct {
	Name string
	IP   string // on the private network
	ssh  []string
}

// Run runs script by bash as root on the machine, with -e, and returns its
// standard output without the final newline. The error of a script that failed
// carries its exit status and standard error. It is safe for concurrent use.
func (m Machine) Run(ctx context.Context, script string) (string, error) {
	return m.feed(ctx, nil, script)
}

// Put writes data to the file path of the machine, executable by all.
func (m Machine) Put(ctx context.Context, data []byte, path string) error {
	_, err := m.feed(ctx, data, fmt.Sprintf("cat > %[1]s.part && chmod 755 %[1]s.part && mv %[1]s.part %[1]s", path))
	return err
}

// Hangup ends the shared ssh connection to the machine, so that the next Run
// dials anew; needed after the machine has rebooted.
func (m Machine) Hangup() {
	// It fails if there is no connection, which is as good.
	_ = exec.Command("ssh", append(m.ssh[:len(m.ssh):len(m.ssh)], "-O", "exit", m.Name)...).Run()
}

func (m Machine) feed(ctx context.Context, stdin []byte, script string) (string, error) {
	args := append(m.ssh[:len(m.ssh):len(m.ssh)], m.Name, "sudo bash -ec "+quote(script))
	cmd := exec.CommandContext(ctx, "ssh", args...)
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("vagrant: on %s: %w; script: %s", m.Name, withStderr(err), script)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// quote makes one word of a POSIX shell out of s.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// withStderr adds what a command wrote to its standard error.
func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}
