package vector

import (
	"encoding/json"
	"math"
	"sync"
)

const (
	// exactBelow is the size up to which every vector is compared: below it a scan of
	// the codes saves little.
	exactBelow = 5000
	chunkBits  = 10
	chunkSize  = 1 << chunkBits // vectors of a chunk
	// Bytes of a record besides its vector and code: its place, the id twice as a
	// string header, an entry of the map, and the id itself as it usually is.
	recordOverhead = 120
)

// Set holds the vectors of one collection in memory and searches them: all of them up
// to 5,000, and larger cosine collections by their codes (see coder) with an exact
// comparison of the best. It is safe for concurrent use.
//
// A record takes 4 bytes for each dimension, about 120 bytes beside, and in a cosine
// collection the code: 1 bit for each value after the transform and 4 bytes.
type Set struct {
	c Collection

	mu     sync.RWMutex
	place  map[string]int32
	ids    []string
	metas  []int32 // places in shared
	chunks []*chunk
	shared []map[string]any // each metadata once: many records have the same
	known  map[string]int32 // places in shared by JSON

	coder   *coder
	coded   int // how many vectors from the first have a code
	codedAt int // size of the set when the coder was made

	scratch sync.Pool
}

// chunk holds vectors that lie side by side; it never moves.
type chunk struct {
	vectors []float32
	inverse []float32 // 1 / length
	codes   []uint64
	factors []float32
}

// Near is a record that a Set found.
type Near struct {
	ID       string
	Metadata map[string]any // shared: not to be changed
	Distance float64
}

// NewSet returns an empty set.
func NewSet(c Collection) *Set {
	return &Set{c: c, place: map[string]int32{}, known: map[string]int32{}}
}

// Len returns how many vectors there are.
func (s *Set) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.ids)
}

// RecordBytes returns about how much memory a record of a collection takes.
func RecordBytes(c *Collection) int64 {
	n := 4*c.Dimension + 4 + recordOverhead
	if c.Space == Cosine {
		n += newWidth(c.Dimension)/8 + 4
	}
	return int64(n)
}

func newWidth(dimension int) int {
	w := 64
	for w < dimension {
		w *= 2
	}
	return w
}

// Bytes returns about how much memory the set takes.
func (s *Set) Bytes() int64 { return int64(s.Len()) * RecordBytes(&s.c) }

// Put adds a record or replaces the one with its ID. It copies the vector, which
// CheckRecords has passed.
func (s *Set) Put(id string, v []float32, metadata map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.place[id]
	if !ok {
		at = int32(len(s.ids)) //nolint:gosec // memory ends before
		if int(at)>>chunkBits == len(s.chunks) {
			s.chunks = append(s.chunks, s.newChunk())
		}
		s.place[id] = at
		s.ids, s.metas = append(s.ids, id), append(s.metas, 0)
	}
	s.metas[at] = s.share(metadata)
	k, i := s.at(int(at))
	copy(k.vectors[i*s.c.Dimension:(i+1)*s.c.Dimension], v)
	k.inverse[i] = inverse(v)
	if int(at) < s.coded {
		s.encode(int(at), make([]float32, s.coder.width))
	}
}

func inverse(v []float32) float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return 0
	}
	return float32(1 / math.Sqrt(sum))
}

func (s *Set) newChunk() *chunk {
	k := &chunk{vectors: make([]float32, chunkSize*s.c.Dimension), inverse: make([]float32, chunkSize)}
	s.allocate(k)
	return k
}

// allocate gives a chunk room for codes if the set has any.
func (s *Set) allocate(k *chunk) {
	if s.coder != nil && k.codes == nil {
		k.codes, k.factors = make([]uint64, chunkSize*s.coder.words()), make([]float32, chunkSize)
	}
}

func (s *Set) at(i int) (*chunk, int) { return s.chunks[i>>chunkBits], i & (chunkSize - 1) }

func (s *Set) vector(i int) []float32 {
	k, j := s.at(i)
	d := s.c.Dimension
	return k.vectors[j*d : j*d+d : j*d+d]
}

// share returns the place of metadata among all that the set knows.
func (s *Set) share(m map[string]any) int32 {
	key, _ := json.Marshal(m) // of strings, numbers and truth values: cannot fail
	if at, ok := s.known[string(key)]; ok {
		return at
	}
	at := int32(len(s.shared)) //nolint:gosec // memory ends before
	s.shared = append(s.shared, m)
	s.known[string(key)] = at
	return at
}

// Remove removes a record and reports whether it was there. The last one takes its
// place.
func (s *Set) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.place[id]
	if !ok {
		return false
	}
	last := len(s.ids) - 1
	if int(at) != last {
		to, i := s.at(int(at))
		from, j := s.at(last)
		d := s.c.Dimension
		copy(to.vectors[i*d:(i+1)*d], from.vectors[j*d:(j+1)*d])
		to.inverse[i] = from.inverse[j]
		s.ids[at], s.metas[at] = s.ids[last], s.metas[last]
		s.place[s.ids[at]] = at
		if int(at) < s.coded {
			s.encode(int(at), make([]float32, s.coder.width))
		}
	}
	delete(s.place, id)
	s.ids[last] = ""
	s.ids, s.metas = s.ids[:last], s.metas[:last]
	s.coded = min(s.coded, last)
	if need := (last + chunkSize - 1) >> chunkBits; need < len(s.chunks) {
		s.chunks[need] = nil
		s.chunks = s.chunks[:need]
	}
	return true
}

// Prepare makes the codes that a search of the set needs, so that the first search
// does not wait for them.
func (s *Set) Prepare() {
	s.mu.RLock()
	ready := s.prepared()
	s.mu.RUnlock()
	if ready {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.ids)
	if s.coder == nil || n >= 4*s.codedAt { // the mean may be another one now
		s.coder, s.coded, s.codedAt = newCoder(s.c.Dimension, s.mean()), 0, n
	}
	buf := make([]float32, s.coder.width)
	for i := s.coded; i < n; i++ {
		s.encode(i, buf)
	}
	s.coded = n
}

// prepared reports whether the set needs no codes or has them.
func (s *Set) prepared() bool {
	n := len(s.ids)
	return s.c.Space != Cosine || n <= exactBelow || s.coded == n && n < 4*s.codedAt
}

func (s *Set) encode(i int, buf []float32) {
	k, j := s.at(i)
	s.allocate(k)
	s.coder.spread(s.vector(i), k.inverse[j], true, buf)
	w := s.coder.words()
	k.factors[j] = encode(buf, k.codes[j*w:j*w+w])
}

// mean returns the mean of at most 10,000 of the vectors at length 1.
func (s *Set) mean() []float32 {
	n := len(s.ids)
	step, count := max(n/10_000, 1), 0
	sum := make([]float64, s.c.Dimension)
	for i := 0; i < n; i += step {
		k, j := s.at(i)
		f := k.inverse[j]
		for d, x := range s.vector(i) {
			sum[d] += float64(x * f)
		}
		count++
	}
	mean := make([]float32, len(sum))
	for d := range sum {
		mean[d] = float32(sum[d] / float64(max(count, 1)))
	}
	return mean
}
