// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/vm"
	"github.com/tepui/tepui/integration/vm/proto"
)

func TestParse(t *testing.T) {
	var msg bytes.Buffer
	tool, err := parse([]string{"-data", "bin:b", "-data", "/a/file", "-env", "A=1", "-timeout", "3s", "exec", "x.test", "-test.v"}, nil, nil, &msg)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]vm.Data{{Host: "bin", Guest: "b"}, {Host: "/a/file", Guest: "file"}}, tool.data); d != "" {
		t.Errorf("data: %s", d)
	}
	if tool.action != "exec" || strings.Join(tool.args, " ") != "x.test -test.v" || tool.timeout != 3*time.Second {
		t.Errorf("got %s %q within %s", tool.action, tool.args, tool.timeout)
	}
}

func TestMistakesAreTold(t *testing.T) {
	for line, want := range map[string]string{
		"":                   "no command given",
		"fly":                `unknown command "fly"`,
		"-data : sh ls":      "HOST[:GUEST]",
		"-env = sh ls":       "NAME=VALUE",
		"-no-such-flag":      "no-such-flag",
		"sh":                 "no line given",
		"run":                "no program given",
		"exec":               "no program given",
		"-up exec x":         "leave -up out",
		"-flavour bsd run x": `no flavour "bsd"`,
		"-up -data a run x":  "cannot change",
	} {
		var msg bytes.Buffer
		code, err := run(strings.Fields(line), nil, nil, &msg)
		if code == 0 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("vm %s: exit code %d, %v; want %q", line, code, err, want)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	var msg bytes.Buffer
	if code, err := run([]string{"-help"}, nil, nil, &msg); code != 0 || err != nil || !strings.Contains(msg.String(), "go test -exec") {
		t.Errorf("exit code %d, %v, text %q", code, err, &msg)
	}
}

func TestEnvironment(t *testing.T) {
	tool := &tool{env: []string{"SET=1"}}
	got := tool.environment([]string{"TEPUI_BIN=/b", "HOME=/root", "INTEGRATION=vm", "INTEGRATION_X=no", "GODEBUG=a=1"})
	want := []string{"TEPUI_BIN=/b", "INTEGRATION=vm", "GODEBUG=a=1", "SET=1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestExitCode(t *testing.T) {
	if code, err := exitCode(proto.Result{Code: 7}); code != 7 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	if code, err := exitCode(proto.Result{Code: -1, Signal: 9}); code != 137 || err == nil {
		t.Errorf("%d, %v", code, err)
	}
}
