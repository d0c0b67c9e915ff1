package seo

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"empire/internal/domain"
)

// ContentVersion names the rules for texts by themselves.
const ContentVersion = "content/1"

// The limits of the rules for texts. Lengths are in words.
const (
	MaxParagraph  = 120
	MaxDensity    = 0.03 // share of the words that one keyword may take
	openingWords  = 100
	MaxContent    = 1 << 20 // bytes
	contentSource = central + "fundamentals/creating-helpful-content"
)

// ContentRules are the rules for texts, with what each counts. Those about keywords
// apply only if there are any.
var ContentRules = []struct {
	ID     string
	Weight float64
	Fix    string
}{
	{"TEXT-H1", 3, "Begin with one heading of level 1."},
	{"TEXT-HEADINGS", 1, "Go down one level at a time and leave no heading empty."},
	{"TEXT-LENGTH", 1, fmt.Sprintf("Say at least %d words that help the reader.", MinWords)},
	{"TEXT-PARAGRAPHS", 1, fmt.Sprintf("Keep paragraphs to %d words.", MaxParagraph)},
	{"TEXT-REPEATED", 1, "Say each paragraph once."},
	{"TEXT-LINKS", 1, "Say in the link's text where it leads."},
	{"TEXT-IMAGES", 1, "Describe each image."},
	{"TEXT-KEYWORD-H1", 3, "Name the first keyword in the heading of level 1."},
	{"TEXT-KEYWORD-OPENING", 2, fmt.Sprintf("Name the first keyword in the first %d words.", openingWords)},
	{"TEXT-KEYWORDS", 2, "Write about each keyword, or leave it out."},
	{"TEXT-STUFFING", 2, "Use the keyword less often."},
}

// ContentReport is what the rules say about a text.
type ContentReport struct {
	Version  string             `json:"version"`
	Score    float64            `json:"score"` // 0 to 100
	Rules    map[string]float64 `json:"rules"` // value of each rule that applies, 0 to 1
	Words    int                `json:"words"`
	Findings []domain.Finding   `json:"findings"`
}

// Part is a piece of a text: a heading (Level 1 to 6) or a block (Level 0).
type Part struct {
	Level int
	Text  string // of a heading without its marks, of a block as it stands
}

var (
	atx      = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	fence    = regexp.MustCompile("^ {0,3}(```|~~~)")
	mdImage  = regexp.MustCompile(`!\[([^\]]*)\]\(([^)\s]*)[^)]*\)`)
	mdLink   = regexp.MustCompile(`(^|[^!])\[([^\]]*)\]\(([^)\s]*)[^)]*\)`)
	mdListed = regexp.MustCompile(`^\s*(?:[-*+>|]|\d+[.)])`)
)

// Parts splits Markdown into headings (those with number signs) and blocks between
// blank lines. What stands in a fence is one block.
func Parts(content string) []Part {
	var out []Part
	var block []string
	end := func() {
		if len(block) > 0 {
			out = append(out, Part{Text: strings.Join(block, "\n")})
		}
		block = nil
	}
	fenced := false
	for line := range strings.SplitSeq(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		m := atx.FindStringSubmatch(line)
		switch {
		case fence.MatchString(line):
			fenced = !fenced
			block = append(block, line)
		case fenced:
			block = append(block, line)
		case m != nil:
			end()
			out = append(out, Part{Level: len(m[1]), Text: strings.TrimSpace(m[2])})
		case strings.TrimSpace(line) == "":
			end()
		default:
			block = append(block, strings.TrimRight(line, " \t"))
		}
	}
	end()
	return out
}

// Prose reports whether a block is running text: no list, quote, table or fence.
func (p Part) Prose() bool {
	return p.Level == 0 && !mdListed.MatchString(p.Text) && !fence.MatchString(p.Text)
}

// Plain returns the words that a reader sees of a text.
func Plain(text string) string {
	text = mdImage.ReplaceAllString(text, "$1")
	text = mdLink.ReplaceAllString(text, "$1$2")
	return strings.NewReplacer("**", "", "__", "", "`", "").Replace(text)
}

// ContentScore applies the rules for texts to Markdown:
//
//	score = 100 × Σ weight × value ÷ Σ weight, over the rules that apply
//
// covers says which share of the words of a keyword a text has, 0 to 1, so that what
// counts as a word is the language's business. The same text and keywords give the
// same score.
func ContentScore(content string, keywords []string, covers func(keyword, text string) float64) ContentReport {
	c := &contentCheck{parts: Parts(content), keywords: keywords, covers: covers, report: ContentReport{Version: ContentVersion, Rules: map[string]float64{}, Findings: []domain.Finding{}}}
	c.outline()
	c.blocks()
	c.references()
	if len(keywords) > 0 {
		c.targets()
	}
	sum, weights := 0.0, 0.0
	for _, r := range ContentRules {
		if v, ok := c.report.Rules[r.ID]; ok {
			sum, weights = sum+r.Weight*v, weights+r.Weight
		}
	}
	c.report.Score = math.Round(100*sum/weights*100) / 100
	return c.report
}

type contentCheck struct {
	parts    []Part
	keywords []string
	covers   func(keyword, text string) float64
	report   ContentReport
}

// share records a rule about total things of which bad ones break it.
func (c *contentCheck) share(id string, bad []string, total int, what string) {
	v := 1.0
	if total > 0 {
		v = 1 - float64(min(len(bad), total))/float64(total)
	}
	c.report.Rules[id] = v
	if v >= 1 {
		return
	}
	for _, r := range ContentRules {
		if r.ID == id {
			c.report.Findings = append(c.report.Findings, domain.Finding{Rule: id, Severity: domain.GateWarn, Message: what + ": " + sample(bad) + ".", Fix: r.Fix, Source: contentSource})
		}
	}
}

func (c *contentCheck) outline() {
	tops, total, last := []string{}, 0, 0
	var faults []string
	for i, p := range c.parts {
		if p.Level == 0 {
			continue
		}
		total++
		if p.Level == 1 && p.Text != "" {
			tops = append(tops, p.Text)
		}
		switch {
		case p.Text == "":
			faults = append(faults, fmt.Sprintf("empty heading of level %d", p.Level))
		case i > 0 && p.Level > last+1:
			faults = append(faults, fmt.Sprintf("%q of level %d after level %d", clip(p.Text, 40), p.Level, last))
		}
		last = p.Level
	}
	var bad []string
	if len(tops) != 1 {
		bad = []string{fmt.Sprint(len(tops))}
	}
	c.share("TEXT-H1", bad, 1, "Headings of level 1")
	c.share("TEXT-HEADINGS", faults, total, "Headings out of order")
}

func (c *contentCheck) blocks() {
	words := 0
	var long, twice []string
	seen := map[string]bool{}
	total, prose := 0, 0
	for _, p := range c.parts {
		if p.Level > 0 {
			continue
		}
		n := len(strings.Fields(Plain(p.Text)))
		words += n
		total++
		key := strings.ToLower(strings.Join(strings.Fields(p.Text), " "))
		if seen[key] {
			twice = append(twice, clip(key, 40))
		}
		seen[key] = true
		if p.Prose() {
			if prose++; n > MaxParagraph {
				long = append(long, fmt.Sprintf("%q with %d words", clip(p.Text, 40), n))
			}
		}
	}
	c.report.Words = words
	var short []string
	if words < MinWords {
		short = []string{fmt.Sprintf("it has %d words", words)}
	}
	c.share("TEXT-LENGTH", short, 1, "The text is short")
	c.share("TEXT-PARAGRAPHS", long, prose, "Long paragraphs")
	c.share("TEXT-REPEATED", twice, total, "Blocks that stand there more than once")
}

func (c *contentCheck) references() {
	var dull, bare []string
	links, images := 0, 0
	for _, p := range c.parts {
		for _, m := range mdLink.FindAllStringSubmatch(p.Text, -1) {
			links++
			if text := strings.Trim(strings.ToLower(m[2]), " .…»›→!"); text == "" || slices.Contains(vague, text) {
				dull = append(dull, fmt.Sprintf("%q → %s", m[2], clip(m[3], 50)))
			}
		}
		for _, m := range mdImage.FindAllStringSubmatch(p.Text, -1) {
			images++
			if strings.TrimSpace(m[1]) == "" {
				bare = append(bare, clip(m[2], 50))
			}
		}
	}
	c.share("TEXT-LINKS", dull, links, "Links without a telling text")
	c.share("TEXT-IMAGES", bare, images, "Images without description")
}

// targets applies the rules about keywords.
func (c *contentCheck) targets() {
	var top, all strings.Builder
	for _, p := range c.parts {
		if p.Level == 1 {
			top.WriteString(p.Text + "\n")
		}
		all.WriteString(Plain(p.Text) + "\n")
	}
	text := all.String()
	fields := strings.Fields(text)
	opening := strings.Join(fields[:min(len(fields), openingWords)], " ")
	first := c.keywords[0]
	miss := func(in string) []string {
		if c.covers(first, in) >= 1 {
			return nil
		}
		return []string{first}
	}
	c.share("TEXT-KEYWORD-H1", miss(top.String()), 1, "Keyword that the heading does not name")
	c.share("TEXT-KEYWORD-OPENING", miss(opening), 1, "Keyword that the beginning does not name")
	var missing, stuffed []string
	lower := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ") + " "
	for _, k := range c.keywords {
		if c.covers(k, text) < 1 {
			missing = append(missing, k)
		}
		phrase := strings.Join(strings.FieldsFunc(strings.ToLower(k), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
		n := strings.Count(lower, " "+phrase+" ") * len(strings.Fields(phrase))
		if len(fields) > 0 && float64(n)/float64(len(fields)) > MaxDensity && n > 2*len(strings.Fields(phrase)) {
			stuffed = append(stuffed, fmt.Sprintf("%q takes %.1f %% of the words", k, 100*float64(n)/float64(len(fields))))
		}
	}
	c.share("TEXT-KEYWORDS", missing, len(c.keywords), "Keywords that the text is not about")
	c.share("TEXT-STUFFING", stuffed, len(c.keywords), "Keywords that are used too often")
}
