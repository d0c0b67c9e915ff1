package app

import (
	"context"
	"testing"
	"time"

	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// network is an affiliate network that answers, or is down.
type network struct {
	list []domain.Program
	err  error
}

func (n network) Programs(context.Context) ([]domain.Program, error) { return n.list, n.err }

// TestProgramsOfANetwork: a network that answers gives fresh programs; while it is down
// those that are stored come, flagged as stale and partial, with their age; without a
// network the age of the import decides.
func TestProgramsOfANetwork(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	read := now.Add(-90 * time.Minute)
	stored := []domain.Program{{ID: "prog_1", Network: "awin", AdvertiserID: "1", Name: "Stored", CreatedAt: read, UpdatedAt: read}}
	if err := st.Programs.Upsert(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	down := domain.Errorf(domain.CodeUnavailable, "AWIN does not answer.")
	for name, tt := range map[string]struct {
		network        networkPrograms
		limit          time.Duration
		want           string
		age            float64
		stale, partial bool
	}{
		"no network":      {nil, 2 * time.Hour, "Stored", 5400, false, false},
		"no network, old": {nil, time.Hour, "Stored", 5400, true, false},
		"answers":         {network{list: []domain.Program{{Name: "Live"}}}, time.Hour, "Live", 0, false, false},
		"down":            {network{err: down}, 2 * time.Hour, "Stored", 5400, true, true},
	} {
		s := marketSource{markets: markets{st}, cfg: config.Market{ProgramMaxAge: tt.limit}, network: tt.network}
		list, fresh, partial, err := s.Programs(t.Context(), now)
		if err != nil || len(list) != 1 || list[0].Name != tt.want || partial != tt.partial {
			t.Errorf("%s: %+v, partial %v, %v", name, list, partial, err)
			continue
		}
		if fresh.Stale != tt.stale || fresh.AgeSeconds == nil || *fresh.AgeSeconds != tt.age || fresh.Stale && fresh.Reason == "" {
			t.Errorf("%s: freshness %+v", name, fresh)
		}
	}
}
