// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/master"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (cl *client) operators() link.OperatorsClient { return link.NewOperatorsClient(cl.cc) }

// ask makes a call that needs no parameters.
func (cl *client) ask(ctx context.Context, t operator.Call_Type) (*operator.Response, error) {
	return cl.operators().Call(ctx, &operator.Call{Type: &t})
}

// stuck is a log that holds the loop at the next note, until it is let go.
type stuck struct {
	slog.Handler
	hold chan struct{}
}

func (s stuck) Enabled(context.Context, slog.Level) bool { return true }

func (s stuck) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "framework") {
		<-s.hold
	}
	return nil
}

// whileStuck runs a test against a master whose loop is held until letGo.
func whileStuck(t *testing.T, test func(t *testing.T, c *cluster, letGo func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := stuck{Handler: slog.DiscardHandler, hold: make(chan struct{})}
		c := start(t, master.Config{Log: slog.New(s)})
		defer c.stop()
		sched := c.dial().scheduler()
		sched.send(subscribeCall())
		synctest.Wait()
		test(t, c, func() { close(s.hold) })
	})
}

func TestAnOperatorIsAnswered(t *testing.T) {
	inBubble(t, master.Config{Version: "1.2.3"}, func(t *testing.T, c *cluster) {
		got, err := c.dial().ask(t.Context(), operator.Call_GET_VERSION)
		if err != nil || got.GetGetVersion().GetVersionInfo().GetVersion() != "1.2.3" {
			t.Errorf("answer %v, error %v", got, err)
		}
	})
}

func TestAnOperatorIsToldWhatIsWrongByACode(t *testing.T) {
	for name, tc := range map[string]struct {
		call *operator.Call
		want codes.Code
		says string
	}{
		"no type":      {&operator.Call{}, codes.InvalidArgument, "type"},
		"unknown type": {&operator.Call{Type: operator.Call_UNKNOWN.Enum()}, codes.Unimplemented, "type"},
		"unsupported":  {&operator.Call{Type: operator.Call_LIST_FILES.Enum(), ListFiles: &operator.Call_ListFiles{Path: new("/")}}, codes.Unimplemented, "LIST_FILES"},
		"nobody": {&operator.Call{Type: operator.Call_TEARDOWN.Enum(), Teardown: &operator.Call_Teardown{
			FrameworkId: &mesos.FrameworkID{Value: new("nobody")},
		}}, codes.NotFound, `"nobody"`},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
				_, err := c.dial().operators().Call(t.Context(), tc.call)
				if status.Code(err) != tc.want || !strings.Contains(status.Convert(err).Message(), tc.says) {
					t.Errorf("error %v, want %v with %s", err, tc.want, tc.says)
				}
			})
		})
	}
}

func TestAnOperatorThatIsNotAnsweredIsToldSo(t *testing.T) {
	whileStuck(t, func(t *testing.T, c *cluster, letGo func()) {
		begin := time.Now()
		_, err := c.dial().ask(t.Context(), operator.Call_GET_HEALTH)
		if s := status.Convert(err); s.Code() != codes.DeadlineExceeded || s.Message() != "not answered after 2m0s: it may still have its effect" {
			t.Errorf("error %v", err)
		}
		if d := time.Since(begin); d != 2*time.Minute {
			t.Errorf("that took %v", d)
		}
		letGo()
	})
}

func TestMoreOperatorsThanCanWaitAreRefused(t *testing.T) {
	whileStuck(t, func(t *testing.T, c *cluster, letGo func()) {
		cl := c.dial()
		results := make(chan error)
		for range 256 {
			go func() {
				_, err := cl.ask(t.Context(), operator.Call_GET_HEALTH)
				results <- err
			}()
		}
		synctest.Wait()
		_, err := cl.ask(t.Context(), operator.Call_GET_HEALTH)
		if s := status.Convert(err); s.Code() != codes.ResourceExhausted || s.Message() != "256 calls of operators are waiting: try again later" {
			t.Errorf("error %v", err)
		}
		letGo()
		for range 256 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if _, err := cl.ask(t.Context(), operator.Call_GET_HEALTH); err != nil {
			t.Errorf("after all are answered: %v", err)
		}
	})
}

// A caller that has gone away does not make room for another: what it asked for is
// still to be done.
func TestOperatorsThatGaveUpStillCount(t *testing.T) {
	whileStuck(t, func(t *testing.T, c *cluster, letGo func()) {
		cl := c.dial()
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error)
		for range 256 {
			go func() {
				_, err := cl.ask(ctx, operator.Call_GET_HEALTH)
				results <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range 256 {
			if err := <-results; status.Code(err) != codes.Canceled {
				t.Errorf("error %v", err)
			}
		}
		synctest.Wait()
		if _, err := cl.ask(t.Context(), operator.Call_GET_HEALTH); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("error %v", err)
		}
		letGo()
		synctest.Wait()
		if _, err := cl.ask(t.Context(), operator.Call_GET_HEALTH); err != nil {
			t.Error(err)
		}
	})
}

func TestOperatorsHearThatTheMasterEnds(t *testing.T) {
	whileStuck(t, func(t *testing.T, c *cluster, letGo func()) {
		cl := c.dial()
		result := make(chan error)
		go func() {
			_, err := cl.ask(t.Context(), operator.Call_GET_HEALTH)
			result <- err
		}()
		synctest.Wait()
		stopped := make(chan struct{})
		go func() { defer close(stopped); c.stop() }()
		synctest.Wait()
		letGo()
		if err := <-result; status.Code(err) != codes.Unavailable && err != nil {
			t.Errorf("error %v", err)
		}
		<-stopped
		if _, err := cl.ask(t.Context(), operator.Call_GET_HEALTH); status.Code(err) != codes.Unavailable {
			t.Errorf("error %v", err)
		}
	})
}

func TestAnAnswerThatIsTooLargeIsRefusedWithWhatToDo(t *testing.T) {
	answer := func(bytes int) *operator.Response {
		return &operator.Response{ReadFile: &operator.Response_ReadFile{Size: new(uint64(bytes)), Data: make([]byte, bytes)}}
	}
	if _, err := master.Fitting(answer(master.MaxAnswer - 100)); err != nil {
		t.Error(err)
	}
	got, err := master.Fitting(answer(master.MaxAnswer))
	if got != nil || status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "ask for less") {
		t.Errorf("answer %v, error %v", got != nil, err)
	}
}
