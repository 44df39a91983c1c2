// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/tepui/tepui/api/registry"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
)

// maxKey is the longest key that is a key of the file as it is. bbolt takes some
// more than with the hash of a longer one.
const maxKey = 1 << 10

// message returns an empty message for the values of a kind and key, or nil if
// this version knows no such.
func message(kind core.RecordKind, key string) proto.Message {
	switch kind {
	case core.RecordAgent:
		return new(registry.Agent)
	case core.RecordFramework:
		return new(registry.Framework)
	case core.RecordWeight:
		return new(registry.Weight)
	case core.RecordQuota:
		return new(registry.Quota)
	case core.RecordMaintenance:
		switch key {
		case "schedule":
			return new(registry.Schedule)
		case "machines":
			return new(registry.Machines)
		}
	}
	return nil
}

// kinds are the kinds of records in the order in which Load returns them.
func kinds() []core.RecordKind {
	return []core.RecordKind{
		core.RecordWeight, core.RecordQuota, core.RecordMaintenance, core.RecordAgent, core.RecordFramework,
	}
}

// keyOf returns the key in the file for the key of a record.
func keyOf(key string) []byte {
	if len(key) <= maxKey {
		return []byte(key)
	}
	sum := sha256.Sum256([]byte(key))
	return append([]byte(key[:maxKey]), hex.EncodeToString(sum[:])...)
}

// encode returns the value in the file for a record.
func encode(r core.Record) ([]byte, error) {
	want := message(r.Kind, r.Key)
	if want == nil {
		return nil, fmt.Errorf("no kind of record is named so")
	}
	if got := r.Value.ProtoReflect().Descriptor().FullName(); got != want.ProtoReflect().Descriptor().FullName() {
		return nil, fmt.Errorf("the value is a %s, and must be a %s", got, want.ProtoReflect().Descriptor().FullName())
	}
	b := make([]byte, 4, 4+binary.MaxVarintLen64+len(r.Key)+proto.Size(r.Value))
	b = binary.AppendUvarint(b, uint64(len(r.Key)))
	b = append(b, r.Key...)
	b, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, r.Value)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(b, checksum(b[4:]))
	return b, nil
}

// decode returns the record of a kind with this key and value in the file. It
// keeps neither.
func decode(kind core.RecordKind, inFile, b []byte) (core.Record, error) {
	if len(b) < 4 || binary.BigEndian.Uint32(b) != checksum(b[4:]) {
		return core.Record{}, errors.New("its checksum is wrong")
	}
	length, n := binary.Uvarint(b[4:])
	rest := b[4+max(n, 0):]
	if n <= 0 || length > uint64(len(rest)) {
		return core.Record{}, errors.New("the length of its key is wrong")
	}
	key := string(rest[:length])
	if string(keyOf(key)) != string(inFile) {
		return core.Record{}, fmt.Errorf("it is the record of %q", key)
	}
	value := message(kind, key)
	if value == nil {
		return core.Record{}, errors.New("no kind of record is named so")
	}
	if err := proto.Unmarshal(rest[length:], value); err != nil {
		return core.Record{}, err
	}
	return core.Record{Kind: kind, Key: key, Value: value}, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
