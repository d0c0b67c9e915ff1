package service

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"empire/internal/domain"
)

const (
	// minRequests is how many answers the rates of a listener rest on at least.
	minRequests = 20
	// minVisitors is what the median of a website must be to speak of a cliff.
	minVisitors = 20
	// minWeeks is how many of the same weekdays must have had visitors.
	minWeeks = 2
	// cliffAge is how long the visitors of whole days are not counted again.
	cliffAge = 15 * time.Minute
)

type alertSignalStore interface {
	Samples(ctx context.Context, since time.Time) ([]domain.ProcessSample, error)
	FailedRuns(ctx context.Context, since time.Time) ([]domain.RunFailures, error)
	DeadLetters(ctx context.Context, since time.Time) ([]domain.OpenDeadLetters, error)
	Budgets(ctx context.Context, now time.Time) ([]domain.BudgetState, error)
	Visitors(ctx context.Context, days []int64) ([]domain.DayVisitors, error)
}

type alertFeeds interface {
	List(ctx context.Context, w domain.Window) ([]domain.Feed, int, error)
}

type hostFinder interface {
	GetByHost(ctx context.Context, host string) (*domain.Website, error)
}

// AlertSourcesConfig is what NewAlertSources needs.
type AlertSourcesConfig struct {
	Store    alertSignalStore
	Feeds    alertFeeds
	Websites hostFinder
	Freezes  interface {
		Freezes(ctx context.Context, tenant domain.TenantID) ([]domain.FleetFreeze, error)
	}
	// Certificates returns those of this installation by host; nil: there are none.
	Certificates func() (map[string]domain.HostCertificate, error)
	// DeadLinks returns how many links of each tenant are dead and not replaced; nil: it is
	// not known.
	DeadLinks func(ctx context.Context) (map[domain.TenantID]int, error)
	Every     time.Duration // between two samples of a process
}

type alertSources struct {
	cfg AlertSourcesConfig

	mu     sync.Mutex
	cliffs map[int64]cliff // by number of weeks
}

type cliff struct {
	at   time.Time
	list []domain.AlertObservation
}

// NewAlertSources returns what measures each kind.
func NewAlertSources(cfg AlertSourcesConfig) map[domain.AlertKind]AlertSource {
	s := &alertSources{cfg: cfg, cliffs: map[int64]cliff{}}
	out := map[domain.AlertKind]AlertSource{
		domain.AlertErrorRate: s.errorRate, domain.AlertLatency: s.latency, domain.AlertComponent: s.components, domain.AlertFailedRuns: s.failedRuns,
		domain.AlertDeadLetters: s.deadLetters, domain.AlertBudget: s.budgets, domain.AlertTrafficCliff: s.trafficCliff, domain.AlertStaleFeed: s.staleFeeds,
		domain.AlertFrozen: s.frozen,
	}
	if cfg.Certificates != nil {
		out[domain.AlertCertificate] = s.certificates
	}
	if cfg.DeadLinks != nil {
		out[domain.AlertDeadLinks] = s.deadLinks
	}
	return out
}

func (s *alertSources) deadLinks(ctx context.Context, _ time.Duration, _ time.Time) ([]domain.AlertObservation, error) {
	counts, err := s.cfg.DeadLinks(ctx)
	var out []domain.AlertObservation
	for tenant, n := range counts {
		out = append(out, domain.AlertObservation{Tenant: tenant, Subject: "links", Value: float64(n), Text: fmt.Sprintf("%d links lead to offers that are gone or sold out.", n)})
	}
	return out, err
}

// listeners sums what all processes saw since a time.
func (s *alertSources) listeners(ctx context.Context, since time.Time) (map[string]domain.ListenerSample, error) {
	samples, err := s.cfg.Store.Samples(ctx, since)
	if err != nil {
		return nil, err
	}
	sums := map[string]domain.ListenerSample{}
	for _, sample := range samples {
		for name, l := range sample.Listeners {
			sum := sums[name]
			sum.Requests += l.Requests
			sum.Errors += l.Errors
			if sum.Within == nil {
				sum.Within = map[int]int{}
			}
			for bound, n := range l.Within {
				sum.Within[bound] += n
			}
			sums[name] = sum
		}
	}
	return sums, nil
}

func (s *alertSources) errorRate(ctx context.Context, window time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	sums, err := s.listeners(ctx, now.Add(-window))
	var out []domain.AlertObservation
	for name, l := range sums {
		if l.Requests < minRequests {
			continue
		}
		out = append(out, domain.AlertObservation{
			Subject: name, Value: float64(l.Errors) / float64(l.Requests) * 100,
			Text: fmt.Sprintf("%d of %d requests within %s were answered with 5xx.", l.Errors, l.Requests, domain.Duration(window)),
		})
	}
	return out, err
}

func (s *alertSources) latency(ctx context.Context, window time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	sums, err := s.listeners(ctx, now.Add(-window))
	var out []domain.AlertObservation
	for name, l := range sums {
		if l.Requests < minRequests {
			continue
		}
		p95 := percentile(&l, 0.95)
		out = append(out, domain.AlertObservation{
			Subject: name, Value: p95,
			Text: fmt.Sprintf("The 95th percentile of the time of %d answers within %s was about %s.", l.Requests, domain.Duration(window), alertValue(math.Round(p95), "ms")),
		})
	}
	return out, err
}

// percentile returns the time within which a share of the answers came, in ms: linear
// within a step of the histogram. What is beyond the last bound counts as that.
func percentile(l *domain.ListenerSample, q float64) float64 {
	rank, below, from := q*float64(l.Requests), 0, 0
	for _, bound := range slices.Sorted(maps.Keys(l.Within)) {
		n := l.Within[bound]
		if float64(n) >= rank && n > below {
			return float64(from) + (rank-float64(below))/float64(n-below)*float64(bound-from)
		}
		below, from = n, bound
	}
	return float64(from)
}

// components returns parts that some process said within two samples do not work.
func (s *alertSources) components(ctx context.Context, _ time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	samples, err := s.cfg.Store.Samples(ctx, now.Add(-2*s.cfg.Every-s.cfg.Every/2))
	if err != nil {
		return nil, err
	}
	latest := map[string]domain.ProcessSample{} // by process: what an older one said is over
	for _, sample := range samples {
		if !sample.At.Before(latest[sample.Instance].At) {
			latest[sample.Instance] = sample
		}
	}
	worst := map[string]domain.AlertObservation{}
	for _, sample := range latest {
		for name, c := range sample.Components {
			level := domain.ComponentDegraded
			if c.State == stateDown {
				level = domain.ComponentDown
			}
			if float64(level) > worst[name].Value {
				worst[name] = domain.AlertObservation{Subject: name, Value: float64(level), Text: fmt.Sprintf("Component %s is %s: %s", name, c.State, c.Error)}
			}
		}
	}
	return slices.Collect(maps.Values(worst)), nil
}

func (s *alertSources) failedRuns(ctx context.Context, window time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	list, err := s.cfg.Store.FailedRuns(ctx, now.Add(-window))
	out := make([]domain.AlertObservation, 0, len(list))
	for _, f := range list {
		o := domain.AlertObservation{
			Tenant: f.Tenant, Subject: f.Pipeline, Name: f.Pipeline, WebsiteID: f.WebsiteID, Value: float64(f.Count),
			Text: fmt.Sprintf("%d runs of %s failed within %s; the last is %s.", f.Count, f.Pipeline, domain.Duration(window), f.Last),
		}
		if f.WebsiteID != "" {
			o.Subject, o.Name = f.Pipeline+" "+string(f.WebsiteID), f.Pipeline+" of "+cmp.Or(f.Domain, string(f.WebsiteID))
		}
		out = append(out, o)
	}
	return out, err
}

func (s *alertSources) deadLetters(ctx context.Context, window time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	list, err := s.cfg.Store.DeadLetters(ctx, now.Add(-window))
	out := make([]domain.AlertObservation, 0, len(list))
	for _, l := range list {
		out = append(out, domain.AlertObservation{
			Tenant: l.Tenant, Subject: string(l.AgentID), Value: float64(l.Count),
			Text: fmt.Sprintf("%d messages or tasks for %s of the last %s will not be handled.", l.Count, l.AgentID, domain.Duration(window)),
		})
	}
	return out, err
}

func (s *alertSources) budgets(ctx context.Context, _ time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	list, err := s.cfg.Store.Budgets(ctx, now)
	out := make([]domain.AlertObservation, 0, len(list))
	for _, b := range list {
		currency := b.Limit.Currency
		limit, used := domain.MicrosOf(b.Limit)+b.Count.Raised, b.Count.Spent+b.Count.Reserved
		percent := 100.0
		if limit > 0 {
			percent = min(float64(used)/float64(limit)*100, 1000)
		}
		out = append(out, domain.AlertObservation{
			Tenant: b.Tenant, Subject: string(b.ID), Name: b.Name, WebsiteID: b.Scope.WebsiteID, Value: percent,
			Text: fmt.Sprintf("%s of %s are spent or set aside in this period.", used.Amount(currency), limit.Amount(currency)),
		})
	}
	return out, err
}

func (s *alertSources) staleFeeds(ctx context.Context, _ time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	var out []domain.AlertObservation
	for w := (domain.Window{Limit: 1000}); ; w.Offset += w.Limit {
		list, total, err := s.cfg.Feeds.List(ctx, w)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			at, text := f.CreatedAt, "It was never read."
			if f.ReadAt != nil {
				at, text = *f.ReadAt, "It was read last at "+stampOf(*f.ReadAt)+"."
			}
			out = append(out, domain.AlertObservation{Subject: string(f.ID), Name: f.Name, Value: now.Sub(at).Hours(), Text: "Feed " + f.Name + ": " + text})
		}
		if w.Offset+w.Limit >= total {
			return out, nil
		}
	}
}

// frozen returns what is frozen by a fall of visits or by a notice; what a person froze
// a person knows.
func (s *alertSources) frozen(ctx context.Context, _ time.Duration, _ time.Time) ([]domain.AlertObservation, error) {
	list, err := s.cfg.Freezes.Freezes(ctx, "")
	var out []domain.AlertObservation
	for i := range list {
		if f := &list[i]; f.Cause != domain.FleetByPerson {
			out = append(out, domain.AlertObservation{
				Tenant: f.Tenant, Subject: frozenObject(f.WebsiteID), WebsiteID: f.WebsiteID, Value: 1, Text: "Frozen since " + stampOf(f.At) + ": " + sentence(f.Reason),
			})
		}
	}
	return out, err
}

// certificates returns those that end within domain.MaxCertificateDays.
func (s *alertSources) certificates(ctx context.Context, _ time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	held, err := s.cfg.Certificates()
	if err != nil {
		return nil, err
	}
	var out []domain.AlertObservation
	for _, host := range slices.Sorted(maps.Keys(held)) {
		c := held[host]
		days := math.Floor(c.ValidUntil.Sub(now).Hours() / 24)
		if c.ValidUntil.IsZero() || days > domain.MaxCertificateDays {
			continue
		}
		site, err := s.cfg.Websites.GetByHost(ctx, host)
		if domain.CodeOf(err) == domain.CodeNotFound {
			continue // of a website that is gone
		}
		if err != nil {
			return nil, err
		}
		out = append(out, domain.AlertObservation{
			Tenant: site.Tenant, Subject: host, WebsiteID: site.ID, Value: days, Text: "The certificate of " + host + " is valid until " + stampOf(c.ValidUntil) + ".",
		})
	}
	return out, nil
}

// trafficCliff compares the visitors of yesterday (UTC) with the median of the same
// weekdays before. Days without any visitor in the weeks before count as unknown.
func (s *alertSources) trafficCliff(ctx context.Context, window time.Duration, now time.Time) ([]domain.AlertObservation, error) {
	weeks := int64(window / (7 * 24 * time.Hour))
	yesterday := now.Unix()/86400 - 1
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.cliffs[weeks]; ok && now.Sub(c.at) < cliffAge && c.at.Unix()/86400-1 == yesterday {
		return c.list, nil
	}
	days := []int64{yesterday}
	for i := range weeks {
		days = append(days, yesterday-7*(i+1))
	}
	counts, err := s.cfg.Store.Visitors(ctx, days)
	if err != nil {
		return nil, err
	}
	list := cliffsOf(counts, yesterday)
	s.cliffs[weeks] = cliff{now, list}
	return list, nil
}

func cliffsOf(counts []domain.DayVisitors, yesterday int64) []domain.AlertObservation {
	type history struct {
		site   domain.DayVisitors
		last   int
		before []int
	}
	sites := map[domain.WebsiteID]*history{}
	for _, c := range counts {
		h := sites[c.WebsiteID]
		if h == nil {
			h = &history{site: c}
			sites[c.WebsiteID] = h
		}
		if c.Day == yesterday {
			h.last = c.Visitors
		} else if c.Visitors > 0 {
			h.before = append(h.before, c.Visitors)
		}
	}
	var out []domain.AlertObservation
	for id, h := range sites {
		middle := median(h.before)
		if len(h.before) < minWeeks || middle < minVisitors {
			continue
		}
		out = append(out, domain.AlertObservation{
			Tenant: h.site.Tenant, Subject: string(id), Name: h.site.Domain, WebsiteID: id, Value: max(0, (1-float64(h.last)/middle)*100),
			Text: fmt.Sprintf("%s had %d visitors on %s; the median of the same weekdays before is %s.", h.site.Domain, h.last,
				time.Unix(yesterday*86400, 0).UTC().Format("2006-01-02"), alertValue(middle, "count")),
		})
	}
	return out
}

func median(list []int) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	n := len(list)
	return float64(list[n/2]+list[(n-1)/2]) / 2
}
