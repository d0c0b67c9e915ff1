package shipped

import (
	"cmp"
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
	"article": domain.PageGuide, "buying_guide": domain.PageGuide, "product_review": domain.PageProduct, "comparison": domain.PageComparison,
	"landing_page": domain.PageHome, "email_sequence": domain.PageGuide, "social_media": domain.PageHome,
}

// wordsPerMinute is how fast an adult reads.
const wordsPerMinute = 200

// contentParams ask for pieces of content about a market.
type contentParams struct {
	topicParams
	ContentTypes []string `json:"content_types"`
	Product      string   `json:"product"` // product_review: part of the product's name
	Tone         string   `json:"tone"`    // product_review: professional (empty), friendly, concise
	// Research is what a product_review says, instead of what the feeds hold: its claims
	// come from here alone.
	Research []content.ResearchItem `json:"research_data"`
	// landing_page
	TargetAudience string `json:"target_audience"`
	ConversionGoal string `json:"conversion_goal"`
	Count          int    `json:"count"` // email_sequence: mails, 0 is 3
	// social_media
	Networks  []string `json:"networks"`
	Affiliate bool     `json:"affiliate_link"` // the link will be a paid one
}

// ContentPiece is one written piece.
type ContentPiece struct {
	Type             string         `json:"type"`
	Title            string         `json:"title"`
	Description      string         `json:"description,omitempty"` // meta description, of pages
	Content          string         `json:"content"`               // plain text
	WordCount        int            `json:"word_count"`
	ReadabilityScore float64        `json:"readability_score"`
	Claims           []domain.Claim `json:"claims"`
	Tone             string         `json:"tone,omitempty"`
	Mails            []content.Mail `json:"mails,omitempty"`
	Posts            []content.Post `json:"posts,omitempty"`
	// Writer says who wrote the page that the piece is made of: data/1, or the model with
	// the version of its prompt.
	Writer string `json:"writer"`
	// SEO is what the audit said of the piece as a page of its own; nil of mails and posts.
	SEO *pieceAudit `json:"seo,omitempty"`

	page *domain.Page // what it is made of, as told
}

// generateContent writes one piece per content type from the market of a topic.
func (r *Runtime) generateContent(ctx context.Context, params json.RawMessage) (any, error) {
	p, err := readContent(params)
	if err != nil {
		return nil, err
	}
	if len(p.Research) > 0 {
		return r.researchReview(ctx, &p)
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
	words, optimized := 0, true
	for _, t := range p.ContentTypes {
		page := choose(written.Pages, contentKinds[t], p.Product)
		if page == nil {
			return nil, domain.Errorf(domain.CodeNotEnoughData, "The feeds do not carry a %s about %s.", t, p.Topic)
		}
		piece, err := p.piece(t, page)
		if err != nil {
			return nil, err
		}
		passed, err := r.auditPiece(ctx, &site, &piece, written.Pages)
		if err != nil {
			return nil, err
		}
		optimized = optimized && passed
		words += piece.WordCount
		pieces = append(pieces, piece)
	}
	return map[string]any{
		"topic": p.Topic, "content_pieces": pieces, "total_pieces": len(pieces), "estimated_reading_time": float64(words) / wordsPerMinute,
		"seo_optimized": optimized, "evidence": written.Evidence,
	}, nil
}

// readContent reads parameters and refuses what could only fail later.
func readContent(params json.RawMessage) (contentParams, error) {
	var p contentParams
	if err := decode(params, &p); err != nil {
		return p, err
	}
	if err := checkContentTypes(p.ContentTypes); err != nil {
		return p, err
	}
	if p.Research != nil {
		var err error
		if p.Research, err = content.CheckResearch(p.Research); err != nil {
			return p, err
		}
		if len(p.ContentTypes) != 1 || p.ContentTypes[0] != "product_review" {
			return p, domain.Invalid("research_data", "Research data are for a product_review alone.")
		}
	}
	if p.Count == 0 {
		p.Count = 3
	}
	for _, t := range p.ContentTypes {
		var err error
		switch t {
		case "product_review":
			if strings.TrimSpace(p.Product) == "" {
				return p, domain.Invalid("product", "A review needs the product, or a part of its name.")
			}
			_, err = content.InTone(domain.Page{}, p.Tone)
		case "landing_page":
			_, err = content.Landing(&domain.Page{}, p.TargetAudience, p.ConversionGoal)
		case "email_sequence":
			if _, err = content.Mails(&domain.Page{}, "", p.Count); domain.CodeOf(err) == domain.CodeNotEnoughData {
				err = nil
			}
		case "social_media":
			for _, n := range p.Networks {
				if content.Networks[n] == 0 {
					_, err = content.Posts(&domain.Page{}, []string{n}, false)
				}
			}
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// piece makes one piece of a type of the page that holds its facts.
func (p *contentParams) piece(t string, page *domain.Page) (ContentPiece, error) {
	out, told := ContentPiece{Type: t, Writer: page.Writer}, *page
	var err error
	switch t {
	case "product_review":
		out.Tone = cmp.Or(p.Tone, content.Tones[0])
		told, err = content.InTone(told, p.Tone)
	case "landing_page":
		told, err = content.Landing(page, p.TargetAudience, p.ConversionGoal)
	case "email_sequence":
		out.Mails, err = content.Mails(page, p.Topic, p.Count)
	case "social_media":
		out.Posts, err = content.Posts(page, p.Networks, p.Affiliate)
	}
	if err != nil {
		return out, err
	}
	out.Title, out.Claims = told.Title, told.Claims
	out.page = &told
	m := content.Measure(t, &told)
	out.Content, out.WordCount, out.ReadabilityScore = content.MainText(&told), m.WordCount, m.ReadabilityScore
	var texts []string
	for _, x := range out.Mails {
		texts = append(texts, x.Text)
	}
	for _, x := range out.Posts {
		texts = append(texts, x.Text)
	}
	if len(texts) > 0 {
		out.Content = strings.Join(texts, "\n\n")
		out.WordCount, out.ReadabilityScore = content.MeasureText(page.Language, out.Content)
	}
	return out, nil
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
			return domain.Invalid("content_types", "Content type %q is not known; known are %s.", t, strings.Join(known, ", "))
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

// researchReview writes a review from research data: the feeds are not asked.
func (r *Runtime) researchReview(ctx context.Context, p *contentParams) (any, error) {
	language := cmp.Or(p.Language, "en")
	page, evidence := content.ResearchReview(strings.TrimSpace(p.Product), language, p.Research)
	piece, err := p.piece("product_review", &page)
	if err != nil {
		return nil, err
	}
	site := domain.Website{Domain: "content.example", Niche: cmp.Or(p.Topic, p.Product), Language: language}
	passed, err := r.auditPiece(ctx, &site, &piece, nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"topic": p.Topic, "content_pieces": []ContentPiece{piece}, "total_pieces": 1, "estimated_reading_time": float64(piece.WordCount) / wordsPerMinute,
		"seo_optimized": passed, "evidence": evidence,
	}, nil
}
