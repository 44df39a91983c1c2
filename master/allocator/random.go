// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

// random is a generator of numbers, splitmix64: the same seed gives the same.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1. What modulo prefers is below one in 10^13.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// fraction returns a number from 0 up to, but without, 1.
func (r *random) fraction() float64 { return float64(r.next()>>11) / (1 << 53) }

// draw moves one of the nodes from the i-th on to i, in proportion to weights.
// So the list is put in a random order as far as it is needed.
func (r *random) draw(list []*node, i int) {
	j := r.pick(list[i:])
	list[i], list[i+j] = list[i+j], list[i]
}

// tries is how often a node is drawn and put back before the weights are summed.
const tries = 8

// pick returns the index of a node, in proportion to weights: one is drawn, and
// taken with a probability of its weight to the largest, which for equal weights
// is always.
func (r *random) pick(list []*node) int {
	largest := list[0].parent.heaviest
	for range tries {
		j := r.below(len(list))
		if w := list[j].weight; w >= largest || r.fraction()*largest < w {
			return j
		}
	}
	sum := 0.0
	for _, n := range list {
		sum += n.weight
	}
	at := r.fraction() * sum
	for j, n := range list {
		if at -= n.weight; at < 0 {
			return j
		}
	}
	return len(list) - 1
}
