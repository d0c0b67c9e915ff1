package search

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"empire/internal/domain"
	"empire/internal/intelligence/embed"
	"empire/internal/intelligence/vector"
)

const (
	fusion = 60 // of reciprocal rank fusion
	depth  = 50 // ranks of each ranking that count, at least
	// tooFar is the distance from which a vector is next to none: in a space of many
	// dimensions something is always nearest.
	tooFar = 0.85
	// excerptBytes is how much of a text a hit shows.
	excerptBytes = 280
)

// held are the words of a tenant's documents in memory.
type held struct {
	mu     sync.Mutex // while they are brought up to date
	words  *Words
	seq    int64
	groups map[group]int32
	list   []group
}

// group is what a search can be limited to.
type group struct {
	kind    domain.SearchKind
	website domain.WebsiteID
}

// current returns the words of a collection of documents as it was when c was read, or
// later.
func (e *Engine) current(ctx context.Context, c *domain.VectorCollection) (*held, *Words, error) {
	e.mu.Lock()
	h := e.held[c.ID]
	if h == nil {
		h = &held{words: NewWords(), groups: map[group]int32{}}
		e.held[c.ID] = h
	}
	e.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seq < c.Floor {
		h.words, h.seq = NewWords(), 0
	}
	if h.seq >= c.Seq {
		return h, h.words, nil
	}
	err := e.cfg.Rows.Changes(ctx, c.ID, h.seq, func(r *domain.VectorRow) error {
		if r.Gone {
			h.words.Remove(r.ID)
			return nil
		}
		d, _, err := read(r)
		if err != nil {
			return err
		}
		h.words.Put(r.ID, d.Language, d.Title+"\n"+d.Text, h.group(d.Kind, d.WebsiteID))
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	h.seq = c.Seq
	return h, h.words, nil
}

func (h *held) group(kind domain.SearchKind, website domain.WebsiteID) int32 {
	g := group{kind, website}
	n, ok := h.groups[g]
	if !ok {
		n = int32(len(h.list)) //nolint:gosec // kinds times websites
		h.groups[g] = n
		h.list = append(h.list, g)
	}
	return n
}

// allowed says which groups a query is limited to; nil: none.
func (h *held) allowed(q *domain.SearchQuery) func(int32) bool {
	if len(q.Kinds) == 0 && q.WebsiteID == "" {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ok := make([]bool, len(h.list))
	for i, g := range h.list {
		ok[i] = (len(q.Kinds) == 0 || slices.Contains(q.Kinds, g.kind)) && (q.WebsiteID == "" || g.website == q.WebsiteID)
	}
	return func(n int32) bool { return int(n) < len(ok) && ok[n] }
}

func filter(q *domain.SearchQuery) vector.Filter {
	var f vector.Filter
	if len(q.Kinds) > 0 {
		kinds := make([]string, len(q.Kinds))
		for i, k := range q.Kinds {
			kinds[i] = string(k)
		}
		f = append(f, vector.IsIn("kind", kinds...))
	}
	if q.WebsiteID != "" {
		f = append(f, vector.Is("website", string(q.WebsiteID)))
	}
	return f
}

// ranked is a place in one of the rankings.
type ranked struct {
	collection string // of documents
	id         string
	words      *Ranked
	distance   float64
}

// Search finds documents of the tenants. If the vectors cannot be compared, the words
// alone decide, and the answer says so.
func (e *Engine) Search(ctx context.Context, tenants []domain.TenantID, q domain.SearchQuery) (*domain.SearchAnswer, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	answer := &domain.SearchAnswer{Embedder: e.Embedder(), Vectors: true}
	var byWords, byVector []ranked
	for _, tenant := range tenants {
		c, err := e.cfg.Rows.Get(ctx, tenant, documentsName)
		if domain.CodeOf(err) == domain.CodeNotFound {
			continue // nothing was indexed yet
		}
		if err != nil {
			return nil, err
		}
		h, words, err := e.current(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, r := range words.Search(q.Text, max(depth, 3*q.Limit), h.allowed(&q)) {
			byWords = append(byWords, ranked{collection: c.ID, id: r.ID, words: &r})
		}
		near, err := e.near(ctx, c, words, &q)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			answer.Vectors, answer.Reason = false, domain.MessageOf(err)
		}
		byVector = append(byVector, near...)
	}
	if !answer.Vectors {
		byVector = nil // half of them would be misleading
	}
	var err error
	answer.Hits, err = e.fuse(ctx, byWords, byVector, q.Limit)
	return answer, err
}

// near returns the documents whose vectors are nearest.
func (e *Engine) near(ctx context.Context, c *domain.VectorCollection, words *Words, q *domain.SearchQuery) ([]ranked, error) {
	v, err := embed.Query(ctx, e.cfg.Embedder, q.Text, words.Weight)
	if err != nil || embed.Empty(v) {
		return nil, err
	}
	hits, err := e.cfg.Index.Query(ctx, e.vectors(c.Tenant), vector.Query{Vector: v, Limit: max(depth, 3*q.Limit), Filter: filter(q)})
	if err != nil {
		return nil, err
	}
	var out []ranked
	for i := range hits {
		if hits[i].Distance < tooFar {
			out = append(out, ranked{collection: c.ID, id: hits[i].ID, distance: hits[i].Distance})
		}
	}
	return out, nil
}

// fuse joins the rankings and loads what is found.
func (e *Engine) fuse(ctx context.Context, byWords, byVector []ranked, limit int) ([]domain.SearchHit, error) {
	slices.SortStableFunc(byWords, func(a, b ranked) int { return cmp.Compare(b.words.Score, a.words.Score) })
	slices.SortStableFunc(byVector, func(a, b ranked) int { return cmp.Compare(a.distance, b.distance) })
	type key struct{ collection, id string }
	found := map[key]*domain.SearchHit{}
	var order []key
	at := func(r *ranked) *domain.SearchHit {
		k := key{r.collection, r.id}
		if found[k] == nil {
			found[k] = &domain.SearchHit{}
			order = append(order, k)
		}
		return found[k]
	}
	for i := range byWords {
		hit := at(&byWords[i])
		hit.Words = &domain.WordsPart{Rank: i + 1, Score: byWords[i].words.Score, Words: byWords[i].words.Words}
		hit.Score += 1 / float64(fusion+i+1)
	}
	for i := range byVector {
		hit := at(&byVector[i])
		hit.Near = &domain.VectorPart{Rank: i + 1, Distance: byVector[i].distance}
		hit.Score += 1 / float64(fusion+i+1)
	}
	slices.SortStableFunc(order, func(a, b key) int {
		return cmp.Or(cmp.Compare(found[b].Score, found[a].Score), cmp.Compare(a.id, b.id))
	})
	order = order[:min(limit, len(order))]
	docs := map[key]domain.SearchDocument{}
	ids := map[string][]string{}
	for _, k := range order {
		ids[k.collection] = append(ids[k.collection], k.id)
	}
	for collection, list := range ids {
		rows, err := e.cfg.Rows.Rows(ctx, collection, list)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			d, _, err := read(&rows[i])
			if err != nil {
				return nil, err
			}
			docs[key{collection, d.ID}] = d
		}
	}
	out := make([]domain.SearchHit, 0, len(order))
	for _, k := range order {
		d, ok := docs[k]
		if !ok {
			continue // removed meanwhile: also what only a vector still remembers
		}
		hit := found[k]
		d.Text = excerpt(d.Text, hit.Words)
		hit.Document = d
		out = append(out, *hit)
	}
	return out, nil
}

// excerpt returns the part of a text around the first word that was found.
func excerpt(text string, part *domain.WordsPart) string {
	if len(text) <= excerptBytes {
		return text
	}
	start := 0
	if part != nil {
		lower := strings.ToLower(text)
		for _, w := range part.Words {
			if i := strings.Index(lower, w); i >= 0 && i < len(text) && len(lower) == len(text) {
				start = max(i-excerptBytes/4, 0)
				break
			}
		}
	}
	end := min(start+excerptBytes, len(text))
	cut := text[start:end]
	if start > 0 {
		if i := strings.IndexByte(cut, ' '); i >= 0 {
			cut = "…" + cut[i:]
		}
	}
	if end < len(text) {
		if i := strings.LastIndexByte(cut, ' '); i > 0 {
			cut = cut[:i] + " …"
		}
	}
	return strings.ToValidUTF8(cut, "")
}
