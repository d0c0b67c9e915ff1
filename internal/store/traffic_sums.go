package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"empire/internal/domain"
)

// countHit adds one hit.
func countHit(c domain.TrafficCount, e *domain.TrafficEvent) domain.TrafficCount {
	if e.Kind == domain.HitClick {
		c.Clicks++
	} else {
		c.Views++
	}
	if e.Entry != domain.EntryNone {
		c.Sessions++
	}
	if e.Entry == domain.EntryVisitor {
		c.Visitors++
	}
	return c
}

// hourKey is what is counted for itself of pages and slots.
type hourKey struct {
	website           domain.WebsiteID
	hour              int64
	path, slot, subID string
	class             domain.HitClass
}

func (k hourKey) compare(o hourKey) int {
	return cmp.Or(cmp.Compare(k.website, o.website), cmp.Compare(k.hour, o.hour), cmp.Compare(k.path, o.path),
		cmp.Compare(k.slot, o.slot), cmp.Compare(k.subID, o.subID), cmp.Compare(k.class, o.class))
}

func sumHours(events []domain.TrafficEvent) map[hourKey]domain.TrafficCount {
	sums := map[hourKey]domain.TrafficCount{}
	for i := range events {
		e := &events[i]
		k := hourKey{e.WebsiteID, domain.HoursSince1970(e.At), e.Path, e.Slot, e.SubID, e.Class}
		sums[k] = countHit(sums[k], e)
	}
	return sums
}

// sumKey is what is counted for itself of a whole website.
type sumKey struct {
	website      domain.WebsiteID
	grain, start int64
	class        domain.HitClass
}

func (k sumKey) compare(o sumKey) int {
	return cmp.Or(cmp.Compare(k.website, o.website), cmp.Compare(k.grain, o.grain), cmp.Compare(k.start, o.start), cmp.Compare(k.class, o.class))
}

// Hours of the rows of sums.
const (
	grainHour = 1
	grainDay  = 24
)

func sumWebsites(events []domain.TrafficEvent) map[sumKey]domain.TrafficCount {
	sums := map[sumKey]domain.TrafficCount{}
	for i := range events {
		e := &events[i]
		hour := domain.HoursSince1970(e.At)
		for _, k := range [2]sumKey{{e.WebsiteID, grainHour, hour, e.Class}, {e.WebsiteID, grainDay, hour / grainDay * grainDay, e.Class}} {
			sums[k] = countHit(sums[k], e)
		}
	}
	return sums
}

// facetKey is what is counted for itself of a facet.
type facetKey struct {
	website      domain.WebsiteID
	kind         domain.FacetKind
	grain, start int64
	value        string
}

func (k facetKey) compare(o facetKey) int {
	return cmp.Or(cmp.Compare(k.website, o.website), cmp.Compare(k.kind, o.kind), cmp.Compare(k.grain, o.grain), cmp.Compare(k.start, o.start), cmp.Compare(k.value, o.value))
}

type facet struct {
	kind  domain.FacetKind
	value string
}

// facetsOf returns the facets that a hit of a person counts for.
func facetsOf(e *domain.TrafficEvent) []facet {
	if e.Kind == domain.HitClick {
		return []facet{{domain.FacetDevice, string(e.Device)}, {domain.FacetProgram, e.Program}}
	}
	return []facet{
		{domain.FacetChannel, string(e.Channel)}, {domain.FacetReferrer, e.Referrer}, {domain.FacetDevice, string(e.Device)},
		{domain.FacetSource, e.Campaign.Source}, {domain.FacetMedium, e.Campaign.Medium}, {domain.FacetCampaign, e.Campaign.Name},
	}
}

func sumFacets(events []domain.TrafficEvent) map[facetKey]domain.TrafficCount {
	sums := map[facetKey]domain.TrafficCount{}
	for i := range events {
		e := &events[i]
		if e.Class != domain.ClassPerson {
			continue
		}
		hour := domain.HoursSince1970(e.At)
		for _, f := range facetsOf(e) {
			if f.value == "" {
				continue
			}
			for _, k := range [2]facetKey{{e.WebsiteID, f.kind, grainHour, hour, f.value}, {e.WebsiteID, f.kind, grainDay, hour / grainDay * grainDay, f.value}} {
				sums[k] = countHit(sums[k], e)
			}
		}
	}
	return sums
}

// onTop makes an upsert that adds the figures of a table to those that there are.
func onTop(table, key string) string {
	return `ON CONFLICT (` + key + `) DO UPDATE SET views = ` + table + `.views + excluded.views, visitors = ` + table + `.visitors + excluded.visitors,
		sessions = ` + table + `.sessions + excluded.sessions, clicks = ` + table + `.clicks + excluded.clicks`
}

const (
	hourColumns  = `website_id, hour, path, slot, sub_id, class`
	sumColumns   = `website_id, grain, start, class`
	facetColumns = `website_id, kind, grain, start, value`
	figures      = `, views, visitors, sessions, clicks`
)

// sorted returns the keys in order, so that two processes cannot wait for each other.
func sorted[K comparable](sums map[K]domain.TrafficCount, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(sums), compare)
}

func (s *Traffic) addHours(ctx context.Context, sums map[hourKey]domain.TrafficCount) error {
	keys := sorted(sums, hourKey.compare)
	rows := bulk{into: `traffic_hours (` + hourColumns + figures + `)`, columns: 10, after: onTop("traffic_hours", hourColumns)}
	return rows.write(ctx, s.db, len(keys), func(args []any, i int) []any {
		k := keys[i]
		c := sums[k]
		return append(args, k.website, k.hour, k.path, k.slot, k.subID, k.class, c.Views, c.Visitors, c.Sessions, c.Clicks)
	})
}

func (s *Traffic) addSums(ctx context.Context, sums map[sumKey]domain.TrafficCount) error {
	keys := sorted(sums, sumKey.compare)
	rows := bulk{into: `traffic_sums (` + sumColumns + figures + `)`, columns: 8, after: onTop("traffic_sums", sumColumns)}
	return rows.write(ctx, s.db, len(keys), func(args []any, i int) []any {
		k := keys[i]
		c := sums[k]
		return append(args, k.website, k.grain, k.start, k.class, c.Views, c.Visitors, c.Sessions, c.Clicks)
	})
}

func (s *Traffic) addFacets(ctx context.Context, sums map[facetKey]domain.TrafficCount) error {
	keys := sorted(sums, facetKey.compare)
	rows := bulk{into: `traffic_facets (` + facetColumns + figures + `)`, columns: 9, after: onTop("traffic_facets", facetColumns)}
	return rows.write(ctx, s.db, len(keys), func(args []any, i int) []any {
		k := keys[i]
		c := sums[k]
		return append(args, k.website, k.kind, k.grain, k.start, k.value, c.Views, c.Visitors, c.Sessions, c.Clicks)
	})
}
