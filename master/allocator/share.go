// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"github.com/tepui/tepui/resource"
)

// kinds numbers the names of scalar resources in the order in which they are
// first seen.
type kinds map[string]int

func (k kinds) number(name string) int {
	n, ok := k[name]
	if !ok {
		n = len(k)
		k[name] = n
	}
	return n
}

// quantities are sums of scalar resources, by kind.
type quantities []resource.Milli

func (q *quantities) add(k kinds, r resource.Resources) {
	for name, v := range r.Scalars() {
		*q.at(k.number(name)) += v
	}
}

func (q *quantities) subtract(k kinds, r resource.Resources) {
	for name, v := range r.Scalars() {
		*q.at(k.number(name)) -= v
	}
}

func (q *quantities) at(n int) *resource.Milli {
	for len(*q) <= n {
		*q = append(*q, 0)
	}
	return &(*q)[n]
}

func (q quantities) isZero() bool {
	for _, v := range q {
		if v != 0 {
			return false
		}
	}
	return true
}

// dominant returns the largest share that q is of total, by kind.
func (q quantities) dominant(total quantities) float64 {
	largest := 0.0
	for n, v := range q {
		if n < len(total) && total[n] > 0 {
			largest = max(largest, float64(v)/float64(total[n]))
		}
	}
	return largest
}

// account is what a role or a client has, offered or in use.
type account struct {
	used   quantities
	pieces int     // grants and charges so far: it decides between equal shares
	share  float64 // dominant share, as of the last time it was asked for
}

// take counts resources into the client's account and its role's.
func (c *client) take(k kinds, r resource.Resources) {
	for _, a := range [...]*account{&c.account, &c.role.account} {
		a.used.add(k, r)
		a.pieces++
	}
}

// give counts resources out of the client's account and its role's.
func (c *client) give(k kinds, r resource.Resources) {
	c.used.subtract(k, r)
	c.role.used.subtract(k, r)
}
