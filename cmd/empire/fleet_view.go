package main

import (
	"empire/client"
	"empire/internal/domain"
)

func viewFleet(s *domain.FleetStatus) client.Fleet {
	return client.Fleet{
		PagesPerWeek: int64(s.Limits.PagesPerWeek), ReleasesPerDay: int64(s.Limits.ReleasesPerDay), Releases: int64(s.Releases),
		Fastest: views(s.Fastest, func(p *domain.FleetPace) client.FleetPace {
			return client.FleetPace{WebsiteID: string(p.WebsiteID), NewPages: int64(p.NewPages)}
		}),
		Freezes: views(s.Freezes, viewFleetFreeze), Changes: views(s.Changes, viewFleetChange),
	}
}

func viewFleetFreeze(f *domain.FleetFreeze) client.FleetFreeze {
	v := client.FleetFreeze{Reason: f.Reason, ActorID: string(f.ActorID), At: f.At.UTC(), Cause: client.FleetFreezeCause(f.Cause)}
	if e := f.Evidence; e != nil {
		v.Evidence = &client.FleetFall{
			From: e.From, To: e.To, Days: int64(e.Days), Visitors: e.Visitors, Expected: e.Expected, Share: e.Share, Noise: e.Noise, Seasonal: e.Seasonal, Others: e.Others,
			ChangeID: string(e.ChangeID), Websites: int64(e.Websites),
		}
	}
	if f.WebsiteID != "" {
		v.WebsiteID = new(string(f.WebsiteID))
	}
	return v
}

func viewFleetChange(c *domain.FleetChange) client.FleetChange {
	return client.FleetChange{
		ID: string(c.ID), Action: client.FleetChangeAction(c.Action), Reason: c.Reason, State: client.FleetChangeState(c.State), Detail: c.Detail,
		Filter: client.FleetFilter{Niche: c.Filter.Niche, Language: client.FleetFilterLanguage(c.Filter.Language), Feed: string(c.Filter.Feed)},
		Canary: int64(c.Canary), Total: int64(c.Total), Published: int64(c.Published), Failed: int64(c.Failed), ActorID: string(c.ActorID),
		CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
}

func viewFleetChangeSite(w *domain.FleetChangeSite) client.FleetChangeSite {
	v := client.FleetChangeSite{WebsiteID: string(w.WebsiteID), Canary: w.Canary, State: client.FleetChangeSiteState(w.State), Detail: w.Detail}
	if w.RunID != "" {
		v.RunID = new(string(w.RunID))
	}
	return v
}
