package analytics_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"empire/internal/analytics"
	"empire/internal/domain"
)

const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

// shelf is a store in memory.
type shelf struct {
	mu       sync.Mutex
	batches  []domain.TrafficBatch
	salts    map[int64][]byte
	forgot   []int64
	fail     bool
	failDay  int64 // 0: none
	inserted chan struct{}
}

func (s *shelf) Insert(_ context.Context, b *domain.TrafficBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inserted != nil {
		select {
		case s.inserted <- struct{}{}:
		default:
		}
	}
	if s.fail || b.Day == s.failDay && b.Day != 0 {
		return errors.New("down")
	}
	s.batches = append(s.batches, *b)
	return nil
}

func (s *shelf) Salt(_ context.Context, day int64, fresh []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.salts == nil {
		s.salts = map[int64][]byte{}
	}
	if s.salts[day] == nil {
		s.salts[day] = fresh
	}
	return s.salts[day], nil
}

func (s *shelf) Forget(_ context.Context, before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgot = append(s.forgot, before)
	return nil
}

func (s *shelf) events() (out []domain.TrafficEvent) {
	for i := range s.batches {
		out = append(out, s.batches[i].Events...)
	}
	return out
}

func (s *shelf) visits() (out []domain.TrafficVisit) {
	for i := range s.batches {
		out = append(out, s.batches[i].Visits...)
	}
	return out
}

func collector(t *testing.T, s *shelf, change ...func(*analytics.Config)) *analytics.Collector {
	t.Helper()
	cfg := analytics.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Keep: true, Pause: time.Hour}
	for _, fn := range change {
		fn(&cfg)
	}
	c, err := analytics.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// store stops the collector, which stores what waits.
func store(t *testing.T, c *analytics.Collector) {
	t.Helper()
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func view(ip string, at time.Time) domain.Hit {
	return domain.Hit{At: at, WebsiteID: "site_1", Kind: domain.HitView, Source: domain.SourceScript, Path: "/", IP: ip, Agent: browser}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	c := collector(t, s, func(cfg *analytics.Config) {
		cfg.OwnNetworks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	})
	bot, driven, own, local, mapped := view("192.0.2.1", noon), view("192.0.2.1", noon), view("198.51.100.9", noon), view("192.0.2.1", noon), view("::ffff:198.51.100.9", noon)
	bot.Agent, driven.Bot, local.Local = "Examplebot/2.1 (+https://bot.example/)", true, true
	for _, h := range []domain.Hit{view("192.0.2.1", noon), bot, driven, own, local, mapped} {
		if !c.Add(h) {
			t.Fatal("refused")
		}
	}
	store(t, c)
	var got []domain.HitClass
	for _, e := range s.events() {
		got = append(got, e.Class)
	}
	want := []domain.HitClass{domain.ClassPerson, domain.ClassBot, domain.ClassBot, domain.ClassOwn, domain.ClassOwn, domain.ClassOwn}
	if !slices.Equal(got, want) {
		t.Errorf("classes = %v, want %v", got, want)
	}
	if v := s.visits(); len(v) != 1 {
		t.Errorf("%d visitors, want the person alone", len(v))
	}
}

// TestVisitors: a visitor is one number on one website on one day, and another on the
// next day and on another website.
func TestVisitors(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	c := collector(t, s)
	other, click := view("192.0.2.1", noon), view("192.0.2.3", noon)
	other.WebsiteID, click.Kind, click.Slot = "site_2", domain.HitClick, "top"
	for _, h := range []domain.Hit{
		view("192.0.2.1", noon), view("192.0.2.1", noon.Add(time.Hour)), view("192.0.2.2", noon), other, click, view("192.0.2.1", noon.Add(24*time.Hour)),
		view("192.0.2.9", noon), // late: the salt of its day is gone
	} {
		c.Add(h)
	}
	store(t, c)
	if len(s.events()) != 7 {
		t.Errorf("%d events, want 7", len(s.events()))
	}
	seen := map[int64]bool{}
	for _, v := range s.visits() {
		seen[v.Visitor] = true
	}
	if len(s.visits()) != 5 || len(seen) != 4 {
		t.Errorf("visits = %+v, want five of four different numbers", s.visits())
	}
	day := domain.HoursSince1970(noon) / 24
	if want := []int64{day, day + 1}; !slices.Equal(s.forgot, want) {
		t.Errorf("forgot before %v, want %v", s.forgot, want)
	}
	if bytes.Equal(s.salts[day], s.salts[day+1]) || len(s.salts[day]) != 32 {
		t.Error("the salts of two days are equal or short")
	}
}

// TestSameSalt: two processes know a visitor by the same number.
func TestSameSalt(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	for range 2 {
		c := collector(t, s)
		c.Add(view("192.0.2.1", noon))
		store(t, c)
	}
	if v := s.visits(); len(v) != 2 || v[0].Visitor != v[1].Visitor || v[0].Session == v[1].Session {
		t.Errorf("visits = %+v, want twice the same visitor, with sessions to choose from", v)
	}
}

// TestBackPressure: a full queue refuses and counts; a store that is down loses nothing
// that was taken.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	s := &shelf{fail: true, inserted: make(chan struct{}, 1)}
	c := collector(t, s, func(cfg *analytics.Config) { cfg.Queue, cfg.Pause = 3, time.Millisecond })
	taken := 0
	for range 5 {
		if c.Add(view("192.0.2.1", noon)) {
			taken++
		}
	}
	<-s.inserted // it was tried
	if st := c.Stats(); taken < 3 || st.Added != uint64(taken) || st.Refused != uint64(5-taken) || st.Stored != 0 {
		t.Errorf("%d taken, stats = %+v", taken, st)
	}
	s.mu.Lock()
	s.fail = false
	s.mu.Unlock()
	store(t, c)
	if n := len(s.events()); n != taken {
		t.Errorf("%d events stored, want the %d that were taken", n, taken)
	}
	if st := c.Stats(); st.Waiting != 0 || st.Stored != uint64(taken) {
		t.Errorf("stats = %+v", st)
	}
}

// TestMidnight: hits of two days wait together, and those of the second cannot be stored
// at first: those of the first are stored once.
func TestMidnight(t *testing.T) {
	t.Parallel()
	s := &shelf{failDay: domain.HoursSince1970(noon)/24 + 1}
	c := collector(t, s)
	for _, at := range []time.Time{noon, noon, noon.Add(24 * time.Hour)} {
		c.Add(view("192.0.2.1", at))
	}
	if err := c.Stop(t.Context()); err == nil {
		t.Fatal("stopped with hits that were not stored")
	}
	if st := c.Stats(); st.Stored != 2 || st.Waiting != 1 || st.Failed != 1 {
		t.Errorf("stats = %+v", st)
	}
	s.failDay = 0
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	store(t, c)
	if n := len(s.events()); n != 3 {
		t.Errorf("%d events stored, want 3", n)
	}
}

// TestMadeUpSlots: links that nobody made cannot fill the database.
func TestMadeUpSlots(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	c := collector(t, s)
	for i := range 6000 {
		h := view("192.0.2.1", noon)
		h.Kind, h.Slot, h.SubID = domain.HitClick, "s"+time.Duration(i).String(), "x"
		c.Add(h)
	}
	store(t, c)
	slots := map[string]bool{}
	for _, e := range s.events() {
		slots[e.Slot] = true
	}
	if len(s.events()) != 6000 || len(slots) != 5001 || !slots["other"] {
		t.Errorf("%d events of %d slots, want 6000 of 5001 with the rest as other", len(s.events()), len(slots))
	}
}
