package nlp

import "math"

// Signature is what is kept of a text to find others that say much the same without
// the text: the same in every process for one DuplicateConfig.
type Signature struct {
	Bands []uint64 // keys; texts that share one are candidates. Empty for a text of fewer words than a shingle
	// Hashes are the hashes of the shingles up to Limit, sorted: all of them up to
	// MaxShingles, else a sample by value.
	Hashes []uint32
	Limit  uint32
}

// Jaccard returns the similarity of the shingle sets of two texts, 0 to 1: exact if
// neither has more than MaxShingles.
func (s Signature) Jaccard(other Signature) float64 {
	return jaccard(shingleSet{s.Hashes, s.Limit}, shingleSet{other.Hashes, other.Limit})
}

// Signer makes signatures. It is safe for concurrent use.
type Signer struct {
	cfg         DuplicateConfig
	bands, rows int
	multipliers []uint64
}

// NewSigner returns a Signer.
func NewSigner(cfg DuplicateConfig) *Signer {
	s := &Signer{cfg: cfg.withDefaults()}
	s.bands, s.rows = banding(s.cfg.Threshold, s.cfg.Hashes)
	seed := uint64(0x9E3779B97F4A7C15)
	for range s.bands * s.rows {
		seed = mix(seed + 0x9E3779B97F4A7C15)
		s.multipliers = append(s.multipliers, seed|1)
	}
	return s
}

// Sign returns the signature of a text.
func (s *Signer) Sign(text string) Signature {
	hashes := hashShingles(Words(text), s.cfg.Words)
	set := sample(hashes, s.cfg.MaxShingles)
	out := Signature{Hashes: set.hashes, Limit: set.limit}
	if len(hashes) > 0 {
		out.Bands = s.keys(hashes)
	}
	return out
}

// keys returns the key of each band: a hash of the band and of its part of the
// signature.
func (s *Signer) keys(hashes []uint64) []uint64 {
	signature := s.signature(hashes)
	out := make([]uint64, s.bands)
	for b := range out {
		key := mix(uint64(b)) //nolint:gosec // b is not negative
		for _, v := range signature[b*s.rows : (b+1)*s.rows] {
			key = mix(key ^ v)
		}
		out[b] = key
	}
	return out
}

// signature is the least of each hash function over all shingles.
func (s *Signer) signature(hashes []uint64) []uint64 {
	out := make([]uint64, len(s.multipliers))
	for i := range out {
		out[i] = math.MaxUint64
	}
	for _, h := range hashes {
		for i, m := range s.multipliers {
			out[i] = min(out[i], (h^m>>32)*m)
		}
	}
	return out
}

// banding cuts hashes into bands of as many rows as leave a pair at the threshold a
// candidate with a probability of at least 0.99.
func banding(threshold float64, hashes int) (bands, rows int) {
	rows = 1
	for r := 2; r <= hashes; r++ {
		b := hashes / r
		if 1-math.Pow(1-math.Pow(threshold, float64(r)), float64(b)) < 0.99 {
			break
		}
		rows = r
	}
	return hashes / rows, rows
}

// shingleSet is the sorted hashes of a text that are below limit.
type shingleSet struct {
	hashes []uint32
	limit  uint32
}
