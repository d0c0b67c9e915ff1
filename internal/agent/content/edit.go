package content

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// CheckEdit holds the text that a person wrote to what is wanted of a model: it must not
// claim a first place, an experience or an effect on health, urge, or hold an address or
// an instruction, unless the text before did. Its figures must stand in claims; after is
// the page with it. Errors are CodeInvalid.
func CheckEdit(before, after *domain.Page, c domain.TextChange) error {
	told := strings.ToLower(c.Old)
	for _, b := range []struct {
		pattern *regexp.Regexp
		fault   string
	}{
		{markup, "is markup or an address"}, {orders, "speaks of instructions"}, {experience, "claims an experience that nobody had"},
		{superlatives, "ranks, and no claim shows it"}, {effects, "speaks of effects on health"}, {urges, "urges the reader"},
	} {
		for _, hit := range b.pattern.FindAllString(c.New, -1) {
			if !strings.Contains(told, strings.ToLower(hit)) {
				return domain.Invalid("new", "%q %s.", clipped(hit, 80), b.fault)
			}
		}
	}
	was := evidence.CheckTexts(before)
	for _, p := range evidence.CheckTexts(after) {
		if !slices.Contains(was, p) {
			return domain.Invalid("new", "%s.", strings.TrimSuffix(fmt.Sprintf("That does not rest on evidence: %s", p.Message), "."))
		}
	}
	return nil
}
