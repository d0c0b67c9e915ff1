package nlp

import (
	"cmp"
	"math"
	"slices"
)

// DuplicateConfig says which texts are near-duplicates. Zero values mean the
// defaults.
type DuplicateConfig struct {
	Words       int     // in a shingle, 5 by default
	Threshold   float64 // Jaccard similarity of the shingle sets from which on texts are near-duplicates, 0.5 by default
	Hashes      int     // in a signature, 128 by default
	MaxShingles int     // kept of a text for the exact check, 1024 by default; of longer ones a sample
	MaxLook     int     // earlier texts looked at in one bucket, 64 by default
}

func (c DuplicateConfig) withDefaults() DuplicateConfig {
	c.Words = cmp.Or(c.Words, 5)
	c.Threshold = cmp.Or(c.Threshold, 0.5)
	c.Hashes = cmp.Or(c.Hashes, 128)
	c.MaxShingles = cmp.Or(c.MaxShingles, 1024)
	c.MaxLook = cmp.Or(c.MaxLook, 64)
	return c
}

// Duplicate is an earlier text that says much the same.
type Duplicate struct {
	ID         int     // of the earlier text: how many were added before it
	Similarity float64 // Jaccard similarity of the shingle sets, 0 to 1
}

// Duplicates finds near-duplicates among texts that come one after the other, in
// time and memory that grow with their number, not with the number of pairs.
//
// A text becomes the set of hashes of its shingles (runs of words) and a MinHash
// signature of it (A. Broder, "On the resemblance and containment of documents",
// 1997). The signature is cut into bands; texts that agree on one band are candidates
// (locality-sensitive hashing: A. Rajaraman, J. Ullman, "Mining of Massive Datasets",
// 3.4), and for these the Jaccard similarity is computed from the sets: exact up to
// MaxShingles, from a sample by hash value beyond. Bands are as narrow as a pair at
// the threshold needs to be a candidate in 99 of 100 cases.
//
// A text of n shingles takes min(n, MaxShingles) × 4 bytes and about 25 bytes for
// each band. It is not safe for concurrent use.
type Duplicates struct {
	*Signer
	sets  []shingleSet
	heads map[uint64]int32 // by band and its hash, the latest text
	next  []int32          // by text and band, the text before it in the bucket, -1 at the end
}

// NewDuplicates returns an empty index.
func NewDuplicates(cfg DuplicateConfig) *Duplicates {
	return &Duplicates{Signer: NewSigner(cfg), heads: map[uint64]int32{}}
}

// Len returns how many texts were added.
func (d *Duplicates) Len() int { return len(d.sets) }

// Add puts a text into the index and returns the earlier ones that are its
// near-duplicates, the most similar first. Where a bucket holds more texts than
// MaxLook, only the latest are looked at: of a thousand copies some are named. A
// text of fewer words than a shingle has no duplicates.
func (d *Duplicates) Add(text string) []Duplicate {
	hashes := hashShingles(Words(text), d.cfg.Words)
	id := int32(len(d.sets)) //nolint:gosec // fewer than 2³¹ texts
	set := sample(hashes, d.cfg.MaxShingles)
	d.sets = append(d.sets, set)
	from := len(d.next)
	for range d.bands {
		d.next = append(d.next, -1)
	}
	if len(hashes) == 0 {
		return nil
	}
	var candidates []int32
	for b, key := range d.keys(hashes) {
		if head, ok := d.heads[key]; ok {
			d.next[from+b] = head
			for at, n := head, 0; at >= 0 && n < d.cfg.MaxLook; n++ {
				candidates = append(candidates, at)
				at = d.next[int(at)*d.bands+b]
			}
		}
		d.heads[key] = id
	}
	slices.Sort(candidates)
	var out []Duplicate
	for _, c := range slices.Compact(candidates) {
		if s := jaccard(set, d.sets[c]); s >= d.cfg.Threshold {
			out = append(out, Duplicate{int(c), s})
		}
	}
	slices.SortFunc(out, func(x, y Duplicate) int {
		return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// hashShingles returns the hashes of all runs of n words, sorted, without repeats.
// They are the same in every process.
func hashShingles(words []string, n int) []uint64 {
	hashed := make([]uint64, len(words))
	for i, w := range words {
		h := uint64(14695981039346656037)
		for j := range len(w) {
			h = (h ^ uint64(w[j])) * 1099511628211
		}
		hashed[i] = h
	}
	var out []uint64
	for i := 0; i+n <= len(hashed); i++ {
		h := uint64(n) //nolint:gosec // n is positive
		for _, w := range hashed[i : i+n] {
			h = mix(h ^ w)
		}
		out = append(out, h)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// mix spreads the bits of a number over all of it (splitmix64: G. Steele et al.,
// "Fast splittable pseudorandom number generators", 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// sample keeps the upper halves of sorted hashes; of more than most, those below a
// limit, which is halved until they fit, so that two samples can be compared below
// the lower of their limits.
func sample(hashes []uint64, most int) shingleSet {
	limit := uint32(math.MaxUint32)
	n := len(hashes)
	for n > most {
		limit >>= 1
		n, _ = slices.BinarySearch(hashes, (uint64(limit)+1)<<32)
	}
	out := shingleSet{make([]uint32, 0, n), limit}
	for _, h := range hashes[:n] {
		v := uint32(h >> 32) //nolint:gosec // the upper half
		if k := len(out.hashes); k == 0 || out.hashes[k-1] != v {
			out.hashes = append(out.hashes, v)
		}
	}
	return out
}

// jaccard is the share of the union that both sets have.
func jaccard(a, b shingleSet) float64 {
	limit := min(a.limit, b.limit)
	i, j, both, all := 0, 0, 0, 0
	for {
		endA := i == len(a.hashes) || a.hashes[i] > limit
		endB := j == len(b.hashes) || b.hashes[j] > limit
		if endA && endB {
			break
		}
		all++
		switch {
		case endB || !endA && a.hashes[i] < b.hashes[j]:
			i++
		case endA || a.hashes[i] > b.hashes[j]:
			j++
		default:
			i++
			j++
			both++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(both) / float64(all)
}

// Resemblance returns the Jaccard similarity of the sets of n-word shingles of two
// texts, 0 to 1.
func Resemblance(a, b string, n int) float64 {
	return jaccard(sample(hashShingles(Words(a), n), math.MaxInt), sample(hashShingles(Words(b), n), math.MaxInt))
}
