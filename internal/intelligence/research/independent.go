package research

import (
	"fmt"
	"net/url"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// nearlySame is the similarity of texts from which on they are copies of each other.
const nearlySame = 0.5

// group numbers the independent sources. Pages are of one group if they stand on one
// registrable domain, say nearly the same (MinHash over 128 hashes, Jaccard of word
// shingles at least 0.5), or lead to the same page of somebody else, on which both may
// rest. A false union only lowers what the report claims.
func (w *work) group() {
	parent := make([]int, len(w.docs))
	for i := range parent {
		parent[i] = i
	}
	var root func(int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	join := func(i, k int, why string) {
		w.docs[k].sameAs = append(w.docs[k].sameAs, why)
		parent[root(k)] = root(i)
	}
	byDomain, cited := map[string]int{}, map[string]int{}
	copies := nlp.NewDuplicates(nlp.DuplicateConfig{Threshold: nearlySame})
	for k, d := range w.docs {
		d.id = fmt.Sprintf("s%d", k+1)
		site := RegistrableDomain(d.snap.FinalURL)
		if i, ok := byDomain[site]; ok {
			join(i, k, "domain "+site+" as "+w.docs[i].id)
		} else {
			byDomain[site] = k
		}
		for _, dup := range copies.Add(d.head()) {
			join(dup.ID, k, fmt.Sprintf("text %.0f %% as %s", dup.Similarity*100, w.docs[dup.ID].id))
		}
		for _, l := range d.read.Links {
			to := canonical(l.URL)
			if !deep(to) || RegistrableDomain(to) == site {
				continue
			}
			if i, ok := cited[to]; !ok {
				cited[to] = k
			} else if i != k {
				join(i, k, "cites "+to+" as "+w.docs[i].id)
			}
		}
	}
	numbers := map[int]int{}
	for k, d := range w.docs {
		r := root(k)
		if numbers[r] == 0 {
			numbers[r] = len(numbers) + 1
		}
		d.group = numbers[r]
	}
}

// deep reports whether an address is a page of a site and not its start.
func deep(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (len(u.Path) > 1 || u.RawQuery != "")
}

// independent counts the groups of documents. The operator's own pages are no
// witnesses.
func independent(docs []*document) int {
	groups := map[int]bool{}
	for _, d := range docs {
		if !d.snap.Own {
			groups[d.group] = true
		}
	}
	return len(groups)
}

// sources lists the documents in the report.
func (w *work) sources() {
	for _, d := range w.docs {
		at := d.snap.FetchedAt
		w.report.Sources = append(w.report.Sources, domain.ResearchSource{
			ID: d.id, Snapshot: d.snap.ID, URL: d.snap.FinalURL, Title: d.snap.Title, Domain: RegistrableDomain(d.snap.FinalURL), FoundBy: d.by,
			Language: d.read.Language, PublishedAt: d.published(), FetchedAt: &at, Own: d.snap.Own, Group: d.group, SameAs: d.sameAs, Relevant: round(d.coverage),
		})
	}
}
