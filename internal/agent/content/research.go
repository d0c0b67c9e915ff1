package content

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// WriterResearch wrote a review from research data alone.
const WriterResearch = "research/1"

// Bounds of research data.
const (
	maxResearch  = 60
	maxStatement = 500 // bytes
	maxSource    = 120
)

// ResearchItem is one statement about a product that whoever asks for a review found
// somewhere, as it stands there.
type ResearchItem struct {
	Statement string     `json:"statement"`
	Source    string     `json:"source"` // who says it
	URL       string     `json:"url"`    // https
	At        *time.Time `json:"retrieved_at,omitempty"`
	// Aspect is strength, weakness, or empty for neither.
	Aspect string `json:"aspect,omitempty"`
}

func (r *ResearchItem) check(at string) error {
	r.Statement, r.Source = strings.Join(strings.Fields(r.Statement), " "), strings.Join(strings.Fields(r.Source), " ")
	u, err := url.Parse(r.URL)
	switch {
	case r.Statement == "" || len(r.Statement) > maxStatement || !utf8.ValidString(r.Statement) || strings.ContainsFunc(r.Statement, unicode.IsControl):
		return domain.Invalid(at+".statement", "A statement has 1 to %d bytes of text.", maxStatement)
	case markup.MatchString(r.Statement):
		return domain.Invalid(at+".statement", "A statement is plain text without markup and addresses: %.60q.", r.Statement)
	case experience.MatchString(r.Statement):
		return domain.Invalid(at+".statement", "A statement of somebody's own test would become ours: %.60q. Say what was found, and name who found it as the source.", r.Statement)
	case orders.MatchString(r.Statement):
		return domain.Invalid(at+".statement", "A statement is about the product: %.60q.", r.Statement)
	case r.Source == "" || len(r.Source) > maxSource || markup.MatchString(r.Source):
		return domain.Invalid(at+".source", "Name the source in 1 to %d bytes.", maxSource)
	case err != nil || u.Scheme != "https" || u.Host == "" || len(r.URL) > 2000:
		return domain.Invalid(at+".url", "The address of the source is an https address.")
	case r.Aspect != "" && r.Aspect != "strength" && r.Aspect != "weakness":
		return domain.Invalid(at+".aspect", "Aspect %.20q is not one of strength, weakness.", r.Aspect)
	}
	return nil
}

// CheckResearch returns research data with single spaces and without repeats; data that
// cannot carry a review are CodeInvalid. The list given is not changed.
func CheckResearch(list []ResearchItem) ([]ResearchItem, error) {
	if len(list) == 0 || len(list) > maxResearch {
		return nil, domain.Invalid("research_data", "A review needs 1 to %d statements.", maxResearch)
	}
	seen := map[string]bool{}
	var out []ResearchItem
	for i, r := range list {
		if err := r.check(fmt.Sprintf("research_data[%d]", i)); err != nil {
			return nil, err
		}
		if key := r.Statement + "\x00" + r.URL; !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	return out, nil
}

// ResearchReview writes a review of a product whose only claims are the statements of
// research data, word for word, each with its source. The data are those of
// CheckResearch.
func ResearchReview(product, language string, list []ResearchItem) (domain.Page, []domain.Evidence) {
	r := &researchReview{page: domain.Page{
		Kind: domain.PageProduct, Slug: "review", Language: language, Writer: WriterResearch, Indexable: true,
		Title: fmt.Sprintf(pick(language, "%s: what sources say", "%s: was Quellen sagen"), product), NavLabel: product,
		Description: fmt.Sprintf(pick(language, "What is stated about %s, statement by statement, each with its source.", "Was über %s gesagt wird, Aussage für Aussage, jeweils mit Quelle."), product),
	}}
	r.page.Heading = r.page.Title
	r.say(pick(language, "This review repeats what the sources named below state. Nothing was tested for it, and what they do not say is not here.",
		"Dieser Text gibt wieder, was die unten genannten Quellen sagen. Dafür wurde nichts getestet, und was sie nicht sagen, steht hier nicht."))
	var facts, pros, cons []domain.Sentence
	for i := range list {
		s := r.sentence(&list[i])
		switch list[i].Aspect {
		case "strength":
			pros = append(pros, s)
		case "weakness":
			cons = append(cons, s)
		default:
			facts = append(facts, s)
		}
	}
	if len(facts) > 0 {
		r.heading(pick(language, "What is stated", "Was gesagt wird"))
		r.items(facts)
	}
	if len(pros)+len(cons) > 0 {
		r.heading(pick(language, "Strengths and weaknesses", "Stärken und Schwächen"))
		r.page.Blocks = append(r.page.Blocks, domain.Block{Type: domain.BlockProsCons, ProsCons: &domain.ProsCons{Pros: pros, Cons: cons}})
	}
	return r.page, r.evidence
}

// researchReview is a review while it is written.
type researchReview struct {
	page     domain.Page
	evidence []domain.Evidence
}

func (r *researchReview) say(text string) {
	r.page.Blocks = append(r.page.Blocks, domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: text, Opinion: true}}}})
}

func (r *researchReview) heading(text string) {
	r.page.Blocks = append(r.page.Blocks, domain.Block{Type: domain.BlockHeading, Heading: &domain.Heading{Level: 2, Text: text}})
}

func (r *researchReview) items(list []domain.Sentence) {
	b := domain.Block{Type: domain.BlockList, List: &domain.List{}}
	for _, s := range list {
		b.List.Items = append(b.List.Items, domain.Paragraph{Sentences: []domain.Sentence{s}})
	}
	r.page.Blocks = append(r.page.Blocks, b)
}

// sentence is a statement with its source, and the claim that carries it.
func (r *researchReview) sentence(item *ResearchItem) domain.Sentence {
	e := domain.Evidence{Kind: domain.EvidenceSetting, Field: "research_data", Value: item.Statement, URL: item.URL, At: item.At, Note: item.Source}.Seal()
	r.evidence = append(r.evidence, e)
	id := domain.ClaimID(fmt.Sprintf("r%d", len(r.evidence)))
	r.page.Claims = append(r.page.Claims, domain.Claim{ID: id, Text: item.Statement, Evidence: []domain.EvidenceID{e.ID}})
	return domain.Sentence{Text: fmt.Sprintf("%s (%s)", strings.TrimSuffix(item.Statement, "."), item.Source), Claims: []domain.ClaimID{id}}
}
