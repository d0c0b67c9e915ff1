package domain_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

const subID = "best-keyboards-0123456789abcdefghjk"

// TestLinkAddress holds the addresses as the networks document them: AWIN's
// "what does an affiliate link look like" and "click reference", Digistore24's promo
// link, content link and S2S postback.
func TestLinkAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		link domain.Link
		want string // empty: refused
	}{
		{"awin deep link", domain.Link{Form: domain.FormDeep, AdvertiserID: "1001", Destination: "https://shop.example/k?a=1&b=ü#top"},
			"https://www.awin1.com/cread.php?awinmid=1001&awinaffid=45628&clickref=" + subID + "&ued=https%3A%2F%2Fshop.example%2Fk%3Fa%3D1%26b%3D%C3%BC%23top"},
		{"awin deep link of another publisher", domain.Link{Form: domain.FormDeep, AdvertiserID: "1001", PublisherID: "7", Destination: "https://shop.example/"},
			"https://www.awin1.com/cread.php?awinmid=1001&awinaffid=7&clickref=" + subID + "&ued=https%3A%2F%2Fshop.example%2F"},
		{"awin deep link without advertiser", domain.Link{Form: domain.FormDeep, Destination: "https://shop.example/"}, ""},
		{"awin deep link to a script", domain.Link{Form: domain.FormDeep, AdvertiserID: "1", Destination: "javascript:alert(1)"}, ""},
		{"awin product link", domain.Link{Form: domain.FormClick, Destination: "https://www.awin1.com/pclick.php?p=5&a=45628&m=1001"},
			"https://www.awin1.com/pclick.php?p=5&a=45628&m=1001&clickref=" + subID},
		{"awin product link with a reference", domain.Link{Form: domain.FormClick, Destination: "https://www.awin1.com/cread.php?awinmid=1&clickRef=x&awinaffid=2&ued=https%3A%2F%2Fa.example"},
			"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fa.example&clickref=" + subID},
		{"digistore24 promo link", domain.Link{Form: domain.FormDigistore, Destination: "https://www.digistore24.com/redir/123456/AnnaB"},
			"https://www.digistore24.com/redir/123456/AnnaB/" + subID + "?sid1=" + subID},
		{"digistore24 campaign key is replaced", domain.Link{Form: domain.FormDigistore, Destination: "https://www.checkout-ds24.com/redir/123456/AnnaB/old?cid=1"},
			"https://www.checkout-ds24.com/redir/123456/AnnaB/" + subID + "?sid1=" + subID},
		{"digistore24 content link", domain.Link{Form: domain.FormDigistore, Destination: "https://www.digistore24.com/content/123456/789/AnnaB"},
			"https://www.digistore24.com/content/123456/789/AnnaB/" + subID + "?sid1=" + subID},
		{"digistore24 product that is no number", domain.Link{Form: domain.FormDigistore, Destination: "https://www.digistore24.com/redir/x/AnnaB"}, ""},
		{"digistore24 at a strange host", domain.Link{Form: domain.FormDigistore, Destination: "https://digistore24.com.evil.example/redir/1/AnnaB"}, ""},
		{"plain", domain.Link{Form: domain.FormPlain, Destination: "https://www.amazon.de/dp/B1?tag=x-21"}, "https://www.amazon.de/dp/B1?tag=x-21"},
		{"credentials", domain.Link{Form: domain.FormPlain, Destination: "https://a:b@shop.example/"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.link.Address(subID, "45628")
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("address = %s, %v\nwant      %s", got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "a b", "a/b", "ü", "a?b", strings.Repeat("x", domain.MaxSubID+1)} {
		l := domain.Link{Form: domain.FormPlain, Destination: "https://shop.example/"}
		if got, err := l.Address(bad, ""); err == nil {
			t.Errorf("sub-id %q gave %s", bad, got)
		}
	}
}

// TestSubIDs: sub-ids fit what all networks take, tell site, page, slot and variant
// apart, and stay what they are.
func TestSubIDs(t *testing.T) {
	t.Parallel()
	if got, want := domain.SubID("site_1", "lamps/best", "card-a", ""), "lamps-best-kvwd4qztha05wayc75a3"; got != want {
		t.Errorf("sub-id = %s, want %s: links of old pages would not be known again", got, want)
	}
	seen := map[string]bool{}
	for _, site := range []domain.WebsiteID{"site_1", "site_2"} {
		for _, slug := range []string{"", "a", "ÄÖÜ/" + strings.Repeat("lang", 40)} {
			for _, slot := range []string{"x", "y"} {
				for _, variant := range []string{"", "b"} {
					id := domain.SubID(site, slug, slot, variant)
					if !domain.ValidSubID(id) || seen[id] {
						t.Errorf("sub-id %q is twice there or not valid", id)
					}
					seen[id] = true
				}
			}
		}
	}
}

func TestLinkCheck(t *testing.T) {
	t.Parallel()
	good := domain.Link{ID: domain.LinkIDOf("", "", "awin", "1", "k"), Merchant: " Shop ", Form: domain.FormPlain, State: domain.LinkActive, Destination: " https://shop.example/ "}
	for _, tt := range []struct {
		name   string
		change func(*domain.Link)
		field  string // at fault; empty: none
		want   func(*domain.Link) bool
	}{
		{"as it is", func(*domain.Link) {}, "", func(l *domain.Link) bool {
			return l.Merchant == "Shop" && l.Destination == "https://shop.example/" && len(l.Slug) == 24 && l.Network == "other"
		}},
		{"a product of Digistore24", func(l *domain.Link) { l.Form, l.Destination, l.PublisherID = domain.FormDigistore, "123456", "AnnaB" }, "", func(l *domain.Link) bool {
			return l.Destination == "https://www.digistore24.com/redir/123456/AnnaB" && l.AdvertiserID == "123456" && l.Network == "digistore24"
		}},
		{"Amazon is known", func(l *domain.Link) { l.Destination = "https://www.amazon.co.uk/dp/B1" }, "", func(l *domain.Link) bool { return l.Network == "amazon" }},
		{"slug with a slash", func(l *domain.Link) { l.Slug = "a/b" }, "slug", nil},
		{"state", func(l *domain.Link) { l.State = "off" }, "state", nil},
		{"form", func(l *domain.Link) { l.Form = "x" }, "form", nil},
		{"way", func(l *domain.Link) { l.Way = "around" }, "way", nil},
		{"no merchant", func(l *domain.Link) { l.Merchant = " " }, "merchant", nil},
		{"line break in the note", func(l *domain.Link) { l.Note = "a\nb" }, "note", nil},
		{"relative", func(l *domain.Link) { l.Destination = "/x" }, "destination", nil},
		{"no affiliate", func(l *domain.Link) { l.Form, l.Destination = domain.FormDigistore, "123456" }, "publisher_id", nil},
		{"no advertiser", func(l *domain.Link) { l.Form = domain.FormDeep }, "advertiser_id", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := good
			tt.change(&l)
			err := l.Check()
			if got := fieldOf(err); got != tt.field || (err == nil) != (tt.field == "") {
				t.Fatalf("fault in %q (%v), want %q", got, err, tt.field)
			}
			if tt.want != nil && !tt.want(&l) {
				t.Errorf("link = %+v", l)
			}
		})
	}
}

func TestLinkWays(t *testing.T) {
	t.Parallel()
	shop := domain.Link{Destination: "https://shop.example/"}
	amazon := domain.Link{Destination: "https://amzn.to/x", Way: domain.WayRedirect}
	own := domain.Link{Destination: "https://shop.example/", Way: domain.WayRedirect}
	for i, tt := range []struct {
		link                  *domain.Link
		program, installation domain.LinkWay
		want                  domain.LinkWay
	}{
		{&shop, "", "", domain.WayDirect}, {&shop, "", domain.WayRedirect, domain.WayRedirect}, {&shop, domain.WayDirect, domain.WayRedirect, domain.WayDirect},
		{&own, domain.WayDirect, domain.WayDirect, domain.WayRedirect}, {&amazon, domain.WayRedirect, domain.WayRedirect, domain.WayDirect},
	} {
		if got := domain.WayOf(tt.link, tt.program, tt.installation); got != tt.want {
			t.Errorf("case %d: way %s, want %s", i, got, tt.want)
		}
	}
	for host, want := range map[string]bool{
		"amazon.de": true, "www.amazon.co.uk": true, "smile.amazon.com.": true, "amzn.eu": true, "amazon.shop.example": false, "amazonas.de": false, "notamazon.de": false, "amazon": false,
	} {
		if got := domain.AmazonHost(host); got != want {
			t.Errorf("AmazonHost(%s) = %v", host, got)
		}
	}
}

func TestLinkChanges(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	before := domain.Link{ID: "link_1", State: domain.LinkActive, Destination: "https://a.example/"}
	after := before
	after.State, after.Destination, after.Seq = domain.LinkPaused, "https://b.example/", 9
	got := domain.LinkChanges(&before, &after, "user_1", at)
	want := []domain.LinkChange{{"link_1", at, "user_1", "state", "active", "paused"}, {"link_1", at, "user_1", "destination", "https://a.example/", "https://b.example/"}}
	if !slices.Equal(got, want) {
		t.Errorf("changes = %+v, want %+v", got, want)
	}
	if first := domain.LinkChanges(nil, &after, "", at); len(first) != 1 || first[0].Field != "created" {
		t.Errorf("creation = %+v", first)
	}
}

// FuzzLinkAddress: an address is absolute, has no credentials, and never leaves the
// hosts that its form allows.
func FuzzLinkAddress(f *testing.F) {
	for _, form := range []string{"awin", "awin_click", "digistore24", "plain"} {
		f.Add(form, "https://www.digistore24.com/redir/1/a", "1")
		f.Add(form, "https://shop.example/?q=\" onclick=", "1")
	}
	f.Fuzz(func(t *testing.T, form, destination, advertiser string) {
		l := domain.Link{Form: domain.LinkForm(form), Destination: destination, AdvertiserID: advertiser}
		got, err := l.Address(subID, "1")
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(got, "\" <>\n\r") {
			t.Fatalf("address %q of %q", got, destination)
		}
		if l.Form == domain.FormDeep && u.Host != "www.awin1.com" || l.Form == domain.FormDigistore && domain.NetworkHost(u.Hostname()) != domain.NetworkDigistore {
			t.Fatalf("address %q of %q leaves its network", got, destination)
		}
	})
}

func fieldOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Field
	}
	return ""
}
