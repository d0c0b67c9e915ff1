package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func signature(site domain.WebsiteID, path string, at time.Time, bands ...uint64) domain.PageSignature {
	return domain.PageSignature{
		WebsiteID: site, PageID: domain.PageID("page_" + string(site) + path), Path: path, Kind: domain.PageGuide, Title: "Tür & Tor", Bands: bands,
		Hashes: []uint32{0, 7, 1<<32 - 1}, Limit: 1<<32 - 1, Masked: []uint32{8, 9}, MaskedLimit: 1 << 30, Evidence: 3, FirstAt: at,
	}
}

// liveWebsite stores a website with a live release.
func liveWebsite(t *testing.T, s *store.Store, name string) *domain.Website {
	t.Helper()
	w := insertWebsite(t, s, name)
	r := &domain.Release{ID: domain.ReleaseID("rel_" + name), WebsiteID: w.ID, CreatedAt: day}
	must(t, s.Releases.Insert(t.Context(), r))
	must(t, s.Websites.SetLive(t.Context(), w.ID, r.ID, day))
	return value(s.Websites.Get(t.Context(), w.ID))(t)
}

func testSignatures(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := liveWebsite(t, s, "a"), liveWebsite(t, s, "b")
	other := insertWebsite(t, s, "c")
	_, pending, err := s.Signatures.Pending(ctx, "", 10)
	must(t, err)
	if pending != 2 {
		t.Errorf("%d websites are pending, want the two live ones", pending)
	}
	const high = uint64(1) << 63
	put := func(w *domain.Website, list ...domain.PageSignature) {
		t.Helper()
		must(t, s.Signatures.Replace(ctx, &domain.SiteProfile{WebsiteID: w.ID, Tenant: w.Tenant, Release: w.LiveRelease, Domain: w.Domain, Targets: []string{"p"}, At: day}, list))
	}
	put(a, signature(a.ID, "/", day, 1, high|5), signature(a.ID, "/x/", day, 2))
	put(b, signature(b.ID, "/", day, high|5, 9))
	put(other, signature(other.ID, "/", day, 1, 2, 9))

	found := value(s.Signatures.Candidates(ctx, "main", a.ID, []uint64{1, 2, high | 5}))(t)
	if len(found) != 1 || len(found[high|5]) != 1 {
		t.Fatalf("candidates = %v, want the page of b by its band, and no draft's", found)
	}
	whole := value(s.Signatures.Whole(ctx, found[high|5]))(t)
	want := signature(b.ID, "/", day)
	want.Num, want.Bands = found[high|5][0], nil
	wantEqual(t, whole, []domain.PageSignature{want})
	if got := value(s.Signatures.Candidates(ctx, "else", a.ID, []uint64{high | 5}))(t); len(got) != 0 {
		t.Errorf("another tenant sees %v", got)
	}
	if n := value(s.Signatures.CountLive(ctx, "main", a.ID))(t); n != 1 {
		t.Errorf("%d live pages of others, want 1", n)
	}
	if got := value(s.Signatures.Profiles(ctx, "main"))(t); len(got) != 2 || got[0].Domain != "a.example" {
		t.Errorf("profiles = %+v", got)
	}
	bands := 0
	must(t, s.Signatures.Bands(ctx, func(_, _ int64) { bands++ }))
	if bands != 8 {
		t.Errorf("%d bands, want 8", bands)
	}

	// A page that stays keeps its age; one that goes is gone.
	put(a, signature(a.ID, "/", day.Add(time.Hour), 3), signature(a.ID, "/y/", day.Add(time.Hour), 4))
	list := value(s.Signatures.Of(ctx, a.ID))(t)
	if len(list) != 2 || !list[0].FirstAt.Equal(day) || list[1].Path != "/y/" || !list[1].FirstAt.Equal(day.Add(time.Hour)) {
		t.Errorf("pages of a = %+v", list)
	}
	if n := len(value(s.Signatures.Live(ctx, "main"))(t)); n != 3 {
		t.Errorf("%d live pages, want 3", n)
	}
	_, pending, err = s.Signatures.Pending(ctx, "main", 10)
	must(t, err)
	if pending != 0 {
		t.Errorf("%d websites are pending, want none", pending)
	}
	b.State = domain.WebsiteArchived
	must(t, s.Websites.Update(ctx, b))
	if got := value(s.Signatures.Candidates(ctx, "main", a.ID, []uint64{9}))(t); len(got) != 0 {
		t.Errorf("an archived website is found: %v", got)
	}
	must(t, s.Websites.Delete(ctx, a.ID))
	if list := value(s.Signatures.Of(ctx, a.ID))(t); len(list) != 0 {
		t.Errorf("a deleted website has %+v", list)
	}
}

func testFleet(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertWebsite(t, s, "a")
	for i, pages := range []int{5, 0, 7} {
		m := domain.FleetMove{ReleaseID: domain.ReleaseID([]string{"rel_1", "rel_2", "rel_2"}[i]), WebsiteID: a.ID, Tenant: "main", NewPages: pages, At: day.Add(time.Duration(i) * time.Hour)}
		must(t, s.Fleet.Record(ctx, m))
		must(t, s.Fleet.Record(ctx, m)) // again: nothing
	}
	moves := value(s.Fleet.Moves(ctx, a.ID, day))(t)
	if len(moves) != 2 || moves[0].NewPages != 0 || moves[1].NewPages != 7 || !moves[1].At.Equal(day.Add(2*time.Hour)) {
		t.Errorf("moves = %+v", moves)
	}
	if n := value(s.Fleet.Releases(ctx, "main", day.Add(-time.Second)))(t); n != 3 {
		t.Errorf("%d releases, want 3", n)
	}
	if n := value(s.Fleet.Releases(ctx, "else", day.Add(-time.Second)))(t); n != 0 {
		t.Errorf("%d releases of another tenant", n)
	}
	if at := value(s.Fleet.Newest(ctx, "main", 2))(t); !at.Equal(day.Add(time.Hour)) {
		t.Errorf("the second newest is of %v", at)
	}
	if at := value(s.Fleet.Newest(ctx, "main", 4))(t); !at.IsZero() {
		t.Errorf("the fourth newest is of %v", at)
	}
	wantEqual(t, value(s.Fleet.Fastest(ctx, "main", day.Add(-time.Second), 5))(t), []domain.FleetPace{{WebsiteID: a.ID, NewPages: 12}})

	all := domain.FleetFreeze{Tenant: "main", Reason: "Notice", ActorID: "user_a", At: day, Cause: domain.FleetByNotice}
	one := domain.FleetFreeze{Tenant: "main", WebsiteID: a.ID, Reason: "Cliff", At: day, Cause: domain.FleetByTraffic, Evidence: &domain.FleetEvidence{From: "2026-03-01", Websites: 2}}
	one.Evidence.Cliff = domain.Cliff{Days: 3, Visitors: 40, Expected: 100.5, Share: 0.398}
	must(t, s.Fleet.Freeze(ctx, one))
	must(t, s.Fleet.Freeze(ctx, all))
	one.Reason = "Deeper"
	must(t, s.Fleet.Freeze(ctx, one))
	wantEqual(t, value(s.Fleet.Freezes(ctx, "main"))(t), []domain.FleetFreeze{all, one})
	for _, want := range []bool{true, false} {
		if got := value(s.Fleet.Unfreeze(ctx, "main", a.ID))(t); got != want {
			t.Errorf("unfrozen = %v, want %v", got, want)
		}
	}
	wantEqual(t, value(s.Fleet.Freezes(ctx, "else"))(t), []domain.FleetFreeze{})
	for _, want := range []bool{true, false} {
		if got := value(s.Fleet.FreezeNew(ctx, one))(t); got != want {
			t.Errorf("frozen anew = %v, want %v", got, want)
		}
	}
	wantEqual(t, value(s.Fleet.Freezes(ctx, ""))(t), []domain.FleetFreeze{all, one})
	for _, share := range []float64{0.5, 0.25} {
		l := domain.FleetLift{WebsiteID: a.ID, At: day, From: "2026-03-01", Share: share}
		must(t, s.Fleet.Lift(ctx, l))
		wantEqual(t, value(s.Fleet.Lifts(ctx))(t), map[domain.WebsiteID]domain.FleetLift{a.ID: l})
	}
}

// testFleetVisits: by day, of live websites, people alone; hits of bots say that it was
// counted.
func testFleetVisits(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b, draft := liveWebsite(t, s, "a"), liveWebsite(t, s, "b"), insertWebsite(t, s, "c")
	first := day.Unix() / 86400
	for back, sites := range [][]*domain.Website{{a, draft}, {a, b}} {
		at := day.AddDate(0, 0, back)
		batch := &domain.TrafficBatch{Day: first + int64(back)}
		for i, w := range sites {
			for visitor := range int64(2 + back) {
				batch.Events = append(batch.Events, trafficEvent(w.ID, at, domain.HitView, domain.ClassPerson, "/", ""))
				batch.Visits = append(batch.Visits, visitOf(w.ID, visitor+1, int64(10*i)+visitor+1, at, len(batch.Events)-1))
			}
		}
		must(t, s.Traffic.Insert(ctx, batch))
	}
	must(t, s.Traffic.Insert(ctx, &domain.TrafficBatch{Day: first + 2, Events: []domain.TrafficEvent{trafficEvent(b.ID, day.AddDate(0, 0, 2), domain.HitView, domain.ClassBot, "/", "")}}))
	of := func(w *domain.Website, at int64, n int) domain.DayVisitors {
		return domain.DayVisitors{Tenant: "main", WebsiteID: w.ID, Domain: w.Domain, Day: at, Visitors: n}
	}
	all := []domain.DayVisitors{of(a, first, 2), of(a, first+1, 3), of(b, first+1, 3), of(b, first+2, 0)}
	wantEqual(t, value(s.Fleet.Visits(ctx, nil, first-1, first+9))(t), all)
	wantEqual(t, value(s.Fleet.Visits(ctx, nil, first+1, first+2))(t), all[1:3])
	wantEqual(t, value(s.Fleet.Visits(ctx, []domain.WebsiteID{b.ID, draft.ID}, first, first+9))(t), all[2:])
}

func testFleetChanges(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := &domain.FleetChange{
		ID: "chg_1", Tenant: "main", Action: domain.FleetRebuild, Reason: "theme 2", Filter: domain.FleetFilter{Niche: "tea"}, State: domain.FleetCanary, Canary: 1, Total: 2,
		ActorID: "user_a", CreatedAt: day, UpdatedAt: day,
	}
	sites := []domain.FleetChangeSite{{WebsiteID: "site_a", Canary: true, State: domain.FleetSiteQueued}, {WebsiteID: "site_b", Position: 1, State: domain.FleetSiteQueued}}
	must(t, s.FleetChanges.Insert(ctx, c, sites))
	wantEqual(t, value(s.FleetChanges.Get(ctx, c.ID))(t), c)
	wantEqual(t, value(s.FleetChanges.Sites(ctx, c.ID, nil, window(10, 0)))(t), sites)
	sites[0].State, sites[0].RunID, sites[0].Detail = domain.FleetSiteRunning, "run_1", "…"
	must(t, s.FleetChanges.SetSite(ctx, c.ID, &sites[0]))
	wantEqual(t, value(s.FleetChanges.Sites(ctx, c.ID, []domain.FleetSiteState{domain.FleetSiteRunning}, window(10, 0)))(t), sites[:1])
	wantEqual(t, value(s.FleetChanges.Counts(ctx, c.ID))(t), map[domain.FleetSiteState]int{domain.FleetSiteRunning: 1, domain.FleetSiteQueued: 1})
	c.State = domain.FleetStopped
	must(t, s.FleetChanges.Update(ctx, c))
	wantEqual(t, value(s.FleetChanges.Hold(ctx, c.ID))(t), c)
	for _, tt := range []struct {
		tenant domain.TenantID
		states []domain.FleetState
		want   int
	}{{"main", nil, 1}, {"", []domain.FleetState{domain.FleetStopped}, 1}, {"main", []domain.FleetState{domain.FleetCanary}, 0}, {"else", nil, 0}} {
		list, total, err := s.FleetChanges.List(ctx, tt.tenant, tt.states, window(10, 0))
		must(t, err)
		if len(list) != tt.want || total != tt.want {
			t.Errorf("%+v: %d of %d", tt, len(list), total)
		}
	}
	_, err := s.FleetChanges.Get(ctx, "chg_x")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.FleetChanges.SetSite(ctx, c.ID, &domain.FleetChangeSite{WebsiteID: "site_x"}), domain.CodeNotFound)
}
