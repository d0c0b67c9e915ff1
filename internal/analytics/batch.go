package analytics

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"empire/internal/analytics/bot"
	"empire/internal/domain"
)

const hoursADay = 24

// dayOf returns the day of a hit, since 1970 in UTC.
func dayOf(h *domain.Hit) int64 { return domain.HoursSince1970(h.At) / hoursADay }

// store stores hits of one day in one transaction, which the end of ctx does not break
// off. Hits of a day whose salt is gone count without a visitor.
func (c *Collector) store(ctx context.Context, day int64, hits []domain.Hit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit)
	defer cancel()
	if err := c.turn(ctx, day); err != nil {
		return err
	}
	b := &domain.TrafficBatch{Day: day, Keep: c.cfg.Keep, Events: make([]domain.TrafficEvent, len(hits))}
	seats := seating{known: c.known, moved: map[visitor]seat{}, salt: c.salt, batch: b}
	for i := range hits {
		h := &hits[i]
		c.places.bound(day, h)
		b.Events[i] = c.event(h)
		if b.Events[i].Class != domain.ClassPerson || day != c.day {
			continue
		}
		if err := seats.sit(i, h); err != nil {
			return err
		}
	}
	if err := c.cfg.Store.Insert(ctx, b); err != nil {
		return err
	}
	if day == c.day {
		seats.keep(c.known)
	}
	return nil
}

// event is what is stored of a hit.
func (c *Collector) event(h *domain.Hit) domain.TrafficEvent {
	e := domain.TrafficEvent{
		At: h.At, WebsiteID: h.WebsiteID, Kind: h.Kind, Class: c.judge.class(h), Source: h.Source, Path: h.Path, Referrer: h.Referrer, Campaign: h.Campaign,
		Slot: h.Slot, SubID: h.SubID, Program: h.Program,
	}
	if e.Class == domain.ClassPerson {
		e.Device = DeviceOf(h.Agent)
		if h.Kind == domain.HitView {
			e.Channel = Origin(h.Referrer, h.Internal, h.Campaign)
		}
	}
	return e
}

// number names a visitor for one website and one day.
func number(salt []byte, h *domain.Hit) int64 {
	mac := hmac.New(sha256.New, salt)
	for _, part := range []string{string(h.WebsiteID), h.IP, h.Agent} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return int64(binary.BigEndian.Uint64(mac.Sum(nil)))
}

// turn takes the salt of a day, and forgets the days before.
func (c *Collector) turn(ctx context.Context, day int64) error {
	if day <= c.day { // one that is late, after midnight, gets none any more
		return nil
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return fmt.Errorf("make a salt: %w", err)
	}
	salt, err := c.cfg.Store.Salt(ctx, day, fresh)
	if err != nil {
		return err
	}
	if err := c.cfg.Store.Forget(ctx, day); err != nil {
		return err
	}
	c.day, c.salt, c.known = day, salt, map[visitor]seat{}
	return nil
}

// Bounds of what is counted for itself of a website in a day, so that what is made up
// cannot fill the database.
const (
	maxPlaces = 5000 // links
	maxValues = 1000 // hosts and programs, and each part of campaigns
)

// What stands for all further links and values.
const (
	otherSlot  = "other"
	otherValue = "(other)"
)

// places knows the links and values of the day.
type places struct {
	day  int64
	seen map[domain.WebsiteID]*seen
}

type seen struct {
	links  map[[3]string]bool
	values map[domain.FacetKind]map[string]bool
}

// bound changes what is one too many of a hit. It is called by one goroutine at a time.
func (p *places) bound(day int64, h *domain.Hit) {
	if p.seen == nil || day != p.day {
		p.day, p.seen = day, map[domain.WebsiteID]*seen{}
	}
	s := p.seen[h.WebsiteID]
	if s == nil {
		s = &seen{links: map[[3]string]bool{}, values: map[domain.FacetKind]map[string]bool{}}
		p.seen[h.WebsiteID] = s
	}
	s.value(domain.FacetReferrer, &h.Referrer)
	s.value(domain.FacetSource, &h.Campaign.Source)
	s.value(domain.FacetMedium, &h.Campaign.Medium)
	s.value(domain.FacetCampaign, &h.Campaign.Name)
	s.value(domain.FacetProgram, &h.Program)
	if h.Kind == domain.HitClick && !room(&s.links, [3]string{h.Path, h.Slot, h.SubID}, maxPlaces) {
		h.Slot, h.SubID = otherSlot, ""
	}
}

func (s *seen) value(kind domain.FacetKind, value *string) {
	if *value == "" {
		return
	}
	known := s.values[kind]
	if !room(&known, *value, maxValues) {
		*value = otherValue
	}
	s.values[kind] = known
}

// room reports whether a key is one of the first most, and remembers it.
func room[K comparable](known *map[K]bool, key K, most int) bool {
	switch {
	case (*known)[key]:
	case len(*known) >= most:
		return false
	case *known == nil:
		*known = map[K]bool{key: true}
	default:
		(*known)[key] = true
	}
	return true
}

// maxAgents bounds how many User-Agent headers are remembered with what they are.
const maxAgents = 4096

// judge says who hits count as. It is safe for concurrent use.
type judge struct {
	own []netip.Prefix

	mu     sync.RWMutex    // guards agents
	agents map[string]bool // whether it is a bot
}

func newJudge(own []netip.Prefix) *judge { return &judge{own: own, agents: map[string]bool{}} }

func (j *judge) class(h *domain.Hit) domain.HitClass {
	switch {
	case h.Local || j.isOwn(h.IP):
		return domain.ClassOwn
	case h.Bot || j.isBot(h.Agent):
		return domain.ClassBot
	}
	return domain.ClassPerson
}

func (j *judge) isOwn(ip string) bool {
	if len(j.own) == 0 {
		return false
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, p := range j.own {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

func (j *judge) isBot(agent string) bool {
	j.mu.RLock()
	is, known := j.agents[agent]
	j.mu.RUnlock()
	if known {
		return is
	}
	is = bot.Is(agent)
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.agents) >= maxAgents {
		clear(j.agents)
	}
	j.agents[agent] = is
	return is
}

// Sweep forgets the visitors of past days, also if nobody came since.
func (c *Collector) Sweep(ctx context.Context, now time.Time) {
	if err := c.cfg.Store.Forget(ctx, domain.HoursSince1970(now)/hoursADay); err != nil && ctx.Err() == nil {
		c.cfg.Logger.ErrorContext(ctx, "visitors of past days not forgotten", slog.Any("err", err))
	}
}
