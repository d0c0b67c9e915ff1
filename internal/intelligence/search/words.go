package search

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"empire/internal/intelligence/nlp"
)

// Parameters of BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework,
// 2009), with the usual values.
const (
	bm25K = 1.2
	bm25B = 0.75
)

// Words is an inverted index in memory that ranks documents by the words that they
// share with a query. Words of documents are stemmed by their language. A document
// takes about 10 bytes for each different word. It is safe for concurrent use.
type Words struct {
	mu       sync.RWMutex
	terms    map[string]int32
	postings [][]posting
	alive    []int32 // documents that have a term
	docs     []document
	place    map[string]int32
	length   int64 // of all documents together
	dead     int
}

type posting struct {
	doc   int32
	count uint16
}

type document struct {
	id     string // empty: removed
	group  int32  // see Put
	length int32
	terms  []int32
}

// NewWords returns an empty index.
func NewWords() *Words { return &Words{terms: map[string]int32{}, place: map[string]int32{}} }

// Len returns how many documents there are.
func (x *Words) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.place)
}

// Put adds a document or replaces the one with its ID. Searches are limited to groups.
func (x *Words) Put(id, language, text string, group int32) {
	counts := map[string]int{}
	length := 0
	for _, w := range nlp.Words(text) {
		if length++; nlp.StopWord(language, w) {
			continue
		}
		counts[nlp.Stem(language, w)]++
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
	at := int32(len(x.docs))                                                                         //nolint:gosec // memory ends before
	d := document{id: id, group: group, length: int32(length), terms: make([]int32, 0, len(counts))} //nolint:gosec // of one text
	for w, n := range counts {
		t, ok := x.terms[w]
		if !ok {
			t = int32(len(x.postings)) //nolint:gosec // as above
			x.terms[w] = t
			x.postings, x.alive = append(x.postings, nil), append(x.alive, 0)
		}
		x.postings[t] = append(x.postings[t], posting{at, uint16(min(n, math.MaxUint16))}) //nolint:gosec // bounded
		x.alive[t]++
		d.terms = append(d.terms, t)
	}
	x.docs = append(x.docs, d)
	x.place[id] = at
	x.length += int64(length)
}

// Remove removes a document if it is there.
func (x *Words) Remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
}

func (x *Words) remove(id string) {
	at, ok := x.place[id]
	if !ok {
		return
	}
	d := &x.docs[at]
	for _, t := range d.terms {
		x.alive[t]--
	}
	x.length -= int64(d.length)
	*d = document{}
	delete(x.place, id)
	if x.dead++; x.dead > 1000 && x.dead > len(x.docs)/2 {
		x.compact()
	}
}

// compact drops what removed documents left.
func (x *Words) compact() {
	moved := make([]int32, len(x.docs))
	n := int32(0)
	for i := range x.docs {
		moved[i] = -1
		if x.docs[i].id != "" {
			moved[i] = n
			x.docs[n] = x.docs[i]
			x.place[x.docs[n].id] = n
			n++
		}
	}
	clear(x.docs[n:])
	x.docs, x.dead = x.docs[:n], 0
	for t, list := range x.postings {
		kept := list[:0]
		for _, p := range list {
			if to := moved[p.doc]; to >= 0 {
				kept = append(kept, posting{to, p.count})
			}
		}
		x.postings[t] = slices.Clip(kept)
	}
}

// Ranked is a document that Words found.
type Ranked struct {
	ID    string
	Score float64
	Words []string // of the query that are in it
}

// variants are the forms in which a word of a query can stand in a document: its
// language is not known.
func variants(word string) []string {
	list := []string{word}
	for _, language := range []string{nlp.English, nlp.German} {
		if s := nlp.Stem(language, word); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// queryWords are the words of a query without those that say nothing, unless it has
// only such.
func queryWords(text string) []string {
	var all, out []string
	for _, w := range nlp.Words(text) {
		if slices.Contains(all, w) {
			continue
		}
		all = append(all, w)
		if !nlp.StopWord(nlp.English, w) && !nlp.StopWord(nlp.German, w) {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// Weight returns the inverse document frequency of a word of a query, at least 0.
func (x *Words) Weight(word string) float64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n := int32(0)
	for _, v := range variants(word) {
		if t, ok := x.terms[v]; ok {
			n = max(n, x.alive[t])
		}
	}
	return x.idf(n)
}

func (x *Words) idf(n int32) float64 {
	all := float64(len(x.place))
	return math.Log(1 + (all-float64(n)+0.5)/(float64(n)+0.5))
}

// Search returns the best documents of the groups that allowed says (nil: all), the
// best first.
func (x *Words) Search(text string, limit int, allowed func(group int32) bool) []Ranked {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(x.place) == 0 {
		return nil
	}
	mean := max(float64(x.length)/float64(len(x.place)), 1)
	scores := map[int32]float64{}
	words := queryWords(text)
	has := map[int32]uint64{} // which words, of the first 64
	for i, w := range words {
		for doc, s := range x.score(w, mean) {
			if allowed == nil || allowed(x.docs[doc].group) {
				scores[doc] += s
				has[doc] |= 1 << (i % 64)
			}
		}
	}
	out := make([]Ranked, 0, len(scores))
	for doc, s := range scores {
		out = append(out, Ranked{ID: x.docs[doc].id, Score: s})
	}
	slices.SortFunc(out, func(a, b Ranked) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	out = out[:min(limit, len(out))]
	for i := range out {
		mask := has[x.place[out[i].ID]]
		for j, w := range words[:min(len(words), 64)] {
			if mask&(1<<j) != 0 {
				out[i].Words = append(out[i].Words, w)
			}
		}
	}
	return out
}

// score returns what a word of a query adds to each document: of its forms the best.
func (x *Words) score(word string, mean float64) map[int32]float64 {
	out := map[int32]float64{}
	for _, v := range variants(word) {
		t, ok := x.terms[v]
		if !ok {
			continue
		}
		idf := x.idf(x.alive[t])
		for _, p := range x.postings[t] {
			d := &x.docs[p.doc]
			if d.id == "" {
				continue
			}
			tf := float64(p.count)
			s := idf * tf * (bm25K + 1) / (tf + bm25K*(1-bm25B+bm25B*float64(d.length)/mean))
			out[p.doc] = max(out[p.doc], s)
		}
	}
	return out
}
