package sitegen

import (
	"strings"

	"empire/internal/domain"
)

// block is one block of a page as the theme sees it.
type block struct {
	Kind  domain.BlockType
	ID    string
	Level int // of the block's own heading, 2 to 4
	Text  runs

	Title      string // heading text
	List       []runs
	Ordered    bool
	Table      *tableView
	Card       *cardView
	Comparison *comparisonView
	Pros, Cons []runs
	FAQ        []qaView
	CTA        *ctaView
	Figure     *figureView
	W          *words
}

type qaView struct {
	ID       string
	Level    int
	Question runs
	Answer   runs
}

type ctaView struct {
	Name  string
	Offer *offerView
}

// cardView is a product card.
type cardView struct {
	Name  string
	Badge string
	Href  string
	Text  runs
	Facts []factView
	Offer *offerView
}

type factView struct {
	Label string
	Cell  cellView
}

// reader turns the blocks of one page into views, from top to bottom.
type reader struct {
	site     *site
	page     *domain.Page
	words    *words
	offers   *offers
	anchors  *anchors
	level    int              // of the last section heading; 1 before the first
	sections []link           // headings of level 2
	explicit []string         // ids of blocks that ask for one
	asked    map[int][]string // ids of questions by block
	figures  int
	tables   int
}

func newReader(s *site, p *domain.Page, w *words, o *offers) *reader {
	r := &reader{site: s, page: p, words: w, offers: o, anchors: newAnchors(), level: 1}
	// Wanted ids first: a generated one must never take their place.
	r.explicit, r.asked = make([]string, len(p.Blocks)), map[int][]string{}
	for i := range p.Blocks {
		r.explicit[i] = r.anchors.claim(p.Blocks[i].Anchor)
		if p.Blocks[i].FAQ == nil {
			continue
		}
		for _, qa := range p.Blocks[i].FAQ.Items {
			r.asked[i] = append(r.asked[i], r.anchors.claim(qa.Anchor))
		}
	}
	return r
}

func (r *reader) blocks() ([]block, error) {
	out := make([]block, 0, len(r.page.Blocks))
	for i := range r.page.Blocks {
		b := &r.page.Blocks[i]
		v := block{Kind: b.Type, ID: r.explicit[i], Level: min(r.level+1, 4), W: r.words}
		keep, err := r.block(b, &v, r.asked[i])
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, v)
		}
	}
	return out, nil
}

// block fills v from b. keep is false for a block that shows nothing, such as a
// call to action whose slot has no offer. asked are the ids of its questions.
func (r *reader) block(b *domain.Block, v *block, asked []string) (keep bool, err error) {
	switch {
	case b.Type == domain.BlockHeading && b.Heading != nil:
		r.heading(b.Heading, v)
	case b.Type == domain.BlockParagraph && b.Paragraph != nil:
		v.Text = r.sentences(b.Paragraph.Sentences)
		return len(v.Text) > 0, nil
	case b.Type == domain.BlockDisclosure && b.Disclosure != nil:
		v.Text = r.sentences(b.Disclosure.Sentences)
		return len(v.Text) > 0, nil
	case b.Type == domain.BlockList && b.List != nil:
		v.Ordered = b.List.Ordered
		for _, item := range b.List.Items {
			if text := r.sentences(item.Sentences); len(text) > 0 {
				v.List = append(v.List, text)
			}
		}
		return len(v.List) > 0, nil
	case b.Type == domain.BlockTable && b.Table != nil:
		v.Table = r.table(b.Table)
	case b.Type == domain.BlockProduct && b.Product != nil:
		v.Card = r.card(b.Product)
	case b.Type == domain.BlockComparison && b.Comparison != nil:
		v.Comparison = r.comparison(b.Comparison)
	case b.Type == domain.BlockProsCons && b.ProsCons != nil:
		v.Title, v.Pros, v.Cons = b.ProsCons.Title, r.each(b.ProsCons.Pros), r.each(b.ProsCons.Cons)
		return len(v.Pros)+len(v.Cons) > 0, nil
	case b.Type == domain.BlockFAQ && b.FAQ != nil:
		v.FAQ = r.faq(b.FAQ, asked, v.Level)
		return len(v.FAQ) > 0, nil
	case b.Type == domain.BlockCTA && b.CTA != nil:
		v.CTA = &ctaView{Name: b.CTA.Name, Offer: r.offers.view(b.CTA.Slot, b.CTA.Name)}
		return v.CTA.Offer != nil, nil
	case b.Type == domain.BlockFigure && b.Figure != nil:
		v.Figure = r.figure(b.Figure)
		return v.Figure != nil, nil
	default:
		return false, domain.Invalid("blocks", "A block of type %.40q has no content of that type.", b.Type)
	}
	return true, nil
}

// heading keeps levels without jumps: a section of level 3 needs one of level 2
// before it.
func (r *reader) heading(h *domain.Heading, v *block) {
	v.Level = 2
	if h.Level >= 3 && r.level >= 2 {
		v.Level = 3
	}
	r.level = v.Level
	v.Title = h.Text
	if v.ID == "" {
		v.ID = r.anchors.claim(shorten(anchorID(h.Text)))
	}
	if v.Level == 2 && v.ID != "" {
		r.sections = append(r.sections, link{Href: "#" + v.ID, Label: h.Text})
	}
}

// shorten cuts a generated id at a hyphen.
func shorten(id string) string {
	const most = 48
	if len(id) <= most {
		return id
	}
	if i := strings.LastIndexByte(id[:most], '-'); i > 0 {
		return id[:i]
	}
	return id[:most]
}

func (r *reader) each(list []domain.Sentence) []runs {
	var out []runs
	for i := range list {
		if text := r.sentences(list[i : i+1]); len(text) > 0 {
			out = append(out, text)
		}
	}
	return out
}

func (r *reader) faq(f *domain.FAQ, ids []string, level int) []qaView {
	var out []qaView
	for i, qa := range f.Items {
		v := qaView{
			ID: ids[i], Level: level,
			Question: r.sentences([]domain.Sentence{qa.Question}), Answer: r.sentences(qa.Answer),
		}
		if len(v.Question) > 0 {
			out = append(out, v)
		}
	}
	return out
}

func (r *reader) card(p *domain.ProductCard) *cardView {
	v := &cardView{Name: p.Name, Badge: p.Badge, Href: r.slug(p.Slug), Text: r.sentences(p.Text), Offer: r.offers.view(p.Slot, p.Name)}
	for _, f := range p.Facts {
		v.Facts = append(v.Facts, factView{Label: f.Label, Cell: r.cellAt([]domain.Cell{f.Value}, 0, "")})
	}
	return v
}

// slug returns the address of an optional internal link; "" for none and for a
// link to the page itself.
func (r *reader) slug(slug *string) string {
	if slug == nil {
		return ""
	}
	href := r.site.target(*slug, "")
	if href == r.page.Path() {
		return ""
	}
	return href
}
