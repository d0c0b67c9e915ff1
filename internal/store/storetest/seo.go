package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testSEOAudits(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys := insertWebsite(t, s, "keys")
	audit := func(n int, version string, score float64) *domain.SEOAudit {
		return &domain.SEOAudit{
			SEOAuditLine: domain.SEOAuditLine{
				WebsiteID: keys.ID, ReleaseID: domain.ReleaseID("rel_" + string(rune('0'+n))), Number: n, Version: version, Score: score, Pages: 4, At: day.Add(time.Duration(n) * time.Hour),
			},
			Issues: []domain.SEOIssue{{Fingerprint: "f", Rule: "SEO-TITLE-LENGTH", Page: "/", SinceAt: day}}, Regressions: []string{"f"}, Gone: []domain.SEOIssue{}, Rules: []string{"SEO-TITLE-LENGTH"},
		}
	}
	_, err := s.SEO.AuditBefore(ctx, keys.ID, 9)
	wantCode(t, err, domain.CodeNotFound)
	first, second := audit(1, "seo/1", 80), audit(2, "seo/2", 90.25)
	for _, a := range []*domain.SEOAudit{first, second, audit(3, "seo/1", 70), audit(3, "seo/2", 95)} {
		must(t, s.SEO.PutAudit(ctx, a))
	}
	second.Score = 91.5
	must(t, s.SEO.PutAudit(ctx, second))
	wantEqual(t, value(s.SEO.Audit(ctx, keys.ID, "rel_2", "seo/2"))(t), second)
	wantEqual(t, value(s.SEO.AuditBefore(ctx, keys.ID, 3))(t), second)
	_, err = s.SEO.Audit(ctx, keys.ID, "rel_2", "seo/1")
	wantCode(t, err, domain.CodeNotFound)
	list, total, err := s.SEO.Audits(ctx, keys.ID, domain.Window{Limit: 3})
	must(t, err)
	if total != 4 || len(list) != 3 || list[0].Number != 3 || list[0].Version != "seo/1" || list[2] != second.SEOAuditLine {
		t.Errorf("audits = %+v of %d", list, total)
	}
	wantCode(t, s.SEO.PutAudit(ctx, &domain.SEOAudit{SEOAuditLine: domain.SEOAuditLine{WebsiteID: "site_x", ReleaseID: "rel_x", At: day}}), domain.CodeConflict)
	must(t, s.Websites.Delete(ctx, keys.ID))
	if _, total, err := s.SEO.Audits(ctx, keys.ID, domain.Window{Limit: 3}); err != nil || total != 0 {
		t.Errorf("audits of a deleted website: %d, %v", total, err)
	}
}

func testSEOKeywords(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys, lamps, elsewhere := insertWebsite(t, s, "keys"), insertWebsite(t, s, "lamps"), insertWebsite(t, s, "elsewhere")
	elsewhere.Tenant = "other"
	page := func(w *domain.Website, path, key string, at time.Time) domain.KeywordPage {
		return domain.KeywordPage{WebsiteID: w.ID, PageID: domain.PageID("page_" + w.Name + path), Path: path, Keyword: key, Key: key, Language: "en", Others: []string{}, Since: at}
	}
	must(t, s.SEO.ReplaceKeywords(ctx, keys, "rel_keys", []domain.KeywordPage{page(keys, "/", "keyboard", day), page(keys, "/a/", "", day), page(keys, "/b/", "quiet", day)}))
	must(t, s.SEO.ReplaceKeywords(ctx, lamps, "rel_2", []domain.KeywordPage{page(lamps, "/", "lamp", day), page(lamps, "/x/", "keyboard", day.Add(time.Hour)), page(lamps, "/y/", "", day)}))
	must(t, s.SEO.ReplaceKeywords(ctx, elsewhere, "rel_elsewhere", []domain.KeywordPage{page(elsewhere, "/", "keyboard", day.Add(-time.Hour))}))
	if shared := value(s.SEO.SharedKeywords(ctx, "main"))(t); len(shared) != 0 {
		t.Errorf("shared by drafts: %+v", shared)
	}
	if list := value(s.SEO.Pending(ctx, "", 9))(t); len(list) != 0 {
		t.Errorf("pending drafts: %v", list)
	}
	for _, w := range []*domain.Website{keys, lamps, elsewhere} {
		r := &domain.Release{ID: domain.ReleaseID("rel_" + w.Name), WebsiteID: w.ID, CreatedAt: day}
		must(t, s.Releases.Insert(ctx, r))
		must(t, s.Websites.SetLive(ctx, w.ID, r.ID, day))
	}
	shared := value(s.SEO.SharedKeywords(ctx, "main"))(t)
	if len(shared) != 2 || shared[0].WebsiteID != keys.ID || shared[1].Path != "/x/" {
		t.Errorf("shared = %+v", shared)
	}
	taken := value(s.SEO.TakenKeywords(ctx, "main", "en", lamps.ID))(t)
	if len(taken) != 2 || taken[0].Key != "keyboard" || taken[0].WebsiteID != keys.ID || taken[1].Key != "quiet" {
		t.Errorf("taken from lamps = %+v", taken)
	}
	if taken := value(s.SEO.TakenKeywords(ctx, "main", "en", keys.ID))(t); len(taken) != 1 || taken[0].Key != "lamp" {
		t.Errorf("taken from keys = %+v: who had a keyword first keeps it", taken)
	}
	if taken := value(s.SEO.TakenKeywords(ctx, "main", "de", ""))(t); len(taken) != 0 {
		t.Errorf("taken in German = %+v", taken)
	}
	if n := value(s.SEO.CountKeywords(ctx, "main"))(t); len(n) != 2 || n[keys.ID] != 2 || n[lamps.ID] != 2 {
		t.Errorf("counts = %v", n)
	}
	if list := value(s.SEO.Pending(ctx, "main", 9))(t); len(list) != 1 || list[0] != lamps.ID {
		t.Errorf("pending = %v, want %s", list, lamps.ID)
	}
	must(t, s.SEO.ReplaceKeywords(ctx, keys, "rel_4", []domain.KeywordPage{page(keys, "/", "keyboard", day.Add(time.Hour)), page(keys, "/b/", "loud", day.Add(time.Hour))}))
	held := value(s.SEO.Keywords(ctx, keys.ID))(t)
	if len(held) != 2 || !held[0].Since.Equal(day) || !held[1].Since.Equal(day.Add(time.Hour)) || held[1].Keyword != "loud" {
		t.Errorf("keywords = %+v", held)
	}
}

func testSubmissions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys := insertWebsite(t, s, "keys")
	one := &domain.Submission{ID: "sub_1", Tenant: "main", WebsiteID: keys.ID, ReleaseID: "rel_1", Host: "keys.example", State: domain.SubmissionPending, Total: 1, URLs: []string{"https://keys.example/"}, CreatedAt: day, UpdatedAt: day}
	must(t, s.Submissions.Insert(ctx, one))
	two := *one
	two.ID = "sub_2"
	must(t, s.Submissions.Insert(ctx, &two))
	wantCode(t, s.Submissions.Insert(ctx, &two), domain.CodeConflict)
	one.State, one.Sent, one.Status = domain.SubmissionAccepted, 1, 202
	must(t, s.Submissions.Update(ctx, one))
	wantEqual(t, value(s.Submissions.Get(ctx, "sub_1"))(t), one)
	wantCode(t, s.Submissions.Update(ctx, &domain.Submission{ID: "sub_3"}), domain.CodeNotFound)
	list, total, err := s.Submissions.List(ctx, "main", keys.ID, domain.Window{Limit: 1})
	must(t, err)
	if total != 2 || len(list) != 1 || list[0].ID != "sub_2" {
		t.Errorf("submissions = %+v of %d", list, total)
	}
	if _, total, err := s.Submissions.List(ctx, "other", "", domain.Window{Limit: 1}); err != nil || total != 0 {
		t.Errorf("submissions of another tenant: %d, %v", total, err)
	}
	_, err = s.Submissions.Get(ctx, "sub_9")
	wantCode(t, err, domain.CodeNotFound)
}
