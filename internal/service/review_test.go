package service_test

import (
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestWebsitesReview reads a candidate before it is approved: alone while nothing is
// live, against the live release later.
func TestWebsitesReview(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "main")
	site := e.register(ada, t, "review.example")
	_, first := e.build(ada, t, site.ID)
	got, err := e.websites.Review(ada, first.ID)
	if err != nil || len(got.Pages) == 0 || got.Diff != nil {
		t.Fatalf("review of the first candidate = %+v, %v", got, err)
	}
	if _, err := e.approvals.Decide(ada, first.ID, domain.Decision{Approve: true, PayloadHash: first.PayloadHash}); err != nil {
		t.Fatal(err)
	}
	e.workAll(t)
	_, second := e.build(ada, t, site.ID)
	got, err = e.websites.Review(ada, second.ID)
	if err != nil || got.Diff == nil || got.Diff.From.Number != 1 || len(got.Diff.Pages) != 1 || got.Diff.Pages[0].Path != "/" {
		t.Errorf("review of the second candidate = %+v, %v", got, err)
	}
	_, err = e.websites.Review(in(t.Context(), "other"), second.ID)
	wantCode(t, "review of another tenant's candidate", err, domain.CodeNotFound)
}

// TestGenerateNamesTheOperator: a launch may say who answers for its website; else the
// configuration does.
func TestGenerateNamesTheOperator(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "main")
	for host, want := range map[string]*domain.Operator{"own.example": {Name: "Own Ltd", City: "Berlin"}, "default.example": nil} {
		site, _, err := e.websites.Generate(ada, domain.GenerateParams{Niche: "kites", Domain: host, Operator: want})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			o := e.websites.DefaultOperator()
			want = &o
		}
		if site.Operator != *want {
			t.Errorf("operator of %s = %+v, want %+v", host, site.Operator, *want)
		}
	}
}
