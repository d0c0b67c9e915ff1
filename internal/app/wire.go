package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/agent/opportunity"
	"empire/internal/agent/seo"
	"empire/internal/agent/website"
	"empire/internal/domain"
	"empire/internal/hugo"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
)

// workerID returns the name of this process among workers. With the data directory
// locked, the process that held it before is dead: its name is returned too, so
// that its jobs go on at once.
func workerID(dir string, mode Mode) (id, previous string, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	id = domain.NewID(strings.ToLower(host) + "-" + fmt.Sprint(os.Getpid()))
	if mode == Tool {
		return id, "", nil
	}
	name := filepath.Join(dir, "worker.id")
	held, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("read %s: %w", name, err)
	}
	if err := os.WriteFile(name, []byte(id), 0o600); err != nil {
		return "", "", fmt.Errorf("write %s: %w", name, err)
	}
	return id, strings.TrimSpace(string(held)), nil
}

// wireServices builds the use cases.
func (a *App) wireServices(ctx context.Context) error {
	a.wireGraph()
	a.wireFleet()
	a.Runs = service.NewRuns(service.RunsConfig{
		Tx: a.store, Runs: a.store.Runs, Events: a.store.Events, Attempts: a.store.Steps,
		Websites: a.store.Websites, Engine: a.engine, Audit: a.store.Audit, Now: a.now,
	})
	a.Approvals = a.approvals()
	a.Websites = service.NewWebsites(service.WebsitesConfig{
		Tx: a.store, Websites: a.store.Websites, Pages: a.store.Pages, Evidence: a.store.Evidence, Releases: a.store.Releases,
		Approvals: a.store.Approvals, Ask: a.Approvals.Open, Runs: a.Runs, Manifests: a.builder, Blobs: a.blobs, Drafts: artifacts{a.blobs}, Compare: compareReleases, Project: hugo.Project, Carry: a.carry, Graph: a.Graph, Twins: a.Duplicates, Fleet: a.Fleet, Audit: a.store.Audit, Operator: a.operator(), Forbidden: service.ForbiddenNiches(),
		LiveChanged: a.liveChanged, Recheck: a.recheckWebsite, Reindex: a.Search.WebsiteChanged, Retirements: a.store.Retirements, Now: a.now,
		Moved: func(ctx context.Context, site *domain.Website, release, before domain.ReleaseID) error {
			return a.SEO.Moved(ctx, site, release, before)
		},
	})
	a.wireRedirects()
	a.wireLinks()
	a.wireBatches()
	a.wireRevisions()
	if err := a.wireSEO(ctx); err != nil {
		return err
	}
	if err := a.wireAgentService(); err != nil {
		return err
	}
	a.Catalogue = service.NewCatalogue(service.CatalogueConfig{
		Tx: a.store, Feeds: a.store.Feeds, Products: a.store.Products, Programs: a.store.Programs, Keywords: a.store.Keywords,
		Read: a.readFeed, Graph: a.Graph, Reindex: a.Search.FeedChanged, ProgramsChanged: a.Links.ProgramsChanged, Changes: a.store.Market.History, Audit: a.store.Audit, Now: a.now,
	})
	a.Webhooks = service.NewWebhooks(service.WebhooksConfig{Tx: a.store, Store: a.store.Webhooks, Enqueue: a.enqueue, Audit: a.store.Audit, Now: a.now})
	a.Audit = service.NewAudit(a.store.Audit)
	a.Timelines = a.timelines()
	a.Health = service.NewHealth(a.probes())
	a.Health.OnChange(a.componentChanged)
	return nil
}

// operator returns who answers for new sites, from the configuration.
func (a *App) operator() domain.Operator {
	o := a.cfg.Operator
	return domain.Operator{
		Name: o.Name, Street: o.Street, PostalCode: o.PostalCode, City: o.City, Country: o.Country, Email: o.Email, Phone: o.Phone,
		ContactURL: o.ContactURL, Register: o.Register, VATID: o.VATID, Responsible: o.Responsible, PublisherID: o.PublisherID,
	}
}

// liveChanged makes the edges of this process and of others look at once.
func (a *App) liveChanged(ctx context.Context, id domain.WebsiteID) {
	if a.edge != nil {
		a.edge.Nudge()
	}
	if a.bus == nil {
		return
	}
	if err := a.bus.Publish(ctx, "empire.site."+string(id), map[string]string{"website_id": string(id)}); err != nil {
		a.log.WarnContext(ctx, "event not published", "website_id", id, "err", err)
	}
}

// wireAgents builds the agents, the pipeline that calls them and the job handlers.
func (a *App) wireAgents(context.Context) error {
	a.launch = &shipped.Launch{
		Markets: markets{a.store}, Artifacts: artifacts{a.blobs}, Sites: sites{a.Websites, a.store.Websites}, Gates: gates{a.checkSnapshot, a.Duplicates.Check, a.builtWith()},
		Releases: releases{a.builder}, Scanner: opportunity.New(), Builder: website.New(), Writer: a.writer(), Optimizer: seo.New(),
		Monetizer: monetization.New(), PriceMaxAge: a.cfg.Prices.MaxAge, Design: a.design, Redirects: a.Redirects.Of, Taken: a.SEO.Taken, Edits: a.Approvals,
		Links: a.Links, LinkWay: domain.LinkWay(a.cfg.Links.Way), PagePolicy: domain.PagePolicy(a.cfg.Content.FailingPage),
	}
	a.runtime.Launch = a.launch
	if err := a.wireEdit(); err != nil {
		return err
	}
	if err := a.engine.Register(a.launch.Definition()); err != nil {
		return err
	}
	a.queue.Handle(service.JobTask, 30*time.Minute, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Agents.Work(ctx, args)
	})
	a.queue.Handle(service.JobWebhook, time.Minute, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Webhooks.Work(ctx, args)
	})
	return nil
}

// stepResult decodes the result of a finished step.
func (a *App) stepResult(ctx context.Context, run *domain.Run, name string, v any) error {
	for _, s := range run.Steps {
		if s.Name != name {
			continue
		}
		raw, err := a.engine.Resolve(ctx, s.Result)
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			return fmt.Errorf("step %s of run %s has no result", name, run.ID)
		}
		return json.Unmarshal(raw, v)
	}
	return fmt.Errorf("run %s has no step %s", run.ID, name)
}
