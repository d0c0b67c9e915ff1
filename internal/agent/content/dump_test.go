//go:build dump

package content_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

// dump renders a page as readable text.
func dump(p *domain.Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "=== %s [%s]\ntitle: %s (%d)\ndescription: %s (%d)\nnav: %s\nsummary: %s\n\n# %s\n",
		p.Path(), p.Kind, p.Title, len([]rune(p.Title)), p.Description, len([]rune(p.Description)), p.NavLabel, p.Summary, p.Heading)
	for i := range p.Blocks {
		dumpBlock(&b, &p.Blocks[i])
	}
	for _, r := range p.Related {
		fmt.Fprintf(&b, "→ %s (%s)\n", r.Label, r.Slug)
	}
	return b.String()
}

func join(list []domain.Sentence) string {
	var out []string
	for _, s := range list {
		text := s.Text
		for _, l := range s.Links {
			text = strings.Replace(text, l.Phrase, "["+l.Phrase+"]", 1)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func dumpBlock(b *strings.Builder, bl *domain.Block) {
	switch {
	case bl.Heading != nil:
		fmt.Fprintf(b, "\n%s %s\n", strings.Repeat("#", bl.Heading.Level), bl.Heading.Text)
	case bl.Paragraph != nil:
		fmt.Fprintf(b, "%s\n", join(bl.Paragraph.Sentences))
	case bl.Disclosure != nil:
		fmt.Fprintf(b, "(%s)\n", join(bl.Disclosure.Sentences))
	case bl.List != nil:
		for _, it := range bl.List.Items {
			fmt.Fprintf(b, "  - %s\n", join(it.Sentences))
		}
	case bl.Table != nil:
		fmt.Fprintf(b, "[table] %s\n", bl.Table.Caption)
		for _, c := range bl.Table.Columns {
			fmt.Fprintf(b, "| %s ", c.Label)
		}
		b.WriteString("|\n")
		for _, r := range bl.Table.Rows {
			for _, c := range r.Cells {
				text := c.Text
				if c.Best {
					text += " *"
				}
				fmt.Fprintf(b, "| %s ", text)
			}
			b.WriteString("|\n")
		}
		fmt.Fprintf(b, "  note: %s\n", bl.Table.Note)
	case bl.Product != nil:
		fmt.Fprintf(b, "[card %s] %s: %s\n", bl.Product.Slot, bl.Product.Name, join(bl.Product.Text))
		for _, f := range bl.Product.Facts {
			fmt.Fprintf(b, "    %s: %s\n", f.Label, f.Value.Text)
		}
	case bl.Comparison != nil:
		fmt.Fprintf(b, "[comparison] %s\n", bl.Comparison.Caption)
		for _, r := range bl.Comparison.Rows {
			fmt.Fprintf(b, "| %s | %s | %s |\n", r.Label, r.Cells[0].Text, r.Cells[1].Text)
		}
	case bl.ProsCons != nil:
		for _, s := range bl.ProsCons.Pros {
			fmt.Fprintf(b, "  + %s\n", s.Text)
		}
		for _, s := range bl.ProsCons.Cons {
			fmt.Fprintf(b, "  − %s\n", s.Text)
		}
	case bl.FAQ != nil:
		for _, qa := range bl.FAQ.Items {
			fmt.Fprintf(b, "Q: %s\nA: %s\n", qa.Question.Text, join(qa.Answer))
		}
	case bl.CTA != nil:
		fmt.Fprintf(b, "[cta %s] %s\n", bl.CTA.Slot, bl.CTA.Name)
	case bl.Figure != nil:
		fmt.Fprintf(b, "[figure %s] %s / %s\n", bl.Figure.Kind, bl.Figure.Title, bl.Figure.Alt)
		for _, x := range bl.Figure.Bars {
			fmt.Fprintf(b, "    %s: %s\n", x.Label, x.Text)
		}
		fmt.Fprintf(b, "    %s\n", join(bl.Figure.Caption))
	}
}

// TestDump writes the pages of one niche to a file for reading:
//
//	DUMP='sample|office chairs|en|/tmp/pages.txt' go test -tags dump -run TestDump ./internal/agent/content
func TestDump(t *testing.T) {
	spec := os.Getenv("DUMP")
	if spec == "" {
		t.Fatal("set DUMP=feed|niche|language|file")
	}
	f := strings.Split(spec, "|")
	var m *domain.Market
	if f[0] == "invented" {
		for _, x := range inventedMarkets() {
			if x.Niche == f[1] {
				m = x
			}
		}
	} else {
		m = feedMarket(t, f[0], f[1], f[2])
	}
	start := time.Now()
	w := write(t, m, f[2], 1)
	var b strings.Builder
	fmt.Fprintf(&b, "%d pages, %d families, overlap %.3f, %v, %d evidence, warnings %q %q\n\n",
		len(w.result.Pages), len(m.Families), w.result.Overlap, time.Since(start), len(w.result.Evidence), w.plan.Warnings, w.result.Warnings)
	for i := range w.result.Pages {
		p := w.result.Pieces[i]
		fmt.Fprintf(&b, "(%d words, readability %.0f)\n%s\n", p.WordCount, p.ReadabilityScore, dump(&w.result.Pages[i]))
	}
	if err := os.WriteFile(f[3], []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
