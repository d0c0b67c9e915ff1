package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"empire/internal/domain"
)

type opportunityStore interface {
	Insert(ctx context.Context, r *domain.ScanReport) error
	Get(ctx context.Context, id domain.OpportunityID) (*domain.ScanReport, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.OpportunityLine, int, error)
}

type estimateStore interface {
	Freeze(ctx context.Context, e *domain.MarketEstimate) (bool, error)
	Get(ctx context.Context, id domain.EstimateID) (*domain.MarketEstimate, error)
	About(ctx context.Context, kind domain.EstimateKind, subject string) (*domain.MarketEstimate, error)
	List(ctx context.Context, f domain.EstimateFilter, w domain.Window) ([]domain.MarketEstimate, int, error)
}

type seriesStore interface {
	Merge(ctx context.Context, m *domain.MarketSeries) error
}

// analyst answers questions about markets out of what is stored.
type analyst interface {
	Scan(ctx context.Context, q domain.ScanRequest, at time.Time, progress func(done, total int, message string)) (*domain.ScanReport, error)
	Trends(ctx context.Context, industry, period string, at time.Time) (*domain.TrendData, error)
	Programs(ctx context.Context, q domain.ProgramSearch, feeds []domain.FeedID, at time.Time) (*domain.ProgramResult, error)
}

// MarketConfig is what Market needs.
type MarketConfig struct {
	Tx            transactor
	Analyst       analyst
	Series        seriesStore
	Opportunities opportunityStore
	Estimates     estimateStore
	Audit         auditStore
	Emit          func(ctx context.Context, ev domain.Event) // nil: nobody hears of it
	Now           func() time.Time
	Log           *slog.Logger // nil: nothing is logged
}

// Market scans for opportunities and answers for trends. Market data belong to the
// installation; scans and estimates to the tenant that asked for them.
type Market struct {
	cfg     MarketConfig
	journal journal
}

// NewMarket returns the service.
func NewMarket(cfg MarketConfig) *Market {
	if cfg.Emit == nil {
		cfg.Emit = func(context.Context, domain.Event) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Market{cfg, journal{cfg.Audit, cfg.Now}}
}

// maxIndustry bounds the text of a topic or an industry.
const maxIndustry = 80

// Scan answers a scan request and keeps the answer, with an estimate frozen beside it.
// Watchers hear intelligence.scan.started, .progress and .completed or .failed.
func (s *Market) Scan(ctx context.Context, q domain.ScanRequest, report func(done, total int, message string)) (*domain.ScanReport, error) {
	p, err := domain.Require(ctx, domain.IntelligenceUse)
	if err != nil {
		return nil, err
	}
	if err := q.Complete(); err != nil {
		return nil, err
	}
	q.Topic = strings.TrimSpace(q.Topic)
	id := domain.OpportunityID(domain.NewID("opp"))
	news := scanNews{s: s, tenant: scope(ctx), id: id, topic: q.Topic}
	news.emit(ctx, "started", map[string]any{})
	r, err := s.cfg.Analyst.Scan(ctx, q, s.journal.stamp(), func(done, total int, message string) {
		news.progress(ctx, done, total, message)
		if report != nil {
			report(done, total, message)
		}
	})
	if err == nil {
		r.ID, r.Tenant, r.OwnerID = id, scope(ctx), p.UserID
		err = s.keep(ctx, r)
	}
	if err != nil {
		news.emit(ctx, "failed", map[string]any{"code": domain.CodeOf(err), "message": domain.MessageOf(err)})
		return nil, err
	}
	line := r.Line()
	news.emit(ctx, "completed", map[string]any{"score": line.Score, "confidence_score": line.Confidence, "decision": line.Decision})
	return r, nil
}

// keep stores a report, its estimate and the entry about them, in one transaction.
func (s *Market) keep(ctx context.Context, r *domain.ScanReport) error {
	e, err := estimateOf(&r.Opportunity, r.CreatedAt)
	if err != nil {
		return err
	}
	e.Tenant, e.Kind, e.Subject = r.Tenant, domain.EstimateScan, string(r.ID)
	r.EstimateID = e.ID
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Opportunities.Insert(ctx, r); err != nil {
			return err
		}
		if _, err := s.cfg.Estimates.Freeze(ctx, e); err != nil {
			return err
		}
		return s.journal.changed(ctx, "opportunity.scanned", string(r.ID), r.Topic, nil, r)
	})
}

// scanNews tells watchers how far a scan is, a few times a second at most.
type scanNews struct {
	s      *Market
	tenant domain.TenantID
	id     domain.OpportunityID
	topic  string
	last   time.Time
	said   string
}

// newsPause is the least time between two events about the same stage.
const newsPause = 200 * time.Millisecond

func (n *scanNews) progress(ctx context.Context, done, total int, message string) {
	now := n.s.cfg.Now()
	if message == n.said && now.Sub(n.last) < newsPause {
		return
	}
	n.last, n.said = now, message
	n.emit(ctx, "progress", map[string]any{"done": done, "total": total, "message": message})
}

func (n *scanNews) emit(ctx context.Context, state string, data map[string]any) {
	data["opportunity_id"], data["topic"], data["status"] = n.id, n.topic, state
	raw, err := json.Marshal(data)
	if err != nil {
		n.s.cfg.Log.WarnContext(ctx, "event not published", "opportunity_id", n.id, "err", err)
		return
	}
	n.s.cfg.Emit(ctx, domain.Event{Topic: domain.EventIntelligence + ".scan." + state, Tenant: n.tenant.OrDefault(), Object: string(n.id), Data: raw})
}

// Opportunities returns a window of the tenant's scans, the newest first.
func (s *Market) Opportunities(ctx context.Context, w domain.Window) ([]domain.OpportunityLine, int, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, 0, err
	}
	return s.cfg.Opportunities.List(ctx, scope(ctx), w)
}

// Opportunity returns one scan.
func (s *Market) Opportunity(ctx context.Context, id domain.OpportunityID) (*domain.ScanReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	r, err := s.cfg.Opportunities.Get(ctx, id)
	return visible(ctx, r, err, "Opportunity", string(id))
}

// Trends returns what is known about an industry over a period such as 30d. An
// industry that nothing is known about has no series and a reason.
func (s *Market) Trends(ctx context.Context, industry, period string) (*domain.TrendData, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	industry = strings.Join(strings.Fields(industry), " ")
	switch {
	case industry == "":
		return nil, domain.Invalid("industry", "An industry is needed, such as mechanical keyboards.")
	case len([]rune(industry)) > maxIndustry:
		return nil, domain.Invalid("industry", "The industry is longer than %d characters.", maxIndustry)
	}
	if _, err := domain.PeriodOf(period); err != nil {
		return nil, err
	}
	return s.cfg.Analyst.Trends(ctx, industry, period, s.journal.stamp())
}

// Programs searches affiliate programs for a niche.
func (s *Market) Programs(ctx context.Context, q domain.ProgramSearch) (*domain.ProgramResult, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	check := domain.ScanRequest{Language: q.Language, MinCommission: q.MinCommission, Traffic: q.Traffic}
	if err := check.Complete(); err != nil {
		return nil, err
	}
	q.Language, q.Traffic = check.Language, check.Traffic
	return s.cfg.Analyst.Programs(ctx, q, nil, s.journal.stamp())
}

// ImportSeries stores demand over time in one transaction.
func (s *Market) ImportSeries(ctx context.Context, source string, series []domain.MarketSeries) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	now := s.journal.stamp()
	for i := range series {
		series[i].ID, series[i].ImportedAt, series[i].Source = domain.SeriesID(domain.NewID("series")), now, source
	}
	after, err := importOf(series)
	if err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		for i := range series {
			if err := s.cfg.Series.Merge(ctx, &series[i]); err != nil {
				return err
			}
		}
		return s.journal.changed(ctx, "trends.imported", "", source, nil, after)
	})
}
