package shipped

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"empire/internal/agent/content"
	"empire/internal/agent/website"
	"empire/internal/domain"
)

// contentKinds maps the content types that the data writer can write alone to the
// kind of page that it writes for them.
var contentKinds = map[string]domain.PageKind{
	"article": domain.PageGuide, "product_review": domain.PageProduct, "comparison": domain.PageComparison,
}

// wordsPerMinute is how fast an adult reads.
const wordsPerMinute = 200

// contentParams ask for pieces of content about a market.
type contentParams struct {
	topicParams
	ContentTypes []string `json:"content_types"`
	Product      string   `json:"product"` // product_review: part of the product's name; empty: the planner's first
}

// ContentPiece is one written piece.
type ContentPiece struct {
	Type             string         `json:"type"`
	Title            string         `json:"title"`
	Content          string         `json:"content"` // plain text
	WordCount        int            `json:"word_count"`
	ReadabilityScore float64        `json:"readability_score"`
	Claims           []domain.Claim `json:"claims"`
}

// generateContent writes one piece per content type from the market of a topic.
func (r *Runtime) generateContent(ctx context.Context, params json.RawMessage) (any, error) {
	var p contentParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if err := checkContentTypes(p.ContentTypes); err != nil {
		return nil, err
	}
	own, err := json.Marshal(p.topicParams)
	if err != nil {
		return nil, err
	}
	m, language, err := r.market(ctx, own)
	if err != nil {
		return nil, err
	}
	site := domain.Website{Domain: "content.example", Niche: m.Niche, Language: language}
	plan, err := r.Launch.Builder.Plan(ctx, website.PlanInput{Market: m, Website: site, Seed: seed(&site)})
	if err != nil {
		return nil, err
	}
	written, err := r.Launch.Writer.Write(ctx, content.WriteInput{Market: m, Plan: plan, Website: site, Seed: seed(&site)})
	if err != nil {
		return nil, err
	}
	var pieces []ContentPiece
	words := 0
	for _, t := range p.ContentTypes {
		page := choose(written.Pages, contentKinds[t], p.Product)
		if page == nil {
			return nil, domain.Errorf(domain.CodeNotEnoughData, "The feeds do not carry a %s about %s.", t, p.Topic)
		}
		piece := ContentPiece{Type: t, Title: page.Title, Content: content.MainText(page), Claims: page.Claims}
		for _, w := range written.Pieces {
			if w.PageSlug == page.Slug {
				piece.WordCount, piece.ReadabilityScore = w.WordCount, w.ReadabilityScore
			}
		}
		words += piece.WordCount
		pieces = append(pieces, piece)
	}
	return map[string]any{
		"topic": p.Topic, "content_pieces": pieces, "total_pieces": len(pieces), "estimated_reading_time": float64(words) / wordsPerMinute,
		// Pieces outside a site have no built page, so no audit passed on them.
		"seo_optimized": false, "evidence": written.Evidence,
	}, nil
}

func checkContentTypes(types []string) error {
	if len(types) == 0 {
		return domain.Invalid("content_types", "At least one content type is needed.")
	}
	for _, t := range types {
		if _, ok := contentKinds[t]; !ok {
			known := make([]string, 0, len(contentKinds))
			for k := range contentKinds {
				known = append(known, k)
			}
			slices.Sort(known)
			return &domain.Error{Code: domain.CodeUnsupportedTaskType, Field: "content_types",
				Message: "Content type " + t + " is not supported without a model; supported are " + strings.Join(known, ", ") + "."}
		}
	}
	return nil
}

// choose returns the first page of the kind whose title names the product.
func choose(pages []domain.Page, kind domain.PageKind, product string) *domain.Page {
	for i := range pages {
		if pages[i].Kind == kind && strings.Contains(strings.ToLower(pages[i].Heading), strings.ToLower(product)) {
			return &pages[i]
		}
	}
	return nil
}
