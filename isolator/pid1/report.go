// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"io"
	"syscall"
)

// Step names one thing that process 1 does before the command runs.
type Step string

// The steps, in their order.
const (
	StepConfig    Step = "configuration"
	StepNamespace Step = "namespace"
	StepHostname  Step = "hostname"
	StepMount     Step = "mount"
	StepOOMScore  Step = "oom_score_adj"
	StepPrivilege Step = "no_new_privs"
	StepUser      Step = "user"
	StepDir       Step = "working directory"
	StepProgram   Step = "program"
	StepRlimit    Step = "resource limit"
	StepExec      Step = "exec"
)

// Report is the answer of process 1: with an empty Step the command has been
// executed; otherwise it has not, and nothing of it will ever run.
type Report struct {
	Step   Step
	Object string        // what the step was about: a path, a number
	Errno  syscall.Errno // what the kernel said; 0 if it was not the kernel that refused
}

// Error says what the step was about and what the kernel said; the step itself
// is for the caller to add.
func (r *Report) Error() string {
	switch {
	case r.Errno == 0:
		return r.Object
	case r.Object == "":
		return r.Errno.Error()
	}
	return r.Object + ": " + r.Errno.Error()
}

// Unwrap returns the errno, for errors.Is with fs.ErrNotExist and its like.
func (r *Report) Unwrap() error {
	if r.Errno == 0 {
		return nil
	}
	return r.Errno
}

func (r *Report) marshal() []byte {
	var e encoder
	e.uint(version)
	e.str(string(r.Step))
	e.str(r.Object)
	e.uint(uint64(r.Errno))
	return frame(e.b)
}

func (r *Report) unmarshal(payload []byte) error {
	d := decoder{b: payload}
	if d.uint() != version {
		return errVersion
	}
	*r = Report{Step: Step(d.str()), Object: d.str(), Errno: syscall.Errno(d.uint())}
	return d.end()
}

// ReadReport reads the one report that process 1 sends. io.EOF means that it
// ended without one.
func ReadReport(from io.Reader) (Report, error) {
	var r Report
	payload, err := readFrame(from)
	if err != nil {
		return r, err
	}
	return r, r.unmarshal(payload)
}

func readFrame(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	n := frameLen(head)
	if n > MaxFrame {
		return nil, errTruncated
	}
	payload := make([]byte, n)
	_, err := io.ReadFull(from, payload)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return payload, err
}
