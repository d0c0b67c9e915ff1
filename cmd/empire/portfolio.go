package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

// portfolio is what commands see of the program: the data directory, or a server
// behind its API. The commands do not know which.
type portfolio interface {
	siteKeeper
	runKeeper
	pipelineKeeper
	scheduleKeeper
	approvalKeeper
	agentKeeper
	webhookKeeper
	budgetKeeper
	messageKeeper
	graphKeeper
	researchKeeper
	searchKeeper
	marketKeeper
	fleetKeeper
	redirectKeeper
	linkKeeper
	linkHealer
	edgeKeeper
	batchKeeper
	revisionKeeper
	seoKeeper
	trafficKeeper
	alertKeeper
}

type siteKeeper interface {
	// Place says for a person where the websites are.
	Place() string
	Sites(ctx context.Context, w domain.Window) ([]siteView, int, error)
	// Site finds a website by id, name or domain.
	Site(ctx context.Context, key string) (*siteView, error)
	Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]releaseView, int, error)
	Audit(ctx context.Context, id domain.WebsiteID) (*auditView, error)
	Traffic(ctx context.Context, id domain.WebsiteID, period string) (*trafficView, error)
	Diff(ctx context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error)
	Publish(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error)
	// Rollback goes to a release, or without one to the release before the live one.
	Rollback(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error)
	Generate(ctx context.Context, p domain.GenerateParams) (*siteView, domain.RunID, error)
	Feeds(ctx context.Context) ([]feedView, error)
	// MissingOperator names the settings that new websites need to be published, as
	// far as they can be seen from here.
	MissingOperator() []string
}

type runKeeper interface {
	Runs(ctx context.Context, f domain.RunFilter, w domain.Window) ([]runView, int, error)
	Run(ctx context.Context, id domain.RunID) (*runView, error)
	Timeline(ctx context.Context, id domain.RunID, after string, limit int) (*timelineView, error)
	CancelRun(ctx context.Context, id domain.RunID) (*runView, error)
	// RetryRun continues a run that has ended; with from, that step and what comes
	// after it run again.
	RetryRun(ctx context.Context, id domain.RunID, from string) (*runView, error)
	// Follow reports progress until the run waits for a person or has ended.
	Follow(ctx context.Context, id domain.RunID, report func(app.DemoProgress)) (*runView, error)
}

type approvalKeeper interface {
	Approvals(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]approvalView, int, error)
	Approval(ctx context.Context, id domain.ApprovalID) (*approvalView, error)
	Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*approvalView, error)
	ApprovalLog(ctx context.Context, after int64, limit int) ([]approvalEntryView, error)
	VerifyApprovals(ctx context.Context) (*approvalReportView, error)
}

type agentKeeper interface {
	Agents(ctx context.Context) ([]agentView, error)
	Agent(ctx context.Context, id domain.AgentID) (*agentView, error)
	RegisterAgent(ctx context.Context, p domain.AgentParams) (*agentView, error)
	UpdateAgent(ctx context.Context, id domain.AgentID, p domain.AgentPatch) (*agentView, error)
	DeleteAgent(ctx context.Context, id domain.AgentID, drain bool) (gone bool, err error)
	// Task gives an agent a task and waits for its end.
	Task(ctx context.Context, id domain.AgentID, kind string, params json.RawMessage) (*taskView, error)
}

// onPortfolio calls fn with the server that EMPIRE_URL names, or with the data
// directory.
func (g *globals) onPortfolio(cmd *cobra.Command, fn func(ctx context.Context, p portfolio) error) error {
	r, err := g.remote(cmd)
	if err != nil {
		return err
	}
	if r != nil {
		return fn(cmd.Context(), r)
	}
	return g.withData(cmd, func(ctx context.Context, a *app.App) error { return fn(ctx, g.local(a)) })
}

// onWorkingPortfolio is onPortfolio for a command that waits for work: on a data
// directory that no server uses, this process does the work.
func (g *globals) onWorkingPortfolio(cmd *cobra.Command, fn func(ctx context.Context, p portfolio) error) error {
	r, err := g.remote(cmd)
	if err != nil {
		return err
	}
	if r != nil {
		return fn(cmd.Context(), r)
	}
	return g.working(cmd, func(ctx context.Context, a *app.App) error { return fn(ctx, g.local(a)) })
}

// with opens the data directory as a tool beside a server that may be running,
// calls fn as the local administrator and closes it. It refuses a command line that
// means a server.
func (g *globals) with(cmd *cobra.Command, fn func(ctx context.Context, a *app.App) error) error {
	if err := g.needData(cmd); err != nil {
		return err
	}
	return g.withData(cmd, fn)
}

func (g *globals) withData(cmd *cobra.Command, fn func(ctx context.Context, a *app.App) error) error {
	cfg, _, err := g.quietly(nil)
	if err != nil {
		return err
	}
	a, err := g.open(cmd.Context(), cfg, app.Tool)
	if err != nil {
		return err
	}
	g.showAdmin(a)
	err = fn(a.AsAdmin(cmd.Context()), a)
	return errors.Join(err, a.Close())
}

// working opens the program so that it works runs itself, or as a tool beside the
// server that holds the data directory and does.
func (g *globals) working(cmd *cobra.Command, fn func(ctx context.Context, a *app.App) error) error {
	ctx := cmd.Context()
	cfg, _, err := g.quietly(nil)
	if err != nil {
		return err
	}
	a, err := g.open(ctx, cfg, app.Work)
	if _, locked := errors.AsType[*app.LockedError](err); locked {
		return g.withData(cmd, fn)
	}
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	g.showAdmin(a)
	err = fn(a.AsAdmin(ctx), a)
	return errors.Join(err, stopApp(ctx, a, cfg))
}

// showAdmin prints the password of the administrator if this start made the account:
// it cannot be seen again.
func (g *globals) showAdmin(a *app.App) {
	if c := a.NewCredentials(); c != nil {
		_, _ = fmt.Fprintf(g.io.err, "administrator %s was created with password %s (shown once)\n", c.Email, c.Password)
	}
}

// needData refuses a command that only works on a data directory while EMPIRE_URL
// says that a server is meant.
func (g *globals) needData(cmd *cobra.Command) error {
	_, settings, err := g.load(nil)
	if err != nil {
		return err
	}
	chosen := sourceOf(settings, "data") != "default" || sourceOf(settings, "database.url") != "default"
	if g.env("EMPIRE_URL") != "" && !chosen {
		return usagef("%s works on a data directory, not through EMPIRE_URL; give --data, or unset EMPIRE_URL", cmd.CommandPath())
	}
	return nil
}
