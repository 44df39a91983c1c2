// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/isolator"
)

func TestCommandIsWhatTheSpecSays(t *testing.T) {
	umask := uint32(0o027)
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		spec := shell(`id -u; id -g; id -G; pwd; hostname; umask; ulimit -Sn; ulimit -Hn; echo "$A"; grep NoNewPrivs /proc/self/status`)
		spec.Hostname = "tepui-test"
		spec.Process.Cwd = "/usr"
		spec.Process.Env = append(spec.Process.Env, "A=b c")
		spec.Process.User = specs.User{UID: nobody, GID: 2345, AdditionalGids: []uint32{3456, 4567}, Umask: &umask}
		spec.Process.NoNewPrivileges = true
		spec.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Soft: 100, Hard: 200}}
		got, exit := output(t, iso, spec)
		want := []string{"65534", "2345", "2345 3456 4567", "/usr", "tepui-test", "0027", "100", "200", "b c", "NoNewPrivs:\t1"}
		if diff := cmp.Diff(want, strings.Split(got, "\n")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if exit.Status != 0 || exit.OOM != nil {
			t.Errorf("exit is %+v", exit)
		}
	})
}

func TestNamesOfUsersAndPrograms(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		spec := shell("")
		spec.Process.Args = []string{"id", "-u"}
		spec.Process.User = specs.User{Username: "nobody"}
		if got, _ := output(t, iso, spec); got != "65534" {
			t.Errorf("id as user nobody prints %q", got)
		}
		spec.Process.Args = []string{"./id", "-u"}
		spec.Process.Cwd = "/usr/bin"
		if got, _ := output(t, iso, spec); got != "65534" {
			t.Errorf("./id in /usr/bin prints %q", got)
		}
	})
}

func TestNamespacesAreItsOwn(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "ns", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		for ns, shared := range map[string]bool{"pid": false, "mnt": false, "ipc": false, "uts": false, "net": true, "user": true} {
			ours, theirs := link(t, "/proc/self/ns/"+ns), link(t, "/proc/"+strconv.Itoa(c.Pid())+"/ns/"+ns)
			if (ours == theirs) != shared {
				t.Errorf("namespace %s: host has %s, container %s", ns, ours, theirs)
			}
		}
	})
}

func TestOnlyItsOwnProcessesAreVisible(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		got, _ := output(t, iso, shell("cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l; grep ' /proc ' /proc/self/mounts | tail -n 1"))
		lines := strings.Split(got, "\n")
		if lines[0] != "tepui-init" {
			t.Errorf("process 1 is %q", lines[0])
		}
		// process 1, the shell and the two ends of a pipe
		if n, err := strconv.Atoi(lines[1]); err != nil || n > 5 {
			t.Errorf("%q processes are visible", lines[1])
		}
		for _, flag := range []string{"nosuid", "nodev", "noexec"} {
			if !strings.Contains(lines[2], flag) {
				t.Errorf("/proc is mounted as %q, without %s", lines[2], flag)
			}
		}
	})
}

// The command gets its standard descriptors and nothing else, and process 1
// has nothing that would be worth taking, even for root.
func TestDescriptors(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		leak, err := os.Open("/")
		if err != nil {
			t.Fatal(err)
		}
		defer leak.Close()
		if _, _, e := syscall.Syscall(syscall.SYS_FCNTL, leak.Fd(), syscall.F_SETFD, 0); e != 0 { // as if inherited
			t.Fatal(e)
		}
		got, _ := output(t, iso, asRoot(shell("ls /proc/$$/fd; echo init; ls -l /proc/1/fd")))
		mine, init, _ := strings.Cut(got, "init\n")
		if want := "0\n1\n2\n"; mine != want && mine != want+"10\n" { // bash and dash may keep their script open
			t.Errorf("the command has descriptors\n%s", mine)
		}
		for line := range strings.Lines(init) {
			_, to, ok := strings.Cut(strings.TrimSpace(line), " -> ")
			fine := !ok || to == os.DevNull || strings.HasSuffix(to, "/status") || strings.HasSuffix(to, "/signals") ||
				strings.Contains(to, "/out") || strings.HasPrefix(to, "anon_inode:[event") || to == "/"
			if !fine {
				t.Errorf("process 1 has %s open", to)
			}
		}
	})
}

func TestProgramOfProcess1CannotBeWritten(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		got, exit := output(t, iso, asRoot(shell(`exec 2>&1; (echo x >/proc/1/exe) && echo written; (echo x >>/proc/1/exe) && echo appended; true`)))
		if strings.Contains(got, "written") || strings.Contains(got, "appended") || exit.Status != 0 {
			t.Errorf("writing to /proc/1/exe: %s", got)
		}
	})
}

// Process 1 does without huge pages; the command is not to notice.
func TestHugePages(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		if !strings.Contains(read(t, "/proc/self/status"), "THP_enabled:") {
			t.Skip("a kernel without huge pages")
		}
		for pid, want := range map[string]string{strconv.Itoa(c.Pid()): "0", childOf(t, c.Pid()): "1"} {
			// When Start returns the command can no longer fail to be executed, but
			// the kernel may still be about to give it its new memory.
			eventually(t, "process "+pid+" has THP_enabled "+want, func() bool {
				return strings.Contains(read(t, "/proc/"+pid+"/status"), "THP_enabled:\t"+want)
			})
		}
	})
}

func TestMounts(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		host := t.TempDir()
		if err := os.WriteFile(filepath.Join(host, "file"), []byte("of the host"), 0o644); err != nil {
			t.Fatal(err)
		}
		spec := asRoot(shell(`cat /mnt/file; touch /mnt/new 2>/dev/null || echo read-only; touch /tmp/private; ls /tmp; grep -E ' /(tmp|mnt) ' /proc/self/mounts | tail -n 2 | cut -d" " -f2-4`))
		spec.Mounts = []specs.Mount{
			{Destination: "/mnt", Type: "bind", Source: host, Options: []string{"rbind", "ro", "nosuid"}},
			{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"size=1m", "mode=0700", "noexec"}},
			{Destination: "/proc", Type: "proc", Source: "proc"},
		}
		got, _ := output(t, iso, spec)
		lines := strings.Split(got, "\n")
		if len(lines) != 4 || lines[0] != "of the hostread-only" || lines[1] != "private" {
			// the file has no newline
			t.Fatalf("in the container:\n%s", got)
		}
		for i, flags := range [][]string{{"ro", "nosuid"}, {"rw", "nosuid", "nodev", "noexec", "size=1024k", "mode=700"}} {
			for _, f := range flags {
				if !slices.Contains(strings.FieldsFunc(lines[i+2], func(r rune) bool { return r == ',' || r == ' ' }), f) {
					t.Errorf("mount %q has not %s", lines[i+2], f)
				}
			}
		}
		if _, err := os.Stat("/tmp/private"); err == nil {
			t.Error("the container's /tmp is the host's")
		}
	})
}

func link(tb testing.TB, path string) string {
	tb.Helper()
	to, err := os.Readlink(path)
	if err != nil {
		tb.Fatal(err)
	}
	return to
}
