// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

// Descriptors that process 1 is started with, besides 0, 1 and 2, which become
// the command's. None of these reaches the command.
const (
	ControlFD = 3 // a stream socket: a Config in, a Report out
	StatusFD  = 4 // where the wait status is written, opened for writing
	SignalFD  = 5 // a named pipe, opened for reading and writing: a byte in is a signal for the command
	ProgramFD = 6 // the program of process 1 itself, by which it is executed; closed at once
)

// ProgramPath is where a new process 1 finds its program.
const ProgramPath = "/proc/self/fd/6"

// version changes whenever the form of Config or Report does.
const version = 1

// Config is what process 1 is to make of its container and to run in it.
type Config struct {
	Args     []string // Args[0] with a '/' is a path, relative to Dir; otherwise looked up in the PATH of Env
	Env      []string // KEY=value
	Dir      string   // working directory, absolute
	Hostname string   // empty leaves the host's

	UID, GID   uint32
	Groups     []uint32 // supplementary groups, all of them
	Umask      int      // negative leaves the inherited one
	NoNewPrivs bool

	OOMScoreAdj int  // for process 1 and the command
	NewCgroupNS bool // enter a cgroup namespace rooted at the container's own cgroup

	Mounts  []Mount
	Rlimits []Rlimit
}

// Mount is one file system to attach. Neither path may lead through a symbolic
// link: what is mounted where must be what the agent named.
type Mount struct {
	Type      string   // "bind" or "tmpfs"
	Source    string   // absolute; of a bind mount only
	Target    string   // absolute; must exist
	Recursive bool     // a bind mount takes along what is mounted below Source
	Set       uint64   // MOUNT_ATTR_ flags to set
	Clear     uint64   // MOUNT_ATTR_ flags to clear
	Options   []string // key=value for tmpfs: size, mode, uid, gid, nr_inodes
}

// Rlimit is one resource limit of the command; RLIM_INFINITY is the largest uint64.
type Rlimit struct {
	Resource   int // RLIMIT_ number
	Soft, Hard uint64
}

// Marshal returns c as one frame for the control socket.
func (c *Config) Marshal() []byte {
	e := encoder{b: make([]byte, 0, 4096)}
	e.uint(version)
	e.strs(c.Args)
	e.strs(c.Env)
	e.str(c.Dir)
	e.str(c.Hostname)
	e.uint(uint64(c.UID))
	e.uint(uint64(c.GID))
	e.uint(uint64(len(c.Groups)))
	for _, g := range c.Groups {
		e.uint(uint64(g))
	}
	e.int(int64(c.Umask))
	e.bool(c.NoNewPrivs)
	e.int(int64(c.OOMScoreAdj))
	e.bool(c.NewCgroupNS)
	e.uint(uint64(len(c.Mounts)))
	for i := range c.Mounts {
		c.Mounts[i].marshal(&e)
	}
	e.uint(uint64(len(c.Rlimits)))
	for _, r := range c.Rlimits {
		e.uint(uint64(r.Resource))
		e.uint(r.Soft)
		e.uint(r.Hard)
	}
	return frame(e.b)
}

func (m *Mount) marshal(e *encoder) {
	e.str(m.Type)
	e.str(m.Source)
	e.str(m.Target)
	e.bool(m.Recursive)
	e.uint(m.Set)
	e.uint(m.Clear)
	e.strs(m.Options)
}

// Unmarshal sets c from the payload of a frame.
func (c *Config) Unmarshal(payload []byte) error {
	d := decoder{b: payload}
	if d.uint() != version {
		return errVersion
	}
	*c = Config{
		Args: d.strs(), Env: d.strs(), Dir: d.str(), Hostname: d.str(),
		UID: uint32(d.uint()), GID: uint32(d.uint()), Groups: d.groups(),
		Umask: int(d.int()), NoNewPrivs: d.bool(),
		OOMScoreAdj: int(d.int()), NewCgroupNS: d.bool(),
		Mounts: d.mounts(), Rlimits: d.rlimits(),
	}
	return d.end()
}

func (d *decoder) groups() []uint32 {
	var list []uint32
	for range d.count() {
		list = append(list, uint32(d.uint()))
	}
	return list
}

func (d *decoder) mounts() []Mount {
	var list []Mount
	for range d.count() {
		list = append(list, Mount{
			Type: d.str(), Source: d.str(), Target: d.str(), Recursive: d.bool(),
			Set: d.uint(), Clear: d.uint(), Options: d.strs(),
		})
	}
	return list
}

func (d *decoder) rlimits() []Rlimit {
	var list []Rlimit
	for range d.count() {
		list = append(list, Rlimit{Resource: int(d.uint()), Soft: d.uint(), Hard: d.uint()})
	}
	return list
}
