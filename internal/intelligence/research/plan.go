package research

import (
	"context"
	"slices"
	"strings"

	"empire/internal/domain"
)

// forms are search phrases by language; %s is the topic. The first ones are taken
// without a model.
var forms = map[string][]string{
	"en": {"%s", "%s guide", "%s comparison", "%s specifications", "%s statistics", "how do %s work", "%s problems", "%s prices", "%s buying advice", "%s history", "types of %s", "%s trends"},
	"de": {"%s", "%s Ratgeber", "%s Vergleich", "%s technische Daten", "%s Statistik", "wie funktionieren %s", "%s Nachteile", "%s Preise", "%s Kaufberatung", "%s Geschichte", "Arten von %s", "%s Trends"},
}

// flagged are the phrases that the flags add.
var flagged = map[string]struct{ competitors, sentiment []string }{
	"en": {[]string{"best %s", "%s alternatives"}, []string{"%s reviews", "%s complaints"}},
	"de": {[]string{"beste %s", "%s Alternativen"}, []string{"%s Erfahrungen", "%s Beschwerden"}},
}

// planQueries sets the search phrases of the report. A model picks them from a list
// that it is shown, by number; the flags add theirs whatever it picks.
func (w *work) planQueries(ctx context.Context) error {
	p := w.in.Params
	w.in.Progress(domain.ResearchProgress{Stage: "plan", Message: "planning"})
	var candidates []string
	for _, f := range forms[p.Language] {
		candidates = append(candidates, strings.ReplaceAll(f, "%s", p.Topic))
	}
	chosen := candidates[:min(w.plan.Queries, len(candidates))]
	if len(w.cfg.Models) > 0 {
		picked, err := w.models.pick(ctx, p, candidates, w.plan.Queries)
		if err != nil {
			return err
		}
		if len(picked) > 0 {
			chosen = picked
		}
	}
	if !slices.Contains(chosen, p.Topic) { // the plain topic is always asked for
		chosen = append([]string{p.Topic}, chosen[:min(len(chosen), max(0, w.plan.Queries-1))]...)
	}
	chosen = slices.Clone(chosen)
	add := func(list []string) {
		for _, f := range list {
			chosen = append(chosen, strings.ReplaceAll(f, "%s", p.Topic))
		}
	}
	if p.CompetitorAnalysis {
		add(flagged[p.Language].competitors)
	}
	if p.MarketSentiment {
		add(flagged[p.Language].sentiment)
	}
	w.report.Queries, w.report.Work.Queries = chosen, len(chosen)
	return nil
}
