package gate

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// MaxOverlap is how much of the smaller page's 5-word shingles two pages of a site
// may share.
const MaxOverlap = 0.30

const scaled = "Google Search spam policies: scaled content abuse"

// checkDuplicates compares the main texts of all pages. Work grows with what pages
// share, not with the number of pairs. Each page is named once, with the page that
// it shares most with, so that a site of copies yields a list as long as the site.
func checkDuplicates(ctx context.Context, pages []*audit.Page) (domain.Gate, error) {
	var findings []domain.Finding
	holders := map[uint64][]int32{} // by shingle, the pages before
	sizes := make([]int, len(pages))
	shared := make([]int32, len(pages))
	for i, p := range pages {
		if err := ctx.Err(); err != nil {
			return domain.Gate{}, err
		}
		set := nlp.Shingles(p.Main, 5)
		sizes[i] = len(set)
		clear(shared)
		for k := range set {
			for _, j := range holders[k] {
				shared[j]++
			}
			holders[k] = append(holders[k], int32(i)) //nolint:gosec // a site has fewer than 2³¹ pages
		}
		worst, most, others := -1, 0.0, 0
		for j := range i {
			o := float64(shared[j]) / float64(max(1, min(sizes[i], sizes[j])))
			if o > MaxOverlap {
				others++
			}
			if o > most {
				worst, most = j, o
			}
		}
		if most > MaxOverlap {
			findings = append(findings, duplicate(p, pages[worst], most, others-1))
		}
	}
	pairs := len(pages) * (len(pages) - 1) / 2
	return gateOf("duplicates", pairs, findings, fmt.Sprintf("No two of %d pages say the same.", len(pages))), nil
}

func duplicate(p, other *audit.Page, overlap float64, more int) domain.Finding {
	message := fmt.Sprintf("%.0f %% of its text stands on %s, too.", overlap*100, other.Path)
	if more > 0 {
		message = fmt.Sprintf("%.0f %% of its text stands on %s, too, and much of it on %d more pages.", overlap*100, other.Path, more)
	}
	return domain.Finding{
		Rule: "L1", Severity: domain.GateFail, Page: p.Path, Source: scaled, Message: message, Fix: "Merge the pages or say something of its own on each.",
	}
}

// checkHeads wants a title, an h1 and a description on every page that no other
// page has, whatever the case and the blanks.
func checkHeads(pages []*audit.Page) domain.Gate {
	var findings []domain.Finding
	for _, part := range []struct {
		rule, name string
		of         func(*audit.Page) string
	}{
		{"UNIQUE-TITLE", "title", func(p *audit.Page) string { return p.Title }},
		{"UNIQUE-H1", "h1", func(p *audit.Page) string { return p.H1() }},
		{"UNIQUE-DESCRIPTION", "description", func(p *audit.Page) string { return p.Description }},
	} {
		first := map[string]string{}
		for _, p := range pages {
			key := strings.ToLower(strings.Join(strings.Fields(part.of(p)), " "))
			message := ""
			if key == "" {
				message = "The page has no " + part.name + "."
			} else if other, taken := first[key]; taken {
				message = fmt.Sprintf("The page has the same %s as %s: %.80q.", part.name, other, part.of(p))
			} else {
				first[key] = p.Path
			}
			if message != "" {
				findings = append(findings, domain.Finding{
					Rule: part.rule, Severity: domain.GateFail, Page: p.Path, Message: message, Fix: "Say what only this page has.", Source: scaled,
				})
			}
		}
	}
	return gateOf("heads", 3*len(pages), findings, "Titles, headings and descriptions are unique.")
}
