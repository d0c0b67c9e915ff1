package domain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of an edit.
const (
	MaxTextEdits = 50    // texts in one edit
	MaxTextBytes = 2_000 // of one text
)

// PageText is one text of a page that a person may change before it is approved: the
// heads of the page, section headings and sentences. Names, cells and figures of products
// are those of their evidence and are none.
type PageText struct {
	Ref     string // where it stands, such as "title" or "blocks/3/paragraph/0"
	Kind    string // title, description, heading, menu, summary, section heading, sentence
	Text    string
	Claims  []ClaimID
	Opinion bool
	Links   []InlineLink
}

// TextChange is one text as it was and as it is wanted.
type TextChange struct {
	Page string `json:"page"` // path
	Ref  string `json:"ref"`
	Old  string `json:"old"` // empty in a request: whatever stands there
	New  string `json:"new"`
}

// EditState says what became of an edit.
type EditState string

// The states of an edit.
const (
	EditChecking EditState = "checking" // the gates look at it
	EditAccepted EditState = "accepted" // the candidate holds it
	EditRefused  EditState = "refused"  // a gate is red with it: the candidate is as before
)

// TextEdit is one version of a candidate that waits for approval: the texts that a person
// changed, and the drafts before and after.
type TextEdit struct {
	ID         TextEditID   `json:"id"`
	Tenant     TenantID     `json:"tenant"`
	RunID      RunID        `json:"run_id"`
	Number     int          `json:"number"` // within the run, from 1
	WebsiteID  WebsiteID    `json:"website_id"`
	ApprovalID ApprovalID   `json:"approval_id"` // that became void by it
	Base       string       `json:"base"`        // SHA-256 of the draft before
	Draft      string       `json:"draft"`       // SHA-256 of the draft with it
	Changes    []TextChange `json:"changes"`
	ActorID    UserID       `json:"actor_id"`
	At         time.Time    `json:"at"`
	State      EditState    `json:"state"`
	Detail     string       `json:"detail"` // why it was refused
}

// Texts returns what a person may change on a page, in reading order.
func (p *Page) Texts() []PageText {
	var out []PageText
	p.eachText(func(ref, kind string, text *string, s *Sentence) {
		t := PageText{Ref: ref, Kind: kind, Text: *text}
		if s != nil {
			t.Claims, t.Opinion, t.Links = s.Claims, s.Opinion, s.Links
		}
		if t.Text != "" {
			out = append(out, t)
		}
	})
	return out
}

// eachText calls fn with each text that may be changed; s is nil for one that is no
// sentence.
func (p *Page) eachText(fn func(ref, kind string, text *string, s *Sentence)) {
	fn("title", "title", &p.Title, nil)
	fn("description", "description", &p.Description, nil)
	fn("heading", "heading", &p.Heading, nil)
	fn("nav_label", "menu", &p.NavLabel, nil)
	fn("summary", "summary", &p.Summary, nil)
	for i := range p.Blocks {
		b, at := &p.Blocks[i], fmt.Sprintf("blocks/%d/", i)
		list := func(name string, sentences []Sentence) {
			for j := range sentences {
				fn(fmt.Sprintf("%s%s/%d", at, name, j), "sentence", &sentences[j].Text, &sentences[j])
			}
		}
		switch {
		case b.Heading != nil:
			fn(at+"heading", "section heading", &b.Heading.Text, nil)
		case b.Paragraph != nil:
			list("paragraph", b.Paragraph.Sentences)
		case b.List != nil:
			for j := range b.List.Items {
				list(fmt.Sprintf("list/%d", j), b.List.Items[j].Sentences)
			}
		case b.Product != nil:
			list("product", b.Product.Text)
		case b.ProsCons != nil:
			list("pros", b.ProsCons.Pros)
			list("cons", b.ProsCons.Cons)
		case b.FAQ != nil:
			for j := range b.FAQ.Items {
				qa := &b.FAQ.Items[j]
				fn(fmt.Sprintf("%sfaq/%d/question", at, j), "question", &qa.Question.Text, &qa.Question)
				list(fmt.Sprintf("faq/%d", j), qa.Answer)
			}
		case b.Figure != nil:
			list("figure", b.Figure.Caption)
		case b.Disclosure != nil:
			list("disclosure", b.Disclosure.Sentences)
		}
	}
}

// WithText returns a copy of a page with another text at a place. The claims that the new
// text does not show any more are no claims of that sentence; a sentence without any is an
// opinion. Another old text than stands there is CodeConflict.
func (p *Page) WithText(c TextChange) (*Page, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("copy page %s: %w", p.Path(), err)
	}
	out := new(Page)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("copy page %s: %w", p.Path(), err)
	}
	shown := make(map[ClaimID]string, len(p.Claims))
	for _, claim := range p.Claims {
		shown[claim.ID] = claim.Text
	}
	err = Invalid("ref", "Page %s has no text %.100q.", p.Path(), c.Ref)
	out.eachText(func(ref, _ string, text *string, s *Sentence) {
		switch {
		case ref != c.Ref:
			return
		case c.Old != "" && *text != c.Old:
			err = Errorf(CodeConflict, "The text %s of page %s is another one by now; look at it again.", c.Ref, p.Path())
			return
		case *text == c.New:
			err = Invalid("new", "The text %s of page %s is that already.", c.Ref, p.Path())
			return
		}
		err = nil
		if s != nil {
			err = s.reword(c.New, shown)
		}
		*text = c.New
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// reword readies a sentence for a new text.
func (s *Sentence) reword(text string, shown map[ClaimID]string) error {
	for _, l := range s.Links {
		if !strings.Contains(text, l.Phrase) {
			return Invalid("new", "The words %q lead to %s and have to stay.", l.Phrase, PathOf(l.Slug))
		}
	}
	before := s.Text
	s.Claims = slices.DeleteFunc(s.Claims, func(id ClaimID) bool {
		return strings.Contains(before, shown[id]) && !strings.Contains(text, shown[id])
	})
	s.Opinion = s.Opinion || len(s.Claims) == 0
	return nil
}

// CleanText returns a text as a page holds it: one line without spaces around it. What is
// empty, too long or holds signs that nobody sees is CodeInvalid.
func CleanText(text string) (string, error) {
	out := strings.Join(strings.Fields(text), " ")
	switch {
	case out == "":
		return "", Invalid("new", "The new text is empty.")
	case len(out) > MaxTextBytes:
		return "", Invalid("new", "The new text is longer than 2,000 bytes.")
	case !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u00ad' && r != '\u200d'
	}):
		return "", Invalid("new", "The new text holds signs that nobody sees.")
	}
	return out, nil
}

// EditRequest is what a person wants to be changed in a candidate. PayloadHash is that of
// the approval that the person saw.
type EditRequest struct {
	PayloadHash string
	Changes     []TextChange
}
