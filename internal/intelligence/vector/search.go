package vector

import (
	"cmp"
	"math"
	"slices"
)

// scratch is what one search needs beside its answer.
type scratch struct {
	spread []float32
	table  table
	code   []uint64
	bits   []uint16
	count  []int
	picked []candidate
}

type candidate struct {
	at    int32
	score float32 // greater is nearer
}

// Search returns the nearest records of a query that Check has passed, the nearest
// first; of two at the same distance the one with the smaller ID.
func (s *Set) Search(q Query) []Near {
	s.Prepare()
	s.mu.RLock()
	defer s.mu.RUnlock()
	allowed := s.allowed(q.Filter)
	best := newTop(q.Limit)
	scale := inverse(q.Vector)
	if s.c.Space == Cosine && len(s.ids) > exactBelow && s.coded == len(s.ids) && s.few(allowed) > exactBelow {
		s.byCode(q.Vector, scale, q.Limit, allowed, best)
	} else {
		s.exact(q.Vector, scale, allowed, best)
	}
	return s.answer(best)
}

// answer puts what was found in order.
func (s *Set) answer(best *top) []Near {
	out := make([]Near, len(best.list))
	for i, c := range best.list {
		out[i] = Near{s.ids[c.at], s.shared[s.metas[c.at]], s.distance(c.score)}
	}
	slices.SortFunc(out, func(a, b Near) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// distance is the inverse of score.
func (s *Set) distance(score float32) float64 {
	switch s.c.Space {
	case L2:
		return float64(-score)
	case Cosine:
		return min(max(1-float64(score), 0), 2)
	default:
		return 1 - float64(score)
	}
}

// score says how near vector i is; scale is 1 / length of q.
func (s *Set) score(q []float32, scale float32, i int) float32 {
	switch s.c.Space {
	case L2:
		return -squared(q, s.vector(i))
	case Cosine:
		k, j := s.at(i)
		return dot(q, s.vector(i)) * scale * k.inverse[j]
	default:
		return dot(q, s.vector(i))
	}
}

// allowed says which of the shared metadata meets a filter; nil: all.
func (s *Set) allowed(f Filter) []bool {
	if len(f) == 0 {
		return nil
	}
	out := make([]bool, len(s.shared))
	for i, m := range s.shared {
		out[i] = f.Match(m)
	}
	return out
}

// few counts the records that are allowed, up to a little more than exactBelow.
func (s *Set) few(allowed []bool) int {
	if allowed == nil {
		return len(s.ids)
	}
	n := 0
	for _, m := range s.metas {
		if allowed[m] {
			if n++; n > exactBelow {
				break
			}
		}
	}
	return n
}

func (s *Set) exact(q []float32, scale float32, allowed []bool, best *top) {
	for i, m := range s.metas {
		if allowed == nil || allowed[m] {
			best.offer(int32(i), s.score(q, scale, i)) //nolint:gosec // see Put
		}
	}
}

// byCode compares the codes, estimates the inner products of a twelfth, at least 3,000,
// and compares exactly the best 20 for each record that is asked for, and then of the
// best sixtieth of all, at least 500, those that may be nearer than what was found.
// The shares were measured: see docs/intelligence/vectors.md.
func (s *Set) byCode(q []float32, scale float32, limit int, allowed []bool, best *top) {
	x, _ := s.scratch.Get().(*scratch)
	if x == nil {
		w := s.coder.width
		x = &scratch{spread: make([]float32, w), table: make(table, w/8), code: make([]uint64, w/64), count: make([]int, w+1)}
	}
	defer s.scratch.Put(x)
	n := len(s.ids)
	s.coder.spread(q, scale, true, x.spread)
	encode(x.spread, x.code)
	s.coder.spread(q, scale, false, x.spread)
	x.table.fill(x.spread)
	s.near(x, max(n/12, 3000, 40*limit), allowed)
	list := choose(x.picked, max(n/60, 500, 20*limit))
	first := choose(list, 20*limit)
	for _, c := range first {
		best.offer(c.at, s.score(q, scale, int(c.at)))
	}
	bound := best.worst() - dot(q, s.coder.mean)*scale - doubt/float32(math.Sqrt(float64(s.coder.width)))
	for _, c := range list[len(first):] {
		if c.score > bound {
			best.offer(c.at, s.score(q, scale, int(c.at)))
		}
	}
}

// doubt is how far an estimate may be off, times the root of the coder's width: an
// estimate errs by about 0.75 of that (RaBitQ, §3.2), and 2.5 times as much is seldom.
const doubt = 1.9

// near picks at least want records, if there are as many, whose codes differ least
// from the query's, with the estimates of their inner products.
func (s *Set) near(x *scratch, want int, allowed []bool) {
	n, w := len(s.ids), s.coder.words()
	if cap(x.bits) < n {
		x.bits = make([]uint16, n+n/4)
	}
	x.bits = x.bits[:n]
	clear(x.count)
	for c, k := range s.chunks {
		part := x.bits[c<<chunkBits : min((c+1)<<chunkBits, n)]
		hamming(k.codes[:len(part)*w], x.code, part, x.count)
	}
	if allowed != nil {
		clear(x.count)
		for i, m := range s.metas {
			if !allowed[m] {
				x.bits[i] = uint16(s.coder.width) + 1 //nolint:gosec // at most MaxDimension
			} else {
				x.count[x.bits[i]]++
			}
		}
	}
	bound, sum := 0, 0
	for ; bound < len(x.count) && sum < want; bound++ {
		sum += x.count[bound]
	}
	x.picked = x.picked[:0]
	for i, d := range x.bits {
		if int(d) < bound {
			k, j := s.at(i)
			x.picked = append(x.picked, candidate{int32(i), x.table.sum(k.codes[j*w:j*w+w]) * k.factors[j]}) //nolint:gosec // see Put
		}
	}
}

// choose moves the want best candidates, or a few more, to the front and returns them:
// those above a bound that a histogram gives, which is faster than to sort.
func choose(list []candidate, want int) []candidate {
	if len(list) <= want {
		return list
	}
	low, high := list[0].score, list[0].score
	for _, c := range list {
		low, high = min(low, c.score), max(high, c.score)
	}
	if low == high {
		return list
	}
	const bins = 2048
	var count [bins + 1]int
	scale := bins / (high - low)
	for _, c := range list {
		count[int((high-c.score)*scale)]++
	}
	bound, sum := 0, 0
	for ; bound < len(count) && sum < want; bound++ {
		sum += count[bound]
	}
	n := 0
	for i, c := range list {
		if int((high-c.score)*scale) < bound {
			list[i], list[n] = list[n], c
			n++
		}
	}
	return list[:n]
}

// top keeps the best candidates as a heap whose root is the worst of them.
type top struct {
	limit int
	list  []candidate
}

func newTop(limit int) *top { return &top{limit, make([]candidate, 0, limit)} }

// worst returns the score that a candidate must exceed.
func (t *top) worst() float32 {
	if len(t.list) < t.limit {
		return float32(math.Inf(-1))
	}
	return t.list[0].score
}

func (t *top) offer(at int32, score float32) {
	if len(t.list) < t.limit {
		t.list = append(t.list, candidate{at, score})
		for i := len(t.list) - 1; i > 0; {
			up := (i - 1) / 2
			if t.list[up].score <= t.list[i].score {
				break
			}
			t.list[up], t.list[i] = t.list[i], t.list[up]
			i = up
		}
		return
	}
	if score <= t.list[0].score {
		return
	}
	t.list[0] = candidate{at, score}
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(t.list) {
			return
		}
		if down+1 < len(t.list) && t.list[down+1].score < t.list[down].score {
			down++
		}
		if t.list[i].score <= t.list[down].score {
			return
		}
		t.list[i], t.list[down] = t.list[down], t.list[i]
		i = down
	}
}

// Exact returns the same as Search by comparing all vectors: the measure of recall.
func (s *Set) Exact(q Query) []Near {
	s.mu.RLock()
	defer s.mu.RUnlock()
	best := newTop(q.Limit)
	s.exact(q.Vector, inverse(q.Vector), s.allowed(q.Filter), best)
	return s.answer(best)
}
