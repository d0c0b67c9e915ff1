package catalog

import (
	"strings"

	"empire/internal/domain"
)

// PageNode returns the node of a page.
func PageNode(id domain.PageID) domain.GraphRef {
	return domain.GraphRef{Type: domain.NodePage, ID: string(id)}
}

// SiteNode returns the node of a website.
func SiteNode(id domain.WebsiteID) domain.GraphRef {
	return domain.GraphRef{Type: domain.NodeSite, ID: string(id)}
}

// SaySite returns what a website says as a whole: its name and its niche.
func SaySite(w *domain.Website) []domain.GraphContribution {
	var s statements
	node := SiteNode(w.ID)
	s.named(node, "name", w.Domain)
	s.within(node, domain.RelationServes, w.Niche, w.Language)
	if len(s) == 0 {
		s.exists(node)
	}
	return s
}

// SayPage returns what a page of a website says: where it is, which phrases it is
// for, which products, programs and pages it names. slugs are those of the site's
// pages. Pages that the law asks for say only that they are there.
func SayPage(w *domain.Website, p *domain.Page, evidence map[domain.EvidenceID]*domain.Evidence, slugs map[string]domain.PageID, programs map[domain.ProgramID]*domain.Program) []domain.GraphContribution {
	var s statements
	node := PageNode(p.ID)
	s.named(node, "name", p.Title)
	s.named(node, "path", p.Path())
	s.relate(node, domain.RelationPartOf, SiteNode(w.ID))
	if p.Kind.Legal() {
		return s
	}
	for _, phrase := range p.Keywords {
		if strings.TrimSpace(phrase) != "" && len(phrase) <= maxNodeID {
			s.relate(node, domain.RelationTargets, KeywordNode(p.Language, phrase))
		}
	}
	if p.Kind != domain.PageMethod {
		s.within(node, domain.RelationServes, w.Niche, w.Language)
	}
	s.mentions(node, p, evidence)
	for i := range p.Offers {
		o := &p.Offers[i]
		if program := programs[o.ProgramID]; program != nil {
			s.relate(node, domain.RelationPromotes, ProgramNode(program.Network, program.AdvertiserID))
		}
	}
	for _, slug := range linksOf(p) {
		if to, ok := slugs[slug]; ok {
			s.relate(node, domain.RelationLinksTo, PageNode(to))
		}
	}
	return s
}

// mentions adds the products whose rows a page cites or offers.
func (s *statements) mentions(node domain.GraphRef, p *domain.Page, evidence map[domain.EvidenceID]*domain.Evidence) {
	seen := map[domain.GraphRef]bool{}
	mention := func(feed domain.FeedID, key string) {
		ref := ProductNode(feed, key)
		if feed == "" || key == "" || seen[ref] {
			return
		}
		seen[ref] = true
		*s = append(*s, domain.GraphContribution{Node: node, Relation: domain.RelationMentions, To: ref, Weight: domain.GraphOne})
	}
	for i := range p.Offers {
		mention(p.Offers[i].FeedID, p.Offers[i].RowKey)
	}
	for _, c := range p.Claims {
		for _, id := range c.Evidence {
			if e := evidence[id]; e != nil && e.Kind == domain.EvidenceFeed {
				mention(e.FeedID, e.RowKey)
			}
		}
	}
}

// linksOf returns the slugs that a page links to within its site.
func linksOf(p *domain.Page) []string {
	var out []string
	sentences := func(list []domain.Sentence) {
		for _, s := range list {
			for _, l := range s.Links {
				out = append(out, l.Slug)
			}
		}
	}
	slug := func(s *string) {
		if s != nil {
			out = append(out, *s)
		}
	}
	for _, r := range p.Related {
		out = append(out, r.Slug)
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		switch {
		case b.Paragraph != nil:
			sentences(b.Paragraph.Sentences)
		case b.List != nil:
			for _, item := range b.List.Items {
				sentences(item.Sentences)
			}
		case b.Product != nil:
			sentences(b.Product.Text)
			slug(b.Product.Slug)
		case b.Comparison != nil:
			for _, c := range b.Comparison.Products {
				slug(c.Slug)
			}
		case b.Table != nil:
			for _, row := range b.Table.Rows {
				for _, c := range row.Cells {
					slug(c.Slug)
				}
			}
		case b.FAQ != nil:
			for _, qa := range b.FAQ.Items {
				sentences(qa.Answer)
			}
		}
	}
	return out
}
