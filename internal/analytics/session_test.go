package analytics_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"empire/internal/analytics"
	"empire/internal/domain"
)

// sessionStore answers visits as a database does that another process wrote to.
type sessionStore struct {
	shelf
	held int64 // the session that it knows of every visitor; 0: none
}

func (s *sessionStore) Insert(ctx context.Context, b *domain.TrafficBatch) error {
	for i := range b.Visits {
		if s.held != 0 {
			b.Visits[i].Session = s.held
		}
	}
	for i := range b.Events {
		if v := b.Events[i].Visit; v > 0 {
			b.Events[i].Session = b.Visits[v-1].Session
		}
	}
	return s.shelf.Insert(ctx, b)
}

func startSessions(t *testing.T, s *sessionStore) *analytics.Collector {
	t.Helper()
	c, err := analytics.New(analytics.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Keep: true, Pause: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSessions: hits of a visitor share a session until there was nothing for half an
// hour; clicks belong to it and begin none; the database is asked once a minute.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := &sessionStore{}
	c := startSessions(t, s)
	click := func(after time.Duration) domain.Hit {
		h := view("192.0.2.1", noon.Add(after))
		h.Kind, h.Slot = domain.HitClick, "top"
		return h
	}
	for _, h := range []domain.Hit{
		click(0), view("192.0.2.1", noon), view("192.0.2.1", noon.Add(30*time.Second)), click(30 * time.Minute), view("192.0.2.1", noon.Add(60*time.Minute)),
		click(91 * time.Minute), view("192.0.2.1", noon.Add(92*time.Minute)),
	} {
		c.Add(h)
	}
	store(t, c)
	e := s.events()
	first, last := e[1].Session, e[6].Session
	for i, want := range []int64{0, first, first, first, first, 0, last} {
		if e[i].Session != want {
			t.Errorf("hit %d is of session %d, want %d", i, e[i].Session, want)
		}
	}
	if first == last || first == 0 || last == 0 {
		t.Errorf("sessions %d and %d", first, last)
	}
	var begins []int
	for _, v := range s.visits() {
		begins = append(begins, v.Event)
	}
	if len(begins) != 4 || begins[0] != 1 || begins[1] != -1 || begins[2] != -1 || begins[3] != 6 {
		t.Errorf("visits begin with events %v, want 1 and 6, and two that go on", begins)
	}
}

// TestSessionOfAnotherProcess: a session that the database knows goes on, in later
// batches, too.
func TestSessionOfAnotherProcess(t *testing.T) {
	t.Parallel()
	s := &sessionStore{held: 77}
	c := startSessions(t, s)
	for i := range 2 {
		c.Add(view("192.0.2.1", noon.Add(time.Duration(i)*time.Second)))
		store(t, c)
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	store(t, c)
	for i, e := range s.events() {
		if e.Session != 77 {
			t.Errorf("view %d is of session %d, want that which was known", i, e.Session)
		}
	}
	if n := len(s.visits()); n != 1 {
		t.Errorf("the database was asked %d times, want once", n)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		referrer string
		internal bool
		source   string
		want     domain.Channel
	}{
		{"", false, "", domain.ChannelDirect},
		{"", true, "", domain.ChannelInternal},
		{"www.google.de", false, "", domain.ChannelSearch},
		{"google.co.uk", false, "", domain.ChannelSearch},
		{"mail.google.com", false, "", domain.ChannelOther},
		{"gemini.google.com", false, "", domain.ChannelAssistant},
		{"google.evil.example", false, "", domain.ChannelOther},
		{"www.bing.com", false, "", domain.ChannelSearch},
		{"copilot.microsoft.com", false, "", domain.ChannelAssistant},
		{"notbing.com", false, "", domain.ChannelOther},
		{"l.facebook.com", false, "", domain.ChannelSocial},
		{"t.co", false, "", domain.ChannelSocial},
		{"chatgpt.com", false, "", domain.ChannelAssistant},
		{"", false, "chatgpt.com", domain.ChannelAssistant},
		{"", false, "Newsletter", domain.ChannelOther},
		{"", false, "Google", domain.ChannelSearch},
		{"blog.example", false, "google", domain.ChannelOther},
	} {
		if got := analytics.Origin(tt.referrer, tt.internal, domain.Campaign{Source: tt.source}); got != tt.want {
			t.Errorf("Origin(%q, %t, %q) = %q, want %q", tt.referrer, tt.internal, tt.source, got, tt.want)
		}
	}
}

func TestDeviceOf(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]domain.Device{
		browser: domain.DeviceDesktop,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": domain.DeviceMobile,
		"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1":          domain.DeviceTablet,
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                   domain.DeviceMobile,
		"Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                          domain.DeviceTablet,
		"Mozilla/5.0 (SMART-TV; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36":                                   domain.DeviceOther,
	} {
		if got := analytics.DeviceOf(agent); got != want {
			t.Errorf("DeviceOf(%q) = %q, want %q", agent, got, want)
		}
	}
}
