// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/tepui/tepui/master/core"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	// format is the number of the format that this version writes. A version that
	// adds a kind of records, or changes what one means, has the next number.
	format = 1

	metaBucket = "meta"
	formatKey  = "format"

	// lockPatience is how long a file is waited for that something else than a
	// master has open, such as a backup.
	lockPatience = time.Second
)

// ErrDamaged is in the error of a file that is not as a registry left it.
var ErrDamaged = errors.New("the file is damaged")

// ErrNewer is in the error of a file that a newer version wrote.
var ErrNewer = errors.New("a newer tepui wrote the file")

// Registry is an open registry. It belongs to one goroutine.
type Registry struct {
	path string
	lock *os.File
	file *os.File // of db
	db   *bbolt.DB
	// broken is set when the file turned out to be damaged: bbolt cannot be asked
	// to close it then.
	broken bool
}

// Open opens the registry in the file path, and makes it if there is none. The
// directory must exist. Close it when done.
func Open(path string) (*Registry, error) {
	locked, err := lock(path)
	if err != nil {
		return nil, err
	}
	r := &Registry{path: path, lock: locked}
	if err := r.open(); err != nil {
		return nil, errors.Join(r.explain(err), r.Close())
	}
	return r, nil
}

func (r *Registry) open() error {
	info, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(r.path); err != nil {
			return err
		}
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("%w: it is empty", ErrDamaged) // bbolt would take it for a new one
	}
	return r.guard(func() error {
		var err error
		if r.db, err = bbolt.Open(r.path, 0o600, r.options()); err != nil {
			return openError(err)
		}
		return r.db.View(r.checkFormat)
	})
}

// openError tells a file that bbolt does not like from one that the system does
// not give.
func openError(err error) error {
	var path *fs.PathError
	var number syscall.Errno
	if errors.Is(err, bolterrors.ErrTimeout) || errors.As(err, &path) || errors.As(err, &number) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

func (r *Registry) options() *bbolt.Options {
	return &bbolt.Options{
		Timeout: lockPatience, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			r.file, err = os.OpenFile(name, flag, mode)
			return r.file, err
		},
	}
}

// create makes an empty registry, all of it or nothing.
func create(path string) (err error) {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := bbolt.Open(temporary, 0o600, &bbolt.Options{Timeout: lockPatience, NoStatistics: true})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucket([]byte(metaBucket))
		if err != nil {
			return err
		}
		for _, kind := range kinds() {
			if _, err := tx.CreateBucket([]byte(kind)); err != nil {
				return err
			}
		}
		return meta.Put([]byte(formatKey), strconv.AppendInt(nil, format, 10))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// checkFormat checks that the file is a whole registry of a format that is known.
func (r *Registry) checkFormat(tx *bbolt.Tx) error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: it has %d bytes of at least %d", ErrDamaged, info.Size(), tx.Size())
	}
	meta := tx.Bucket([]byte(metaBucket))
	if meta == nil {
		return fmt.Errorf("%w: it is not a registry", ErrDamaged)
	}
	text := string(meta.Get([]byte(formatKey)))
	number, err := strconv.Atoi(text)
	switch {
	case err != nil || number < 1:
		return fmt.Errorf("%w: its format is %q", ErrDamaged, text)
	case number > format:
		return fmt.Errorf("%w: its format is %d, and this version knows %d", ErrNewer, number, format)
	}
	return nil
}

// Load returns all that is remembered, in an order that depends only on what that
// is.
func (r *Registry) Load() ([]core.Record, error) {
	var records []core.Record
	err := r.guard(func() error {
		return r.db.View(func(tx *bbolt.Tx) error {
			if err := checkBuckets(tx); err != nil {
				return err
			}
			for _, kind := range kinds() {
				err := tx.Bucket([]byte(kind)).ForEach(func(k, v []byte) error {
					record, err := decode(kind, k, v)
					if err != nil {
						return fmt.Errorf("%w: %s, %.64q: %w", ErrDamaged, kind, k, err)
					}
					records = append(records, record)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, r.explain(err)
	}
	return records, nil
}

// checkBuckets checks that every kind of records has its bucket, and nothing else.
func checkBuckets(tx *bbolt.Tx) error {
	for _, kind := range kinds() {
		if tx.Bucket([]byte(kind)) == nil {
			return fmt.Errorf("%w: it has no %s", ErrDamaged, kind)
		}
	}
	return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		if string(name) != metaBucket && !slices.Contains(kinds(), core.RecordKind(name)) {
			return fmt.Errorf("%w: it has %.64q, which this version does not know", ErrDamaged, name)
		}
		return nil
	})
}

// Persist makes the records durable, all of them together; the last of a key
// counts. After an error it is not known whether they are: only a registry that is
// opened again can tell.
func (r *Registry) Persist(records []core.Record) error {
	if len(records) == 0 {
		return nil
	}
	err := r.guard(func() error {
		return r.db.Update(func(tx *bbolt.Tx) error {
			for i := range records {
				if err := put(tx, records[i]); err != nil {
					return fmt.Errorf("write %s, %.64q: %w", records[i].Kind, records[i].Key, err)
				}
			}
			return nil
		})
	})
	if err != nil {
		return r.explain(err)
	}
	return nil
}

func put(tx *bbolt.Tx, record core.Record) error {
	bucket := tx.Bucket([]byte(record.Kind))
	if bucket == nil || record.Kind == metaBucket {
		return errors.New("no kind of record is named so")
	}
	if record.Value == nil {
		return bucket.Delete(keyOf(record.Key))
	}
	value, err := encode(record)
	if err != nil {
		return err
	}
	return bucket.Put(keyOf(record.Key), value)
}

// Close lets another master have the registry. The lock's file stays: to remove it
// would take it from one that waits.
func (r *Registry) Close() error {
	var err error
	switch {
	case r.broken && r.file != nil:
		// bbolt may still have the file mapped, which keeps the lock too.
		err = errors.Join(syscall.Flock(int(r.file.Fd()), syscall.LOCK_UN), r.file.Close())
	case r.db != nil:
		err = r.db.Close()
	}
	return errors.Join(err, r.lock.Close())
}

// guard calls f, and turns what bbolt makes of a damaged file, a panic or an
// access to memory that is not there, into an error.
func (r *Registry) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			r.broken = true
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	if r.broken {
		return ErrDamaged
	}
	return f()
}

// explain says what to do about an error.
func (r *Registry) explain(err error) error {
	const anew = "then the master begins anew: agents and frameworks come back by themselves, " +
		"weights, quota, maintenance and agents declared gone have to be told again"
	switch {
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("registry: %s: %w: start a tepui that is at least as new, or move the file away: %s", r.path, err, anew)
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("registry: %s: %w: put a copy in its place, or move it away: %s", r.path, err, anew)
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("registry: %s: another program than a master has it locked, such as a tool of bbolt: end that one", r.path)
	}
	return fmt.Errorf("registry: %s: %w", r.path, err)
}
