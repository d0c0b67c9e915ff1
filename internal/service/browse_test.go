package service_test

import (
	"slices"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

func domainsOf(list *domain.WebsiteList) []string {
	var out []string
	for _, l := range list.Lines {
		out = append(out, l.Domain)
	}
	return out
}

// TestBrowse walks through the websites of a tenant forwards and backwards, in several
// orders, and counts what filters select.
func TestBrowse(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada := in(t.Context(), "acme")
		var sites []*domain.Website
		for _, host := range []string{"d.example", "a.example", "c.example", "b.example", "e.example"} {
			sites = append(sites, e.register(ada, t, host))
		}
		live := e.publish(ada, t, sites[1].ID)
		if _, err := e.batches.SetTags(ada, sites[2].ID, []string{"pilot"}); err != nil {
			t.Fatal(err)
		}
		browse := func(q domain.WebsiteQuery) *domain.WebsiteList {
			t.Helper()
			list, err := e.batches.Browse(ada, q)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		for _, tt := range []struct {
			name string
			q    domain.WebsiteQuery
			want []string
		}{
			{"by domain", domain.WebsiteQuery{}, []string{"a.example", "b.example", "c.example", "d.example", "e.example"}},
			{"backwards", domain.WebsiteQuery{Descending: true}, []string{"e.example", "d.example", "c.example", "b.example", "a.example"}},
			{"as they came", domain.WebsiteQuery{Sort: domain.SortByCreated}, []string{"d.example", "a.example", "c.example", "b.example", "e.example"}},
		} {
			tt.q.Limit = 2
			var forth, back []string
			var last *domain.WebsiteList
			for q := tt.q; ; q.After = last.Next {
				last = browse(q)
				if last.Total != 5 || len(last.Lines) > 2 {
					t.Fatalf("%s: %d of %d websites", tt.name, len(last.Lines), last.Total)
				}
				if forth = append(forth, domainsOf(last)...); last.Next == "" {
					break
				}
			}
			if !slices.Equal(forth, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, forth, tt.want)
			}
			for q := tt.q; last.Previous != ""; {
				q.Before = last.Previous
				last = browse(q)
				back = append(domainsOf(last), back...)
			}
			if !slices.Equal(back, tt.want[:4]) {
				t.Errorf("%s, backwards: %v", tt.name, back)
			}
		}
		all := browse(domain.WebsiteQuery{Limit: 10})
		if all.ByState[domain.WebsiteLive] != 1 || all.ByState[domain.WebsiteDraft] != 4 || !slices.Equal(all.Tags, []string{"pilot"}) || len(all.Languages) == 0 {
			t.Errorf("list = %+v", all)
		}
		if l := all.Lines[0]; l.Live == nil || l.Live.ID != live.LiveRelease || l.Tags != nil {
			t.Errorf("line of a live website = %+v", l)
		}
		if l := all.Lines[2]; l.Live != nil || !slices.Equal(l.Tags, []string{"pilot"}) {
			t.Errorf("line of a draft = %+v", l)
		}
		drafts := browse(domain.WebsiteQuery{Filter: domain.WebsiteFilter{State: domain.WebsiteDraft, Text: ".EXAMPLE"}, Limit: 10})
		if drafts.Total != 4 || drafts.ByState[domain.WebsiteLive] != 1 {
			t.Errorf("drafts: %d, states %v", drafts.Total, drafts.ByState)
		}
		if none := browse(domain.WebsiteQuery{Filter: domain.WebsiteFilter{Tag: "gone"}, Limit: 10}); none.Total != 0 || none.Next != "" {
			t.Errorf("websites with no such tag: %+v", none)
		}
	})
}

// TestBrowseRefuses says no to what no list is, and shows nothing to others.
func TestBrowseRefuses(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	e.register(ada, t, "a.example")
	for name, q := range map[string]domain.WebsiteQuery{
		"order": {Sort: "color", Limit: 1}, "no limit": {}, "limit": {Limit: 1001}, "cursor": {After: "!", Limit: 1}, "cursor of other things": {Before: "WzFd", Limit: 1},
		"two cursors": {After: "e30", Before: "e30", Limit: 1},
	} {
		_, err := e.batches.Browse(ada, q)
		wantCode(t, name, err, domain.CodeInvalid)
	}
	other, err := e.batches.Browse(in(t.Context(), "other"), domain.WebsiteQuery{Limit: 10})
	if err != nil || other.Total != 0 {
		t.Errorf("another tenant sees %+v, %v", other, err)
	}
	_, err = e.batches.Browse(t.Context(), domain.WebsiteQuery{Limit: 10})
	wantCode(t, "a visitor", err, domain.CodeUnauthenticated)
}
