package monetization_test

import (
	"strings"
	"testing"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
)

func lamp(key string, brand string, rows ...domain.Product) domain.Family {
	f := family(key, rows...)
	f.Category, f.Brand = "Lamps", brand
	f.Attributes = []domain.Attribute{{Name: "power", Raw: key[:1] + " W"}}
	return f
}

func as(key string) func(*domain.Product) { return func(p *domain.Product) { p.Key = key } }

// TestReplace: the same product at another merchant comes first, within the planner's
// rules; then the nearest product of the category; else it says why there is nothing.
func TestReplace(t *testing.T) {
	t.Parallel()
	programs := []domain.Program{program("1", 900), program("2", 100), program("3", 500)}
	closed := program("2", 100)
	closed.Open = false
	a := lamp("5a", "Lux", row("1", 1000), row("2", 1040))
	alone := lamp("5a", "Lux", row("1", 1000))
	near, far, other := lamp("5b", "Lux", row("2", 1100, as("near"))), lamp("9c", "Nox", row("3", 1050, as("far"))), lamp("5d", "Lux", row("3", 1010, as("other")))
	other.Category = "Chairs"
	dear := lamp("5e", "Lux", row("3", 5000, as("dear")))
	gone := lamp("5f", "Lux", row("3", 1000, as("gone"), soldOut))
	for name, tt := range map[string]struct {
		programs []domain.Program
		families []domain.Family
		key      string // row of the replacement; empty: none
		same     bool
	}{
		"another merchant":            {programs, []domain.Family{a, near}, "k2", true},
		"its program is closed":       {[]domain.Program{programs[0], closed, programs[2]}, []domain.Family{a, far}, "far", false},
		"the nearest of two":          {programs, []domain.Family{alone, far, near}, "near", false},
		"another category":            {programs, []domain.Family{alone, other}, "", false},
		"too dear":                    {programs, []domain.Family{alone, dear}, "", false},
		"a near one that is gone":     {programs, []domain.Family{alone, gone}, "", false},
		"the other one is sold out":   {programs, []domain.Family{lamp("5a", "Lux", row("1", 1000), row("2", 1040, soldOut)), near}, "near", false},
		"the market does not hold it": {programs, []domain.Family{near}, "", false},
	} {
		first := place(t, nil, "", programs, a)
		dead := first.Links[0]
		if dead.RowKey != "k1" {
			t.Fatalf("the planner chose %s", dead.RowKey)
		}
		links := held(first)
		in := monetization.PlanInput{Draft: draft(tt.families...), Market: &domain.Market{Families: tt.families}, Programs: tt.programs, Now: now, PriceMaxAge: 24 * time.Hour, Links: links}
		r, why, err := monetization.Replace(in, &dead)
		switch {
		case err != nil:
			t.Fatal(err)
		case tt.key == "":
			if r != nil || why == "" {
				t.Errorf("%s: %+v (%s), want none and why", name, r, why)
			}
		case r == nil || r.Link.RowKey != tt.key || r.Same != tt.same || r.Reason == "" || !strings.HasPrefix(r.Product, "Lamp"):
			t.Errorf("%s: %+v (%s), want row %s", name, r, why, tt.key)
		}
		if links[dead.ID].State != domain.LinkActive {
			t.Errorf("%s: the caller's links were changed", name)
		}
	}
}
