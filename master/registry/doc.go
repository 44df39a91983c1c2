// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package registry remembers on disk what must outlive a master: agents,
// frameworks, weights, quotas and maintenance, as the records of master/core say.
//
// A registry is one file of bbolt, which one master at a time has open. Kinds of
// records are buckets, and a batch of records is one transaction: after a crash at
// any moment the file has all of a batch or nothing of it, and all of it once
// Persist has returned.
//
// # The file
//
// The bucket "meta" has the number of the format under "format". In every other
// bucket a value is
//
//	CRC-32C of the rest, 4 bytes, big-endian
//	length of the key, as a varint
//	key
//	message of api/registry
//
// since bbolt has no checksums of its own but for its root. The key in the bucket
// is the key of the record; of one that is longer than bbolt takes it is the
// beginning and a hash.
//
// # Imports
//
// api, master/core and bbolt.
package registry
