package analytics

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
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
	seen := map[visitor]bool{}
	for i := range hits {
		h := &hits[i]
		class := c.judge.class(h)
		c.places.bound(day, h)
		b.Events[i] = domain.TrafficEvent{
			At: h.At, WebsiteID: h.WebsiteID, Kind: h.Kind, Class: class, Source: h.Source, Path: h.Path, Referrer: h.Referrer, Slot: h.Slot, SubID: h.SubID,
		}
		if class != domain.ClassPerson || h.Kind != domain.HitView || day != c.day {
			continue
		}
		v := visitor{h.WebsiteID, number(c.salt, h)}
		if !seen[v] && !c.known[v] {
			seen[v] = true
			b.Visits = append(b.Visits, domain.TrafficVisit{WebsiteID: h.WebsiteID, Visitor: v.number, Hour: domain.HoursSince1970(h.At), Path: h.Path})
		}
	}
	if err := c.cfg.Store.Insert(ctx, b); err != nil {
		return err
	}
	if day == c.day && len(c.known) < maxKnown {
		maps.Copy(c.known, seen)
	}
	return nil
}

// maxKnown bounds how many visitors of the day are remembered, so that the database is
// not asked again for each of their views.
const maxKnown = 200_000

type visitor struct {
	website domain.WebsiteID
	number  int64
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
	c.day, c.salt, c.known = day, salt, map[visitor]bool{}
	return nil
}

// maxPlaces bounds how many links of a website are counted for themselves in a day, so
// that made-up ones cannot fill the database.
const maxPlaces = 5000

// otherSlot stands for all further links.
const otherSlot = "other"

// places knows the links of the day.
type places struct {
	day  int64
	seen map[domain.WebsiteID]map[[3]string]bool
}

// bound changes the slot of a click that is one too many. It is called by one
// goroutine at a time.
func (p *places) bound(day int64, h *domain.Hit) {
	if h.Kind != domain.HitClick {
		return
	}
	if p.seen == nil || day != p.day {
		p.day, p.seen = day, map[domain.WebsiteID]map[[3]string]bool{}
	}
	known := p.seen[h.WebsiteID]
	if known == nil {
		known = map[[3]string]bool{}
		p.seen[h.WebsiteID] = known
	}
	place := [3]string{h.Path, h.Slot, h.SubID}
	switch {
	case known[place]:
	case len(known) >= maxPlaces:
		h.Slot, h.SubID = otherSlot, ""
	default:
		known[place] = true
	}
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
