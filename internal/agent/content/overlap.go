package content

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

const (
	shingleWords  = 5
	merchantWords = 8
	// The writer aims below aimOverlap and never publishes above maxOverlap. The rule
	// is 30 %; a theme adds words of its own to every page, hence the distance.
	aimOverlap = 0.20
	maxOverlap = 0.25
)

var runSeed = maphash.MakeSeed() // hashes never leave the process

// runs hashes every run of n words.
func runs(words []string, n int) []uint64 {
	if len(words) < n {
		return nil
	}
	out := make([]uint64, 0, len(words)-n+1)
	for i := 0; i+n <= len(words); i++ {
		var h maphash.Hash
		h.SetSeed(runSeed)
		for _, w := range words[i : i+n] {
			_, _ = h.WriteString(w)
			_ = h.WriteByte(0)
		}
		out = append(out, h.Sum64())
	}
	return out
}

// MainText returns the visible text of a page's blocks and heading in reading
// order: what two pages are compared by.
func MainText(p *domain.Page) string {
	var b strings.Builder
	for t := range evidence.Texts(p) {
		switch t.Where {
		case "title", "description", "nav label", "summary", "offer":
			continue
		}
		b.WriteString(t.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// prose returns the sentences of a page, for readability.
func prose(p *domain.Page) string {
	var b strings.Builder
	for t := range evidence.Texts(p) {
		if t.Where == "sentence" {
			b.WriteString(t.Text)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// remember adds the runs of words of a page to the index of the site, and forget
// takes them out.
func (s *siteWriter) remember(w *pageWriter) { s.count(w, 1) }
func (s *siteWriter) forget(w *pageWriter)   { s.count(w, -1) }

func (s *siteWriter) count(w *pageWriter, by int) {
	seen := map[uint64]bool{}
	for _, h := range runs(nlp.Words(MainText(&w.page)), shingleWords) {
		if !seen[h] {
			seen[h] = true
			s.index[h] += by
		}
	}
}

// separate measures all pairs of pages and writes one of the closest two again, or else
// the other, until no two are too close, then shortens them, and at last leaves optional pages out.
func (s *siteWriter) separate() {
	sets := make([]map[uint64]struct{}, len(s.drafts))
	for i, w := range s.drafts {
		sets[i] = nlp.Shingles(MainText(&w.page), shingleWords)
	}
	for try := 1; try <= 12; try++ {
		i, j, share := worstPair(sets)
		if share <= aimOverlap || try > 6 && share <= maxOverlap {
			break
		}
		k := s.weaker(i, j)
		if !s.rewrite(k, sets, try) {
			s.rewrite(i+j-k, sets, try)
		}
	}
	for {
		i, j, share := worstPair(sets)
		s.worst = share
		k := s.weaker(i, j)
		if share <= maxOverlap || !optional(s.drafts[k].plan.Kind) {
			break
		}
		s.warnings = append(s.warnings, fmt.Sprintf("Page %s was left out: it shares %.0f %% of its text with %s.",
			s.drafts[k].page.Path(), share*100, s.drafts[i+j-k].page.Path()))
		s.drop(k)
		sets = slices.Delete(sets, k, k+1)
	}
	for i, w := range s.drafts {
		if n := s.quotes(&w.page); n > 0 {
			s.warnings = append(s.warnings, fmt.Sprintf("Page %s shares %d runs of %d words with a merchant's description.", w.page.Path(), n, merchantWords))
		}
		s.worst = max(s.worst, worstOf(sets, i))
	}
}

// rewrite writes a page again with other phrases, and later with fewer parts, and
// keeps the version that is farther from all others. It reports whether that is the new one.
func (s *siteWriter) rewrite(k int, sets []map[uint64]struct{}, try int) bool {
	old, before := s.drafts[k], worstOf(sets, k)
	s.forget(old)
	trim := 0
	if try > 4 {
		trim = try - 4
	}
	next := s.compose(old.plan, old.salt+try, min(trim, 3))
	held := sets[k]
	sets[k] = nlp.Shingles(MainText(&next.page), shingleWords)
	farther := worstOf(sets, k) < before
	if farther {
		s.drafts[k] = next
	} else {
		sets[k] = held
		next = old
		next.salt += try
	}
	s.remember(next)
	return farther
}

func worstPair(sets []map[uint64]struct{}) (first, second int, share float64) {
	for i := range sets {
		for j := i + 1; j < len(sets); j++ {
			if o := nlp.Overlap(sets[i], sets[j]); o > share {
				first, second, share = i, j, o
			}
		}
	}
	return first, second, share
}

func worstOf(sets []map[uint64]struct{}, k int) float64 {
	worst := 0.0
	for i := range sets {
		if i != k {
			worst = max(worst, nlp.Overlap(sets[i], sets[k]))
		}
	}
	return worst
}

// weaker returns which of two pages is rewritten or left out: an optional one, else
// the later one.
func (s *siteWriter) weaker(i, j int) int {
	if optional(s.drafts[i].plan.Kind) && !optional(s.drafts[j].plan.Kind) {
		return i
	}
	return j
}

func optional(k domain.PageKind) bool { return k == domain.PageProduct || k == domain.PageComparison }

// drop leaves a page out and removes all links to it.
func (s *siteWriter) drop(k int) {
	gone := s.drafts[k]
	s.forget(gone)
	s.drafts = slices.Delete(s.drafts, k, k+1)
	if gone.plan.Kind == domain.PageProduct && len(gone.plan.Products) > 0 {
		delete(s.pageOf, gone.plan.Products[0])
	}
	for _, w := range s.drafts {
		unlink(&w.page, gone.page.Slug)
	}
}

// merchantRuns returns the runs of words of all merchants' descriptions.
func merchantRuns(m *domain.Market) map[uint64]bool {
	out := map[uint64]bool{}
	seen := map[string]bool{}
	for i := range m.Families {
		for j := range m.Families[i].Variants {
			d := m.Families[i].Variants[j].Description
			if d == "" || seen[d] {
				continue
			}
			seen[d] = true
			for _, h := range runs(nlp.Words(d), merchantWords) {
				out[h] = true
			}
		}
	}
	return out
}

// quotes counts the runs of words that a page shares with merchants' descriptions.
func (s *siteWriter) quotes(p *domain.Page) int {
	n := 0
	for t := range evidence.Texts(p) {
		for _, h := range runs(nlp.Words(t.Text), merchantWords) {
			if s.merchant[h] {
				n++
			}
		}
	}
	return n
}
