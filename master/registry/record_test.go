// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	messages "github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
)

// FuzzDecode: any bytes are a record that encodes to what decodes to it again, or an
// error. Checksums are made right for every second try, so that what is behind them
// is tried too.
func FuzzDecode(f *testing.F) {
	for _, role := range []string{"a", "", strings.Repeat("x", maxKey+1)} {
		value, err := encode(core.Record{Kind: core.RecordWeight, Key: role, Value: &messages.Weight{
			Info: &mesos.WeightInfo{Role: &role, Weight: new(2.0)},
		}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(0), keyOf(role), value, false)
		f.Add(uint8(3), keyOf(role), value, true)
	}
	f.Add(uint8(1), []byte("schedule"), []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, true)
	f.Fuzz(func(t *testing.T, which uint8, key, value []byte, right bool) {
		kind := kinds()[int(which)%len(kinds())]
		value = bytes.Clone(value)
		if right && len(value) >= 4 {
			binary.BigEndian.PutUint32(value, checksum(value[4:]))
		}
		record, err := decode(kind, key, value)
		if err != nil {
			return
		}
		again, err := encode(record)
		if err != nil {
			t.Fatalf("%v does not encode: %v", record, err)
		}
		second, err := decode(kind, key, again)
		if err != nil || second.Key != record.Key || !proto.Equal(second.Value, record.Value) {
			t.Fatalf("%v is %v the second time, error %v", record, second, err)
		}
	})
}

func TestAValueThatIsDamagedIsToldAsSuch(t *testing.T) {
	good, err := encode(core.Record{Kind: core.RecordWeight, Key: "a", Value: &messages.Weight{
		Info: &mesos.WeightInfo{Role: new("a"), Weight: new(2.0)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	rightly := func(b []byte) []byte {
		binary.BigEndian.PutUint32(b, checksum(b[4:]))
		return b
	}
	for name, tc := range map[string]struct {
		kind  core.RecordKind
		key   string
		value []byte
		says  string
	}{
		"nothing":           {core.RecordWeight, "a", nil, "its checksum is wrong"},
		"a byte less":       {core.RecordWeight, "a", good[:len(good)-1], "its checksum is wrong"},
		"another's":         {core.RecordWeight, "b", good, `it is the record of "a"`},
		"a key too long":    {core.RecordWeight, "a", rightly([]byte{0, 0, 0, 0, 9, 'a'}), "the length of its key is wrong"},
		"a key without end": {core.RecordWeight, "a", rightly([]byte{0, 0, 0, 0, 0xff}), "the length of its key is wrong"},
		"no such key":       {core.RecordMaintenance, "plan", rightly(append([]byte{0, 0, 0, 0, 4}, "plan"...)), "no kind of record is named so"},
		"no message":        {core.RecordWeight, "a", rightly([]byte{0, 0, 0, 0, 1, 'a', 0xff}), "proto"},
		"half a message":    {core.RecordWeight, "a", rightly([]byte{0, 0, 0, 0, 1, 'a'}), "required"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decode(tc.kind, []byte(tc.key), tc.value); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
}
