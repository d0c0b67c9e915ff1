package content_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"empire/internal/agent/content"
	"empire/internal/domain"
)

func pageOf(t *testing.T, w written, kind domain.PageKind) *domain.Page {
	t.Helper()
	for i := range w.result.Pages {
		if w.result.Pages[i].Kind == kind {
			return &w.result.Pages[i]
		}
	}
	t.Fatalf("no page of kind %s", kind)
	return nil
}

// TestCopy: landing pages ask for their goal, mails can be left, posts fit their networks
// and are labeled, and a tone changes the text and no fact.
func TestCopy(t *testing.T) {
	t.Parallel()
	w := site(t, feedMarket(t, sampleFeed, "espresso machines", "en"), "en")
	home, guide, review := pageOf(t, w, domain.PageHome), pageOf(t, w, domain.PageGuide), pageOf(t, w, domain.PageProduct)
	for goal, call := range content.Goals {
		p, err := content.Landing(home, "small kitchens", goal)
		if text := content.MainText(&p); err != nil || !strings.Contains(text, call[0]) || !strings.Contains(text, "small kitchens") {
			t.Errorf("%s: %v, %q", goal, err, text)
		}
	}
	for _, bad := range [][2]string{{"", "compare"}, {"cooks", "riches"}, {"7 cooks", "compare"}} {
		if _, err := content.Landing(home, bad[0], bad[1]); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%v: %v", bad, err)
		}
	}
	mails, err := content.Mails(guide, "Espresso", 3)
	if err != nil || len(mails) != 3 {
		t.Fatalf("%d mails, %v", len(mails), err)
	}
	for _, m := range mails {
		for _, part := range []string{m.Text, m.HTML} {
			if !strings.Contains(part, "{{unsubscribe_url}}") || !strings.Contains(part, "{{imprint}}") {
				t.Errorf("mail %q lacks the way out or the sender", m.Subject)
			}
		}
		if utf8.RuneCountInString(m.Subject) > 60 || utf8.RuneCountInString(m.Preheader) > 100 || m.Preheader == "" {
			t.Errorf("subject %q, preheader %q", m.Subject, m.Preheader)
		}
	}
	for _, ad := range []bool{false, true} {
		posts, err := content.Posts(home, []string{"x", "bluesky", "mastodon"}, ad)
		if err != nil || len(posts) != 3 {
			t.Fatalf("%d posts, %v", len(posts), err)
		}
		for _, p := range posts {
			if n := utf8.RuneCountInString(strings.Replace(p.Text, "{{url}}", strings.Repeat("x", 23), 1)); n > p.Limit || strings.HasPrefix(p.Text, "Ad: ") != ad {
				t.Errorf("%s: %d characters of %d: %q", p.Network, n, p.Limit, p.Text)
			}
		}
	}
	plain := content.MainText(review)
	for _, tone := range content.Tones[1:] {
		p, err := content.InTone(*review, tone)
		if err != nil || content.MainText(&p) == plain || !reflect.DeepEqual(p.Claims, review.Claims) {
			t.Errorf("%s: %v; the text must change and the claims must not", tone, err)
		}
	}
	if content.MainText(review) != plain {
		t.Error("retelling changed the page")
	}
}
