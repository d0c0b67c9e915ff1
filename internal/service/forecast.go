package service

import (
	"context"
	"slices"
	"time"

	"empire/internal/domain"
)

// Bounds of an estimate from history.
const (
	forecastRuns = 200 // of a tenant that are looked at
	forecastMost = 20  // of the kind that are counted: the newest
)

// Forecast estimates when a run that starts now asks for approval: the median time that
// the steps of the newest finished runs of its pipeline took. The time that people took
// to decide is left out. Without history it says why there is no estimate.
func (s *Websites) Forecast(ctx context.Context, run *domain.Run) (*domain.RunForecast, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	return s.cfg.Runs.forecast(ctx, run)
}

func (s *Runs) forecast(ctx context.Context, run *domain.Run) (*domain.RunForecast, error) {
	list, _, err := s.cfg.Runs.List(ctx, domain.RunFilter{Tenant: scope(ctx), State: domain.StateCompleted}, domain.Window{Limit: forecastRuns})
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range list {
		if list[i].Pipeline == run.Pipeline && len(took) < forecastMost {
			took = append(took, worked(&list[i]))
		}
	}
	if len(took) == 0 {
		return &domain.RunForecast{Reason: "No run of this kind has finished yet."}, nil
	}
	slices.Sort(took)
	at := run.CreatedAt.UTC().Add(took[len(took)/2]).Truncate(time.Second)
	return &domain.RunForecast{At: &at, Runs: len(took)}, nil
}

// worked is how long the steps of a run took, without the one that waits for a person.
func worked(run *domain.Run) time.Duration {
	var sum time.Duration
	for i := range run.Steps {
		if st := &run.Steps[i]; st.Name != "approve" && st.StartedAt != nil && st.FinishedAt != nil {
			sum += st.FinishedAt.Sub(*st.StartedAt)
		}
	}
	return sum
}
