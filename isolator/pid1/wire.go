// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import "errors"

// MaxFrame bounds a frame on the control socket, in bytes. The kernel refuses
// a command whose arguments and environment exceed 6 MiB, so no Config that
// could be executed is larger.
const MaxFrame = 8 << 20

var (
	errTruncated = errors.New("pid1: message is truncated or has a wrong length")
	errVersion   = errors.New("pid1: message is of another version: the isolator and its init must be of one build")
)

// The messages are a flat sequence of unsigned varints and of strings with
// their length in front; lists have their count in front. Both ends are always
// of one build, so there are no field numbers, only a version.

type encoder struct{ b []byte }

func (e *encoder) uint(v uint64) {
	for v >= 0x80 {
		e.b = append(e.b, byte(v)|0x80)
		v >>= 7
	}
	e.b = append(e.b, byte(v))
}

// int stores a signed number in zigzag form.
func (e *encoder) int(v int64) { e.uint(uint64(v<<1) ^ uint64(v>>63)) }

func (e *encoder) bool(v bool) {
	if v {
		e.uint(1)
		return
	}
	e.uint(0)
}

func (e *encoder) str(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) strs(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.str(s)
	}
}

// frame returns payload with its length in front, as it goes over the socket.
func frame(payload []byte) []byte {
	n := uint32(len(payload))
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, payload...)
}

// frameLen decodes the first four bytes of a frame: the length of its payload.
func frameLen(head [4]byte) int {
	return int(head[0]) | int(head[1])<<8 | int(head[2])<<16 | int(head[3])<<24
}

// decoder reads what encoder wrote. The first violation sets bad, and from
// then on every method returns zero values, so callers check once at the end.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uint() uint64 {
	var v uint64
	for i := 0; i < len(d.b) && i < 10; i++ {
		c := d.b[i]
		if i == 9 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.b = d.b[i+1:]
			return v
		}
	}
	d.fail()
	return 0
}

func (d *decoder) int() int64 {
	v := d.uint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *decoder) bool() bool { return d.uint() != 0 }

func (d *decoder) str() string {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// count reads the length of a list. Every element takes at least one byte, so
// a count beyond what is left cannot be true and is not allocated for.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) strs() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, d.str())
	}
	return list
}

func (d *decoder) fail() { d.b, d.bad = nil, true }

// end reports a violation met on the way, or bytes left over.
func (d *decoder) end() error {
	if d.bad || len(d.b) != 0 {
		return errTruncated
	}
	return nil
}
