package service_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

func shopProgram(advertiser string) domain.Program {
	return domain.Program{
		ID: domain.ProgramID("prog_" + advertiser), Network: "awin", AdvertiserID: advertiser, Name: "Shop " + advertiser, Joined: true, Open: true, DeepLinks: true,
		Domains: []string{"shop" + advertiser + ".example"}, Source: "file", CreatedAt: time.Unix(0, 0), UpdatedAt: time.Unix(0, 0),
	}
}

func withPrograms(t *testing.T) (*estate, context.Context, *store.Store) {
	t.Helper()
	st := testkit.DB(t)
	e := newEstate(t, st)
	left, closed := shopProgram("2"), shopProgram("3")
	left.Joined, closed.Open = false, false
	if err := st.Programs.Upsert(t.Context(), []domain.Program{shopProgram("1"), left, closed}); err != nil {
		t.Fatal(err)
	}
	return e, in(t.Context(), "acme"), st
}

// TestLinks: a link is made of its program, refused where nothing would be paid, and
// changed everywhere at once; what changed is kept.
func TestLinks(t *testing.T) {
	t.Parallel()
	e, ada, _ := withPrograms(t)
	for _, bad := range []domain.LinkParams{
		{ProgramID: "prog_9", Destination: "https://shop9.example/"}, {ProgramID: "prog_2", Destination: "https://shop2.example/"}, {ProgramID: "prog_3", Destination: "https://shop3.example/"},
		{ProgramID: "prog_1", Form: domain.FormDeep, Destination: "https://evil.example/"}, {ProgramID: "prog_1", Destination: "https://evil.example/x"}, {Destination: "https://shop1.example/"}, {Merchant: "x", Destination: "ftp://shop1.example/"},
	} {
		_, err := e.links.Create(ada, bad)
		wantCode(t, bad.Destination, err, domain.CodeInvalid)
	}
	l, err := e.links.Create(ada, domain.LinkParams{ProgramID: "prog_1", Destination: "https://shop1.example/k2", Slug: "K2"})
	if err != nil || l.Form != domain.FormDeep || l.Merchant != "Shop 1" || l.AdvertiserID != "1" || l.Slug != "k2" || !l.Own {
		t.Fatalf("link = %+v, %v", l, err)
	}
	_, err = e.links.Create(ada, domain.LinkParams{ProgramID: "prog_1", Destination: "https://shop1.example/k2"})
	wantCode(t, "the same place again", err, domain.CodeConflict)
	_, err = e.links.Create(ada, domain.LinkParams{ProgramID: "prog_1", Destination: "https://shop1.example/k3", Slug: "k2"})
	wantCode(t, "the same slug again", err, domain.CodeConflict)
	if _, err := e.links.Update(ada, l.ID, domain.LinkPatch{Destination: new("https://evil.example/")}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a host that the program does not pay for: %v", err)
	}
	for _, p := range []domain.LinkPatch{{State: new(domain.LinkPaused), Note: new("sold out")}, {Note: new("sold out")}, {Destination: new("https://shop1.example/k4"), State: new(domain.LinkActive)}} {
		if l, err = e.links.Update(ada, l.ID, p); err != nil {
			t.Fatal(err)
		}
	}
	history, err := e.links.History(ada, l.ID)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, h := range history {
		fields = append(fields, h.Field)
		if h.Actor == "" {
			t.Errorf("%s changed by nobody", h.Field)
		}
	}
	if want := []string{"destination", "state", "note", "state", "created"}; !slices.Equal(fields, want) {
		t.Errorf("history = %v, want %v", fields, want)
	}
}

func TestLinkImport(t *testing.T) {
	t.Parallel()
	e, ada, _ := withPrograms(t)
	list := []domain.LinkParams{
		{Merchant: "A", Destination: "https://a.example/", Slug: "a"}, {Merchant: "B", Destination: "nowhere"},
		{Merchant: "Kurs", Destination: "123456", Form: domain.FormDigistore, PublisherID: "AnnaB", Slug: "kurs"},
	}
	for i, want := range []domain.LinkImport{{Read: 3, Created: 2}, {Read: 3, Same: 2}} {
		got, err := e.links.Import(ada, list)
		if err != nil || got.Created != want.Created || got.Same != want.Same || got.Updated != 0 || len(got.Problems) != 1 || got.Problems[0].Line != 2 {
			t.Errorf("import %d = %+v, %v", i+1, got, err)
		}
	}
	list[0].Destination = "https://a.example/new"
	if got, err := e.links.Import(ada, list[:1]); err != nil || got.Updated != 1 {
		t.Errorf("with another destination: %+v, %v", got, err)
	}
	held, _, err := e.links.List(ada, domain.LinkFilter{Query: "a.example"}, domain.Window{})
	if err != nil || len(held) != 1 {
		t.Fatalf("found %+v, %v", held, err)
	}
	if _, err := e.links.Update(ada, held[0].ID, domain.LinkPatch{State: new(domain.LinkPaused)}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ said, want domain.LinkState }{{"", domain.LinkPaused}, {domain.LinkActive, domain.LinkActive}} {
		list[0].State = tt.said
		if _, err := e.links.Import(ada, list[:1]); err != nil {
			t.Fatal(err)
		}
		if l, err := e.links.Get(ada, held[0].ID); err != nil || l.State != tt.want {
			t.Errorf("an import that says %q left the paused link %s: %v", tt.said, l.State, err)
		}
	}
	mine, n, err := e.links.List(ada, domain.LinkFilter{}, domain.Window{})
	if err != nil || n != 2 || mine[0].Destination != "https://a.example/new" || mine[0].Slug != "a" {
		t.Errorf("links = %+v, %v", mine, err)
	}
	if _, n, _ := e.links.List(in(t.Context(), "other"), domain.LinkFilter{}, domain.Window{}); n != 0 {
		t.Errorf("another tenant sees %d", n)
	}
	_, err = e.links.Import(ada, make([]domain.LinkParams, 1001))
	wantCode(t, "too many", err, domain.CodeTooLarge)
}

// TestLinkRegister: builds register what they link and follow the feed, until a person
// decides otherwise; links close and open with their programs.
func TestLinkRegister(t *testing.T) {
	t.Parallel()
	e, ada, st := withPrograms(t)
	l := domain.Link{
		ID: domain.LinkIDOf("acme", "", "awin", "1", "k"), Tenant: "acme", ProgramID: "prog_1", Network: "awin", AdvertiserID: "1", Merchant: "Shop 1",
		Form: domain.FormClick, Destination: "https://www.awin1.com/pclick.php?p=1", State: domain.LinkActive, RowKey: "k",
	}
	l.Slug = l.ID.SlugOf()
	register := func(destination string) *domain.Link {
		t.Helper()
		l.Destination = destination
		if err := e.links.Register(t.Context(), "site_1", []domain.Link{l}); err != nil {
			t.Fatal(err)
		}
		got, err := e.links.Get(ada, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := register("https://www.awin1.com/pclick.php?p=1")
	if again := register("https://www.awin1.com/pclick.php?p=1"); again.Seq != first.Seq {
		t.Error("the same link was stored again")
	}
	if _, err := e.links.Update(ada, l.ID, domain.LinkPatch{PublisherID: new("77"), Way: new(domain.WayRedirect)}); err != nil {
		t.Fatal(err)
	}
	if moved := register("https://www.awin1.com/pclick.php?p=2"); moved.Seq == first.Seq || moved.Slug != first.Slug || moved.PublisherID != "77" || moved.Way != domain.WayRedirect || !moved.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("after the feed moved it: %+v", moved)
	}
	programs := func(open bool) domain.LinkState {
		t.Helper()
		p := shopProgram("1")
		p.Open = open
		if err := st.InTx(t.Context(), func(ctx context.Context) error { return e.links.ProgramsChanged(ctx, []domain.Program{p}) }); err != nil {
			t.Fatal(err)
		}
		got, err := e.links.Get(ada, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.State
	}
	if closed, open := programs(false), programs(true); closed != domain.LinkClosed || open != domain.LinkActive {
		t.Errorf("with its program it is %s, then %s", closed, open)
	}
	if _, err := e.links.Update(ada, l.ID, domain.LinkPatch{Destination: new("https://www.awin1.com/pclick.php?p=9"), State: new(domain.LinkPaused)}); err != nil {
		t.Fatal(err)
	}
	if own := register("https://www.awin1.com/pclick.php?p=3"); own.Destination != "https://www.awin1.com/pclick.php?p=9" || own.State != domain.LinkPaused {
		t.Errorf("a person's decision was overruled: %+v", own)
	}
	if state := programs(true); state != domain.LinkPaused {
		t.Errorf("a paused link became %s", state)
	}
}

// TestOutlinks: each place is told once for a website, with what its links earn.
func TestOutlinks(t *testing.T) {
	t.Parallel()
	e, ada, _ := withPrograms(t)
	site := e.register(ada, t, "tea.example")
	e.publish(ada, t, site.ID)
	e.register(ada, t, "cups.example")
	e.outlinks = []domain.PageLink{
		{Path: "/", Href: "https://www.shop1.example/a"}, {Path: "/", Href: "https://www.shop1.example/b"}, {Path: "/guide/", Href: "https://www.shop1.example/a"},
		{Path: "/", Href: "https://shop2.example/"}, {Path: "/", Href: "https://www.awin1.com/cread.php?awinmid=3&awinaffid=1&ued=https%3A%2F%2Fshop3.example%2F"},
		{Path: "/", Href: "https://www.awin1.com/cread.php?awinmid=1&awinaffid=1&ued=https%3A%2F%2Fshop1.example%2F"}, {Path: "/", Href: "https://www.digistore24.com/redir/1/a"},
		{Path: "/", Href: "https://www.amazon.de/dp/B1"}, {Path: "/", Href: "https://www.amazon.de/dp/B1?tag=x-21"}, {Path: "/", Href: "https://wiki.example/", Sponsored: false},
		{Path: "/", Href: "https://paid.example/", Sponsored: true}, {Path: "/", Href: "https://cups.example/"}, {Path: "/", Href: "mailto:a@b.example"},
	}
	list, total, err := e.links.Outlinks(ada, "", false, domain.Window{})
	if err != nil || total != 2 {
		t.Fatalf("%d websites, %v", total, err)
	}
	var got []string
	for _, o := range list {
		got = append(got, string(o.Kind)+" "+o.Host)
	}
	want := []string{
		"program_unused www.shop1.example", "program_unavailable shop2.example", "program_unavailable shop3.example", "no_program wiki.example", "no_program www.amazon.de",
	}
	if !slices.Equal(got, want) {
		t.Errorf("outlinks = %q\nwant %q", got, want)
	}
	if o := list[0]; o.Count != 3 || !slices.Equal(o.Pages, []string{"/", "/guide/"}) || o.Program != "Shop 1" || o.Domain != "tea.example" {
		t.Errorf("first = %+v", o)
	}
	if list, _, err = e.links.Outlinks(ada, site.ID, true, domain.Window{}); err != nil || len(list) != 9 {
		t.Errorf("with those that earn: %d, %v", len(list), err)
	}

	// Pages are read once for each release, by who asks or by the clock.
	e.outlinks = nil
	if list, _, err = e.links.Outlinks(ada, site.ID, true, domain.Window{}); err != nil || len(list) != 9 {
		t.Errorf("what is kept: %d, %v", len(list), err)
	}
	if n, err := e.links.CatchUp(ada); n != 0 || err != nil {
		t.Errorf("%d releases read again, %v", n, err)
	}
	other := e.register(ada, t, "mugs.example")
	e.publish(ada, t, other.ID)
	if n, err := e.links.CatchUp(ada); n != 1 || err != nil {
		t.Errorf("%d releases read, %v, want 1", n, err)
	}
}
