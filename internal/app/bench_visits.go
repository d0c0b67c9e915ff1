package app

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"empire/internal/domain"
)

// addVisits adds the hits of all websites: a few websites and pages have most of them, as
// it is.
func (b *estateBench) addVisits(ctx context.Context) error {
	weight := func(i int) float64 { return 1 / math.Pow(float64(1+i), 0.6) }
	whole := 0.0
	for i := range b.sites {
		whole += weight(i)
	}
	so, done := 0.0, 0
	for i := range b.sites {
		so += weight(i)
		n := int(math.Round(float64(b.cfg.Events)*so/whole)) - done
		b.cfg.Progress("visits", done, b.cfg.Events)
		if err := b.store.Traffic.Load(ctx, b.hits(&b.sites[i], uint64(i), n), b.now.AddDate(0, 0, -8)); err != nil {
			return err
		}
		done += n
	}
	b.cfg.Progress("days", 0, 1)
	_, err := b.store.Traffic.SumDays(ctx, domain.HoursSince1970(b.now)/24*24-24)
	return err
}

var (
	estateChannels = []domain.Channel{domain.ChannelSearch, domain.ChannelSearch, domain.ChannelSearch, domain.ChannelDirect, domain.ChannelSocial, domain.ChannelAssistant, domain.ChannelInternal, domain.ChannelInternal}
	estateHosts    = map[domain.Channel]string{domain.ChannelSearch: "search.example", domain.ChannelSocial: "social.example", domain.ChannelAssistant: "assistant.example"}
	estateDevices  = []domain.Device{domain.DeviceMobile, domain.DeviceMobile, domain.DeviceDesktop, domain.DeviceTablet}
)

// hits returns n hits of a website of the last days, in the order of time.
func (b *estateBench) hits(site *estateSite, seed uint64, n int) []domain.TrafficEvent {
	chance := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // the same hits each time
	out := make([]domain.TrafficEvent, n)
	for i := range out {
		e := &out[i]
		page := int(float64(len(b.pages)) * math.Pow(chance.Float64(), 3))
		*e = domain.TrafficEvent{
			At: b.now.Add(-time.Duration(chance.Int64N((estateDays-1)*86_400)) * time.Second), WebsiteID: site.id, Kind: domain.HitView, Class: domain.ClassPerson,
			Source: domain.SourceScript, Path: b.pages[page].Path(), Session: chance.Int64N(math.MaxInt32) + 1,
		}
		switch k := chance.IntN(100); {
		case k < 15:
			e.Class, e.Source, e.Session = domain.ClassBot, domain.SourceServer, 0
		case k < 20:
			e.Kind, e.Slot, e.Program, e.SubID = domain.HitClick, "top", domain.ProgramKey("awin", fmt.Sprint(1000+chance.IntN(8))), b.pages[page].Slug+"-top"
		default:
			e.Channel = estateChannels[chance.IntN(len(estateChannels))]
			e.Referrer = estateHosts[e.Channel]
			if e.Channel != domain.ChannelInternal {
				e.Entry = domain.EntryVisitor
			}
		}
		if e.Class == domain.ClassPerson {
			e.Device = estateDevices[chance.IntN(len(estateDevices))]
		}
	}
	slices.SortFunc(out, func(x, y domain.TrafficEvent) int { return cmp.Compare(x.At.Unix(), y.At.Unix()) })
	return out
}
