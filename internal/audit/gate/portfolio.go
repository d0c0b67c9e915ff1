package gate

import (
	"fmt"
	"strings"

	"empire/internal/domain"
)

const doorways = "Google Search spam policies: doorway abuse"

// maxNamed is how many pages of a cluster a finding names.
const maxNamed = 3

// Portfolio holds a release candidate against all other live websites of its tenant:
// a page that another website says already is red, and so is its release, unless the
// page is live and the better of the two: then the other one is to go. Websites that
// look like doorways to one target are a remark.
func Portfolio(c *domain.PortfolioCheck) domain.Gate {
	if c.Threshold == 0 {
		return domain.Gate{Name: "portfolio", State: domain.GatePass, Summary: "The comparison with other websites is switched off (fleet.duplicates)."}
	}
	var findings []domain.Finding
	for at := 0; at < len(c.Twins); {
		end := at + 1
		for end < len(c.Twins) && c.Twins[end].Page.Path == c.Twins[at].Page.Path {
			end++
		}
		findings = append(findings, twinFinding(c.Twins[at:end]))
		at = end
	}
	for _, d := range c.Doorways {
		findings = append(findings, domain.Finding{
			Rule: "L3", Severity: domain.GateWarn, Source: doorways,
			Message: fmt.Sprintf("Website %s (%s) leads to the same targets (%.0f %%) about the same niche (%.0f %%) with the same outline (%.0f %%).",
				d.OtherID, d.Other, 100*d.Targets, 100*d.Niche, 100*d.Outline),
			Fix: "Merge the websites, or give this one its own niche.",
		})
	}
	summary := fmt.Sprintf("None of %d pages says what one of %d pages of other websites says (similarity of %.2f and more).", c.Pages, c.Others, c.Threshold)
	if c.Others == 0 {
		summary = "There is no page of another website to compare with."
	}
	return gateOf("portfolio", c.Pages, findings, summary)
}

// twinFinding is about one page and those that say much the same, the most similar
// first.
func twinFinding(twins []domain.Twin) domain.Finding {
	f := domain.Finding{Rule: "L1", Severity: domain.GateWarn, Page: twins[0].Page.Path, Source: scaled}
	var named []string
	var worst *domain.Twin // the first that should stay instead of the page
	for i := range twins {
		t := &twins[i]
		if i < maxNamed {
			but := ""
			if t.Swapped {
				but = ", but for the names"
			}
			named = append(named, fmt.Sprintf("https://%s%s of website %s (similarity %.2f%s)", t.Other.Domain, t.Other.Path, t.Other.WebsiteID, t.Similarity, but))
		}
		if !t.Live || !t.Keep() {
			f.Severity = domain.GateFail
			if worst == nil || worst.Keep() && !t.Keep() {
				worst = t
			}
		}
	}
	f.Message = "It says what another website says: " + strings.Join(named, ", ")
	if more := len(twins) - len(named); more > 0 {
		f.Message += fmt.Sprintf(" and %d more", more)
	}
	f.Message += "."
	switch {
	case worst == nil:
		f.Fix = fmt.Sprintf("Retire the other page and redirect it here: this one %s.", reason(&twins[0].Page, &twins[0].Other))
	case worst.Keep():
		f.Fix = fmt.Sprintf("Merge https://%s%s into this page and retire it, because this one %s; or say something of its own here.",
			worst.Other.Domain, worst.Other.Path, reason(&worst.Page, &worst.Other))
	default:
		f.Fix = fmt.Sprintf("Merge this page into https://%s%s, which %s; or say something of its own here.",
			worst.Other.Domain, worst.Other.Path, reason(&worst.Other, &worst.Page))
	}
	return f
}

// reason says why a page should stay rather than the other one.
func reason(page, other *domain.PagePlace) string {
	if page.Evidence != other.Evidence {
		return fmt.Sprintf("rests on more evidence (%d against %d)", page.Evidence, other.Evidence)
	}
	return "is older"
}
