// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

func TestAnOfferIsAcceptedOnce(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{})
	offer := launch(t, ctx, f, framework.Command("first", "exec sleep 3600", 0.1, 16))
	if err := f.LaunchWith(offer, framework.Command("second", "true", 0.1, 16)); err != nil {
		t.Fatal(err)
	}
	u := await(t, ctx, f, "second", mesos.TaskState_TASK_LOST)
	wantReason(t, u, mesos.TaskStatus_REASON_INVALID_OFFERS)
	if id := offer.GetId().GetValue(); !strings.Contains(u.GetMessage(), id) {
		t.Errorf("the message %q does not name offer %s", u.GetMessage(), id)
	}
	await(t, ctx, f, "first", mesos.TaskState_TASK_RUNNING)
}

func TestMoreThanWasOfferedIsRefused(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{})
	offer, err := f.Offer(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.LaunchWith(offer, framework.Command("giant", "true", 4096, 16)); err != nil {
		t.Fatal(err)
	}
	u := await(t, ctx, f, "giant", mesos.TaskState_TASK_ERROR)
	wantReason(t, u, mesos.TaskStatus_REASON_TASK_INVALID)
	if !strings.Contains(u.GetMessage(), "4096") {
		t.Errorf("the message %q does not say what was asked for", u.GetMessage())
	}
}

func TestAnUnknownUserIsNamed(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{})
	task := framework.Command("whose", "true", 0.1, 16)
	task.Command.User = proto.String("nobody-of-that-name")
	launch(t, ctx, f, task)
	u := await(t, ctx, f, "whose", mesos.TaskState_TASK_FAILED)
	if !strings.Contains(u.GetMessage(), "nobody-of-that-name") {
		t.Errorf("the message %q does not name the user", u.GetMessage())
	}
}

func TestAMissingProgramIsNamed(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{})
	task := framework.Task("what", 0.1, 16)
	task.Command = framework.Program("/no/such/program")
	launch(t, ctx, f, task)
	u := await(t, ctx, f, "what", mesos.TaskState_TASK_FAILED)
	wantReason(t, u, mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED)
	if !strings.Contains(u.GetMessage(), "/no/such/program") {
		t.Errorf("the message %q does not name the program", u.GetMessage())
	}
}

// archive is a .tgz with the given entries.
func archive(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range entries {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = "climbed"
		}
		h.Size, h.Mode = int64(len(text)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAFetchThatFailsNamesURIAndCause(t *testing.T) {
	target := filepath.Join(t.TempDir(), "target")
	up := strings.Repeat("../", 20)
	files := map[string][]byte{
		"/climbs.tgz": archive(t, tar.Header{Name: up + target, Typeflag: tar.TypeReg}),
		"/link.tgz": archive(t, tar.Header{Name: "out", Typeflag: tar.TypeSymlink, Linkname: filepath.Dir(target)},
			tar.Header{Name: "out/target", Typeflag: tar.TypeReg}),
		"/text.tgz": []byte("this is no archive"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := files[r.URL.Path]; ok {
			_, _ = w.Write(body) // a client that has gone has what it wants
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	ctx, _, f := begin(t, cluster.Options{})
	for name, c := range map[string]struct{ uri, cause string }{
		"missing-file": {"file:///no/such/executor.tgz", "no such file"},
		"not-found":    {server.URL + "/nothing.tgz", "404"},
		"no-archive":   {server.URL + "/text.tgz", "gzip"},
		"climbs":       {server.URL + "/climbs.tgz", ".."},
		"link":         {server.URL + "/link.tgz", "out"},
		"scheme":       {"gopher://example/executor", "gopher"},
		"refused":      {"http://127.0.0.1:1/executor.tgz", "refused"},
	} {
		task := framework.Command(name, "true", 0.1, 32)
		task.Command.Uris = []*mesos.CommandInfo_URI{{Value: proto.String(c.uri)}}
		launch(t, ctx, f, task)
		u := await(t, ctx, f, name, mesos.TaskState_TASK_FAILED)
		wantReason(t, u, mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED)
		t.Logf("%s: %s", name, u.GetMessage())
		for _, part := range []string{c.uri, c.cause} {
			if !strings.Contains(u.GetMessage(), part) {
				t.Errorf("%s: the message %q does not say %q", name, u.GetMessage(), part)
			}
		}
	}
	if _, err := os.Lstat(target); !os.IsNotExist(err) {
		t.Errorf("an archive has written %s, outside of its sandbox (%v)", target, err)
	}
}

func TestAnExecutorThatNeverRegisters(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{AgentFlags: []string{"--executor_registration_timeout", "2secs"}})
	launch(t, ctx, f, framework.In(actor(t, "mute", actSilent), "waiting", 0.1, 16))
	u := await(t, ctx, f, "waiting", mesos.TaskState_TASK_FAILED)
	wantReason(t, u, mesos.TaskStatus_REASON_EXECUTOR_REGISTRATION_TIMEOUT)
}

// The second stream of an executor replaces the first, and the executor goes on.
func TestAnExecutorThatRegistersTwice(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{})
	e := actor(t, "double", actTwice)
	launch(t, ctx, f, framework.In(e, "early", 0.1, 16))
	// The first driver may have had the task when the second took over.
	u, err := f.Await(ctx, "early", mesos.TaskState_TASK_RUNNING, mesos.TaskState_TASK_LOST)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the early task: %s %s", u.GetState(), u.GetMessage())
	container(t, ctx, c.Agents[0], "double")
	launch(t, ctx, f, framework.In(e, "late", 0.1, 16))
	await(t, ctx, f, "late", mesos.TaskState_TASK_RUNNING)
}
