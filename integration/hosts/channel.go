// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// channel sends and receives messages, and files with them.
type channel struct{ conn *net.UnixConn }

// newChannel takes over a file that is a seqpacket socket.
func newChannel(f *os.File) (channel, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return channel{}, errors.Join(fmt.Errorf("hosts: control socket: %w", err), f.Close())
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return channel{}, errors.Join(fmt.Errorf("hosts: control socket is a %T", c), c.Close(), f.Close())
	}
	return channel{conn}, f.Close() // FileConn made a duplicate
}

func (c channel) send(v any, files ...*os.File) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("hosts: message: %w", err)
	}
	if len(b) > maxMessage {
		return fmt.Errorf("hosts: message of %d bytes, at most %d fit", len(b), maxMessage)
	}
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	if _, _, err := c.conn.WriteMsgUnix(b, rights, nil); err != nil {
		return fmt.Errorf("hosts: send message: %w", err)
	}
	return nil
}

// receive reads one message into v and returns the files that came with it,
// which are the caller's to close. The error is io.EOF when the other side is
// gone.
func (c channel) receive(v any) ([]*os.File, error) {
	buf, oob := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4*3))
	n, on, _, _, err := c.conn.ReadMsgUnix(buf, oob)
	if err != nil {
		return nil, err
	}
	files, err := filesOf(oob[:on])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(buf[:n], v); err != nil {
		closeAll(files)
		return nil, fmt.Errorf("hosts: message %q: %w", buf[:n], err)
	}
	return files, nil
}

func filesOf(oob []byte) ([]*os.File, error) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("hosts: message's files: %w", err)
	}
	var files []*os.File
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("hosts: message's files: %w", err)
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // duplicates of files that others write
	}
}
