package web_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type (
	batches struct{ *world }
	traffic struct{ *world }
	seo     struct{ *world }
	links   struct{ *world }
	budgets struct{ *world }
	fleet   struct{ *world }
	feeds   struct{ *world }
	letters struct{ *world }
	health  struct{ *world }
)

// Browse orders by domain or change and takes a domain as cursor; the real one is tested
// with its service.
func (f batches) Browse(_ context.Context, q domain.WebsiteQuery) (*domain.WebsiteList, error) {
	if q.Sort != "" && !slices.Contains([]domain.WebsiteSort{domain.SortByDomain, domain.SortByNiche, domain.SortByCreated, domain.SortByChanged}, q.Sort) {
		return nil, domain.Invalid("sort", "%q is not one of domain, niche, created, changed.", q.Sort)
	}
	out := &domain.WebsiteList{ByState: map[domain.WebsiteState]int{}, Languages: []string{"de", "en"}, Tags: []string{"pilot"}}
	state := q.Filter.State
	q.Filter.State = ""
	var all []domain.WebsiteLine
	for i := range f.sites {
		s := &f.sites[i]
		if q.Filter.Excludes(s, nil, f.tags[s.ID]) != "" {
			continue
		}
		out.ByState[s.State]++
		if state != "" && s.State != state {
			continue
		}
		line := domain.WebsiteLine{Website: *s, Tags: f.tags[s.ID]}
		if s.LiveRelease != "" {
			line.Live = &f.releases[0]
		}
		all = append(all, line)
	}
	slices.SortStableFunc(all, func(a, b domain.WebsiteLine) int { return cmp.Compare(a.Domain, b.Domain) })
	if q.Descending {
		slices.Reverse(all)
	}
	from := 0
	if q.After != "" {
		from = 1 + slices.IndexFunc(all, func(l domain.WebsiteLine) bool { return string(l.ID) == q.After })
	}
	to := min(len(all), from+q.Limit)
	out.Lines, out.Total = all[from:to], len(all)
	if from > 0 {
		out.Previous = string(all[from].ID)
	}
	if to < len(all) {
		out.Next = string(all[to-1].ID)
	}
	return out, f.fail["sites"]
}

func (f batches) Start(_ context.Context, p domain.BatchParams) (*domain.Batch, []domain.BatchSite, error) {
	if len(p.Reason) > 100 {
		return nil, nil, domain.Invalid("reason", "The reason is too long.")
	}
	if !p.DryRun {
		f.started = p
	}
	b := &domain.Batch{ID: "bat_1", Action: p.Action, Filter: p.Filter, State: domain.BatchRunning, Total: 2, Counts: map[domain.BatchSiteState]int{domain.BatchSiteQueued: 1, domain.BatchSiteSkipped: 1}}
	return b, batchSites, f.fail["batches"]
}

var batchSites = []domain.BatchSite{
	{WebsiteID: "site_1", Domain: "keyboards.example", State: domain.BatchSiteQueued},
	{WebsiteID: "site_2", Domain: "monitors.example", Position: 1, State: domain.BatchSiteSkipped, Code: domain.CodeConflict, Detail: "Website site_2 is being built already."},
}

func (f batches) List(_ context.Context, w domain.Window) ([]domain.Batch, int, error) {
	if f.batch == nil {
		return nil, 0, nil
	}
	return part([]domain.Batch{*f.batch}, w), 1, nil
}

func (f batches) Get(_ context.Context, id domain.BatchID, _ []domain.BatchSiteState, _ domain.Window) (*domain.Batch, []domain.BatchSite, error) {
	if f.batch == nil || f.batch.ID != id {
		return nil, nil, domain.Errorf(domain.CodeNotFound, "Batch %s does not exist.", id)
	}
	return f.batch, many(&f.office, slices.Clone(batchSites), 40, func(i int, b *domain.BatchSite) {
		b.Domain, b.State, b.Detail, b.RunID = richDomain(i), domain.BatchSiteDone, "", domain.RunID(fmt.Sprint("run_", i))
		if i%7 == 3 {
			b.State, b.Detail = domain.BatchSiteFailed, richFaults[i%len(richFaults)]
		}
	}), nil
}

func (f batches) Cancel(_ context.Context, id domain.BatchID) (*domain.Batch, error) {
	f.ended = id
	return &domain.Batch{ID: id}, nil
}

func (f batches) Tags(_ context.Context, id domain.WebsiteID) ([]string, error) {
	return f.tags[id], nil
}

func (f batches) SetTags(_ context.Context, id domain.WebsiteID, tags []string) ([]string, error) {
	if slices.ContainsFunc(tags, func(s string) bool { return strings.Contains(s, "!") }) {
		return nil, domain.Invalid("tags", "Tag %q has characters that no tag has.", tags)
	}
	f.world.tags[id] = tags
	return tags, nil
}

// Report has ten views and two clicks on each day.
func (f traffic) Report(_ context.Context, id domain.WebsiteID, period string) (*domain.TrafficReport, error) {
	span, err := domain.ParseTrafficPeriod(period, noon)
	if err != nil {
		return nil, err
	}
	r := &domain.TrafficReport{
		WebsiteID: id, Period: period, Bots: domain.TrafficCount{Views: 77},
		Pages: []domain.TrafficPage{{Path: "/guide/", Views: 200, Entries: 90, Clicks: 40}}, Slots: []domain.TrafficSlot{{Path: "/guide/", Slot: "top-1", Clicks: 40}},
	}
	for at := span.From; at < span.To; at += span.Step {
		n := 10 + int(at/24)%7
		r.Series = append(r.Series, domain.TrafficPoint{At: domain.HourTime(at), TrafficCount: domain.TrafficCount{Views: n, Visitors: n / 2, Clicks: n / 5}})
		r.People.Views, r.People.Visitors, r.People.Clicks = r.People.Views+n, r.People.Visitors+n/2, r.People.Clicks+n/5
	}
	r.Before = &domain.TrafficCount{Views: r.People.Views / 2, Visitors: r.People.Visitors, Sessions: 3, Clicks: r.People.Clicks}
	r.Facets = []domain.TrafficFacet{{Kind: domain.FacetChannel, Value: "assistant", TrafficCount: domain.TrafficCount{Views: 12, Sessions: 9}}, {Kind: domain.FacetReferrer, Value: "search.example"}}
	if f.office.rich {
		richTraffic(r)
	}
	return r, f.fail["traffic"]
}

// richTraffic fills the tables of a report.
func richTraffic(r *domain.TrafficReport) {
	for i := range 12 {
		r.Pages = append(r.Pages, domain.TrafficPage{Path: "/compare/" + strings.ReplaceAll(richNiches[i%len(richNiches)], " ", "-") + "/", Views: 12_400 / (i + 1), Clicks: 900 / (i + 1)})
		r.Slots = append(r.Slots, domain.TrafficSlot{Path: "/compare/" + strings.ReplaceAll(richNiches[i%len(richNiches)], " ", "-") + "/", Slot: fmt.Sprint("table-", i), Clicks: 800 / (i + 1)})
	}
	for _, k := range []domain.FacetKind{domain.FacetChannel, domain.FacetReferrer, domain.FacetDevice, domain.FacetCampaign} {
		for i, v := range []string{"search", "direct", "social", "assistant", "campaign of the second quarter, newsletter"} {
			r.Facets = append(r.Facets, domain.TrafficFacet{Kind: k, Value: v, TrafficCount: domain.TrafficCount{Views: 9000 / (i + 1), Sessions: 4000 / (i + 1)}})
		}
	}
}

// Portfolio is Report of one website, if there are any.
func (f traffic) Portfolio(ctx context.Context, q domain.TrafficQuery) (*domain.PortfolioTraffic, error) {
	if len(f.sites) == 0 {
		return &domain.PortfolioTraffic{}, nil
	}
	r, err := f.Report(ctx, f.sites[0].ID, q.Period)
	if err != nil {
		return nil, err
	}
	top := []domain.WebsiteTraffic{{WebsiteID: f.sites[0].ID, Domain: f.sites[0].Domain, People: r.People, Before: r.Before}}
	top = many(&f.office, top, 8, func(i int, t *domain.WebsiteTraffic) {
		t.WebsiteID, t.Domain, t.People.Views, t.People.Clicks = f.sites[i].ID, f.sites[i].Domain, 40_000/(i+1), 3_100/(i+1)
	})
	return &domain.PortfolioTraffic{
		Period: q.Period, Websites: len(f.sites), Visited: 1, People: r.People, Before: r.Before, Series: r.Series,
		Top: top,
	}, nil
}

func (f seo) Audit(_ context.Context, id domain.WebsiteID, _ domain.ReleaseID) (*domain.SEOAudit, error) {
	change := 2.5
	issues := []domain.SEOIssue{{Fingerprint: "f1", Rule: "SEO-TITLE-LENGTH", Severity: domain.GateWarn, Page: "/guide/", Message: "The title has 71 characters.", Fix: "Shorten it to 60.", Since: 2, SinceAt: noon}}
	issues = many(&f.office, issues, 24, func(i int, s *domain.SEOIssue) {
		s.Fingerprint, s.Page, s.SinceAt = fmt.Sprint("f", i+1), fmt.Sprint("/compare/", i, "/"), before(i*400)
		if i%6 == 5 {
			s.Severity, s.Rule, s.Message, s.Fix = domain.GateFail, "SEO-CANONICAL-TARGET", "The canonical address leads to a page that answers 410.", "Name the page itself."
		}
	})
	return &domain.SEOAudit{
		SEOAuditLine: domain.SEOAuditLine{WebsiteID: id, Number: 2, Score: 96.4, Change: &change, Pages: 31, Indexable: 28, Warnings: 2, New: 1, At: noon}, Against: 1,
		Issues:      issues,
		Regressions: []string{"f1"},
	}, f.fail["seo"]
}

func (f seo) Audits(_ context.Context, id domain.WebsiteID, _ domain.Window) ([]domain.SEOAuditLine, int, error) {
	return []domain.SEOAuditLine{{WebsiteID: id, Number: 2, Score: 96.4, Warnings: 2, At: noon}, {WebsiteID: id, Number: 1, Score: 93.9, Warnings: 3, At: noon.Add(-time.Hour)}}, 2, f.fail["seo"]
}

func (f links) Outlinks(_ context.Context, id domain.WebsiteID, _ bool, _ domain.Window) ([]domain.Outlink, int, error) {
	l := many(&f.office, []domain.Outlink{{WebsiteID: id, Kind: domain.OutlinkUnused, Host: "shop.example", Count: 4, Pages: []string{"/guide/"}}}, 26, func(i int, o *domain.Outlink) {
		o.Host, o.Network, o.Count, o.Kind = fmt.Sprint("merchant", i, ".example"), "awin", 7919*i%900, []domain.OutlinkKind{domain.OutlinkTracked, domain.OutlinkNone}[i%2]
	})
	return l, len(l), f.fail["links"]
}

func (f links) List(context.Context, domain.LinkFilter, domain.Window) ([]domain.Link, int, error) {
	return []domain.Link{{ID: "link_1", Slug: "shop", Merchant: "Shop", Network: "awin", State: domain.LinkActive, UpdatedAt: noon}}, 1, nil
}

func (f budgets) List(context.Context, domain.Window) ([]domain.BudgetState, int, error) {
	return slices.Clone(f.budgets), len(f.budgets), f.fail["budgets"]
}

func (f budgets) Spending(context.Context, domain.SpendingBy, domain.CallFilter, domain.Window) ([]domain.Spending, int, error) {
	return f.spending, len(f.spending), f.fail["budgets"]
}

func (f fleet) Status(context.Context) (*domain.FleetStatus, error) {
	return &domain.FleetStatus{Freezes: f.freezes}, f.fail["fleet"]
}

func (f feeds) Feeds(context.Context) ([]domain.Feed, error) { return f.feeds, f.fail["feeds"] }

func (f letters) List(_ context.Context, _ domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error) {
	return part(f.letters, w), len(f.letters), f.fail["letters"]
}

func (f health) Ready(context.Context) ([]domain.Component, bool) { return f.parts, len(f.parts) == 0 }

var evidence = []domain.Evidence{{ID: "ev_1", Kind: domain.EvidenceFeed, FeedID: "feed_1", RowKey: "4711", Field: "price", Value: "37.99", At: &noon}}

// diffOf has one changed page.
func diffOf(p domain.DiffParams) *domain.ReleaseDiff {
	at := 3
	return &domain.ReleaseDiff{
		From: domain.DiffSide{ID: p.Against, Number: 1, CreatedAt: noon}, To: domain.DiffSide{ID: p.To, Number: 2, CreatedAt: noon},
		Pages: []domain.PageDiff{{
			Path: "/guide/", Kind: domain.Changed, Title: "How to choose a mechanical keyboard", Fields: []domain.FieldChange{{Name: "title", Before: "Old", After: "New"}},
			Blocks: []domain.BlockChange{{Kind: domain.Changed, Type: domain.BlockParagraph, Before: &at, After: &at,
				Lines:   []domain.LineChange{{Kind: domain.Removed, Text: "It costs $40."}, {Kind: domain.Added, Text: "It costs $37.99."}},
				Reasons: []domain.ChangeReason{{Kind: domain.ReasonEvidence, What: "price of 4711", Before: "40", After: "37.99"}}}},
		}},
		Files: []domain.FileChange{{Path: "/guide/", Kind: domain.Changed, Bytes: -12}},
	}
}
