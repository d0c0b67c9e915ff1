package shipped_test

import (
	"encoding/json"
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestPieceAudit: a piece is optimized only if the audit of it, built as a page of its
// own, passed; mails and posts are no pages. A review from research data has no other
// claims.
func TestPieceAudit(t *testing.T) {
	t.Parallel()
	f := newRefresher(t)
	type result struct {
		Optimized bool `json:"seo_optimized"`
		Pieces    []struct {
			Type   string         `json:"type"`
			Claims []domain.Claim `json:"claims"`
			SEO    *struct {
				Passed   bool             `json:"passed"`
				Score    float64          `json:"score"`
				Findings []domain.Finding `json:"findings"`
			} `json:"seo"`
		} `json:"content_pieces"`
		Evidence []domain.Evidence `json:"evidence"`
	}
	write := func(params string) result {
		t.Helper()
		raw, err := f.runtime.Do(t.Context(), "content_generator", domain.TaskSpec{Type: "generate_content", Params: json.RawMessage(params)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out result
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	topic := `"topic": "` + strings.ReplaceAll(f.live.Website.Niche, `"`, ``) + `"`
	out := write(`{` + topic + `, "content_types": ["article", "comparison"]}`)
	all := true
	for _, p := range out.Pieces {
		if p.SEO == nil || p.SEO.Score <= 0 {
			t.Fatalf("%s has no audit", p.Type)
		}
		failing := p.SEO.Score < 80
		for _, x := range p.SEO.Findings {
			failing = failing || x.Severity == domain.GateFail
		}
		t.Logf("%s: passed %t, score %.1f, %+v", p.Type, p.SEO.Passed, p.SEO.Score, p.SEO.Findings)
		if p.SEO.Passed == failing {
			t.Errorf("%s: passed %t with score %v and %+v", p.Type, p.SEO.Passed, p.SEO.Score, p.SEO.Findings)
		}
		all = all && p.SEO.Passed
	}
	if !all || !out.Optimized {
		t.Errorf("optimized %t, all passed %t, want both", out.Optimized, all)
	}
	out = write(`{` + topic + `, "content_types": ["article", "email_sequence"]}`)
	if out.Optimized || out.Pieces[1].SEO != nil {
		t.Errorf("mails that no audit saw are called optimized: %+v", out)
	}

	out = write(`{"content_types": ["product_review"], "product": "K2", "tone": "friendly", "research_data": [{"statement": "The tank holds 1.8 l", "source": "Manual", "url": "https://maker.example/k2"}]}`)
	if len(out.Pieces) != 1 || len(out.Pieces[0].Claims) != 1 || out.Pieces[0].Claims[0].Text != "The tank holds 1.8 l" || len(out.Evidence) != 1 || out.Evidence[0].ID != out.Pieces[0].Claims[0].Evidence[0] {
		t.Errorf("review = %+v", out)
	}
	if x := out.Pieces[0].SEO; x == nil || x.Passed != out.Optimized {
		t.Errorf("the audit of the review = %+v, optimized %t", x, out.Optimized)
	}
	for _, bad := range []string{
		`{"content_types": ["article"], "topic": "x", "research_data": [{"statement": "a", "source": "b", "url": "https://c.example/"}]}`,
		`{"content_types": ["product_review"], "product": "K2", "research_data": []}`,
		`{"content_types": ["product_review"], "research_data": [{"statement": "a", "source": "b", "url": "https://c.example/"}]}`,
		`{"content_types": ["product_review"], "product": "K2", "research_data": [{"statement": "We tested it", "source": "b", "url": "https://c.example/"}]}`,
	} {
		if _, err := f.runtime.Do(t.Context(), "content_generator", domain.TaskSpec{Type: "generate_content", Params: json.RawMessage(bad)}, nil); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want it refused", bad, err)
		}
	}
}
