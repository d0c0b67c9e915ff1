package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"empire/internal/domain"
)

const (
	cliffHistory = 110 // days that are read of all websites
	cliffYear    = 400 // days that are read of one that seems to fall
	// The days that are judged together: few if it is known how other websites did in
	// them, more if not, and so many that no holiday is that long.
	cliffFew, cliffAlone, cliffLong = 3, 5, 10
	// minOthers is how many websites say how all did.
	minOthers = 6
)

// visitSeries are the daily visitors of one website, or of several together, the last
// one of yesterday.
type visitSeries struct {
	tenant domain.TenantID
	id     domain.WebsiteID // of one website
	domain string
	values []float64
}

// Watch freezes the websites whose visits fell, of all tenants, and those of a canary
// group whose visits fell together since their change began; it returns how many it
// froze. A person lifts that. Days are whole days of UTC. Several processes may do so
// at once.
func (s *Fleet) Watch(ctx context.Context) (int, error) {
	if s.cfg.Fall == 0 || s.cfg.Judge == nil {
		return 0, nil
	}
	now := s.journal.stamp()
	today := now.Unix() / 86400
	lifts, err := s.cfg.Store.Lifts(ctx)
	if err != nil {
		return 0, err
	}
	w := &fleetWatch{s: s, today: today, lifts: lifts}
	if w.sites, err = w.read(ctx, nil, cliffHistory); err != nil {
		return 0, err
	}
	w.others = w.middle()
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(w.sites)) {
		errs = append(errs, w.one(ctx, w.sites[id]))
	}
	errs = append(errs, w.groups(ctx))
	return w.frozen, errors.Join(errs...)
}

// fleetWatch is one look at the visits of all websites.
type fleetWatch struct {
	s     *Fleet
	today int64 // days since 1970
	lifts map[domain.WebsiteID]domain.FleetLift
	sites map[domain.WebsiteID]*visitSeries
	// counted says of the last cliffHistory days whether anything was counted.
	counted []bool
	others  float64 // the share of the expected that websites had in the last days; 0: not known
	frozen  int
}

// read returns the visits of websites, nil for all, of the last days. A day without any
// hit of anybody on any website was not counted; days before the first hit of a website
// are not known.
func (w *fleetWatch) read(ctx context.Context, ids []domain.WebsiteID, days int64) (map[domain.WebsiteID]*visitSeries, error) {
	from := w.today - days
	list, err := w.s.cfg.Store.Visits(ctx, ids, from, w.today)
	if err != nil {
		return nil, err
	}
	counted := make([]bool, days)
	for i := range list {
		counted[list[i].Day-from] = true
	}
	if ids == nil {
		w.counted = counted
	} else {
		copy(counted[days-cliffHistory:], w.counted)
	}
	out := map[domain.WebsiteID]*visitSeries{}
	for i := range list {
		v := &list[i]
		at := int(v.Day - from)
		series := out[v.WebsiteID]
		if series == nil {
			series = &visitSeries{tenant: v.Tenant.OrDefault(), id: v.WebsiteID, domain: v.Domain, values: make([]float64, days)}
			for k := range series.values {
				if k < at || !counted[k] {
					series.values[k] = math.NaN()
				}
			}
			out[v.WebsiteID] = series
		}
		series.values[at] = float64(v.Visitors) * w.level(v.WebsiteID, v.Day)
	}
	return out, nil
}

// level is by what visits of a day count, so that the level at which a freeze was ended
// is the usual one.
func (w *fleetWatch) level(id domain.WebsiteID, day int64) float64 {
	l, ok := w.lifts[id]
	if !ok || l.From == "" || dayName(day) >= l.From {
		return 1
	}
	return l.Share
}

func dayName(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }

// middle returns the median of what websites had of what was expected.
func (w *fleetWatch) middle() float64 {
	var shares []float64
	for _, series := range w.sites {
		if c := w.s.cfg.Judge(series.values, domain.CliffParams{Days: cliffFew, Fall: w.s.cfg.Fall}); c.Judged {
			shares = append(shares, c.Share)
		}
	}
	if len(shares) < minOthers {
		return 0
	}
	slices.Sort(shares)
	return (shares[len(shares)/2] + shares[(len(shares)-1)/2]) / 2
}

// judge looks at a series over a few days and over many.
func (w *fleetWatch) judge(values []float64) domain.Cliff {
	p := domain.CliffParams{Days: cliffFew, Fall: w.s.cfg.Fall, Others: w.others}
	if w.others == 0 {
		p.Days = cliffAlone
	}
	if c := w.s.cfg.Judge(values, p); c.Fell {
		return c
	}
	return w.s.cfg.Judge(values, domain.CliffParams{Days: cliffLong, Fall: w.s.cfg.Fall})
}

// confirm judges websites together again with the year before.
func (w *fleetWatch) confirm(ctx context.Context, ids []domain.WebsiteID) (domain.Cliff, error) {
	sites, err := w.read(ctx, ids, cliffYear)
	if err != nil {
		return domain.Cliff{}, err
	}
	c := w.judge(together(slices.Collect(maps.Values(sites)), cliffYear))
	c.First -= cliffYear
	return c, nil
}

// together adds series up. A day is known if it is known of one of them.
func together(list []*visitSeries, days int) []float64 {
	out := make([]float64, days)
	for i := range out {
		out[i] = math.NaN()
		for _, series := range list {
			v := series.values[i]
			switch {
			case math.IsNaN(v):
			case math.IsNaN(out[i]):
				out[i] = v
			default:
				out[i] += v
			}
		}
	}
	return out
}

// one freezes a website whose visits fell.
func (w *fleetWatch) one(ctx context.Context, series *visitSeries) error {
	if !w.judge(series.values).Fell {
		return nil
	}
	c, err := w.confirm(ctx, []domain.WebsiteID{series.id})
	if err != nil || !c.Fell {
		return err
	}
	return w.freeze(ctx, series, w.evidence(c, 1, ""))
}

// groups freezes canary groups whose visits fell since their change began.
func (w *fleetWatch) groups(ctx context.Context) error {
	live := []domain.FleetState{domain.FleetCanary, domain.FleetWaiting, domain.FleetRunning}
	changes, _, err := w.s.cfg.Changes.List(ctx, "", live, domain.Window{Limit: 1000})
	if err != nil {
		return err
	}
	var errs []error
	for i := range changes {
		errs = append(errs, w.group(ctx, &changes[i]))
	}
	return errors.Join(errs...)
}

func (w *fleetWatch) group(ctx context.Context, c *domain.FleetChange) error {
	list, err := w.s.cfg.Changes.Sites(ctx, c.ID, nil, domain.Window{Limit: c.Canary})
	if err != nil {
		return err
	}
	var group []*visitSeries
	var ids []domain.WebsiteID
	for i := range list {
		if series := w.sites[list[i].WebsiteID]; series != nil {
			group, ids = append(group, series), append(ids, series.id)
		}
	}
	began := c.CreatedAt.Unix() / 86400
	if len(group) < 2 || !w.judge(together(group, cliffHistory)).Fell {
		return nil
	}
	fell, err := w.confirm(ctx, ids)
	if err != nil || !fell.Fell || w.today+int64(fell.First) < began {
		return err
	}
	e := w.evidence(fell, len(group), c.ID)
	var errs []error
	for _, series := range group {
		errs = append(errs, w.freeze(ctx, series, e))
	}
	return errors.Join(errs...)
}

// evidence are the figures of a fall; First of it counts from today.
func (w *fleetWatch) evidence(c domain.Cliff, websites int, change domain.FleetChangeID) *domain.FleetEvidence {
	first := w.today + int64(c.First)
	c.Share, c.Noise, c.Others = round4(c.Share), round4(c.Noise), round4(c.Others)
	return &domain.FleetEvidence{Cliff: c, From: dayName(first), To: dayName(w.today - 1), ChangeID: change, Websites: websites}
}

func round4(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// freeze keeps a website from publishing unless it is frozen already.
func (w *fleetWatch) freeze(ctx context.Context, series *visitSeries, e *domain.FleetEvidence) error {
	f := domain.FleetFreeze{
		Tenant: series.tenant, WebsiteID: series.id, Reason: fallText(series.domain, e), Cause: domain.FleetByTraffic, Evidence: e, At: w.s.journal.stamp(),
	}
	err := w.s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		fresh, err := w.s.cfg.Store.FreezeNew(ctx, f)
		if err != nil || !fresh {
			return err
		}
		w.frozen++
		return w.s.journal.changedFor(ctx, f.Tenant, "fleet.frozen", string(f.WebsiteID), f.Reason, nil, &f)
	})
	if err != nil {
		return fmt.Errorf("freeze website %s: %w", series.id, err)
	}
	return nil
}

// fallText says what fell in words.
func fallText(host string, e *domain.FleetEvidence) string {
	whose := host
	if e.ChangeID != "" {
		whose = fmt.Sprintf("the canary group of %s (%d websites)", e.ChangeID, e.Websites)
	}
	text := fmt.Sprintf("Visits of %s fell by %.0f %%: %.0f visitors from %s to %s, %.0f were expected by the same weekdays before",
		whose, 100*(1-e.Share), e.Visitors, e.From, e.To, e.Expected)
	if e.Seasonal {
		text += " and the year before"
	}
	if e.Others > 0 {
		text += fmt.Sprintf("; other websites had %.0f %% of theirs", 100*e.Others)
	}
	return text + "."
}
