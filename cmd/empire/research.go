package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// researchKeeper is the part of the portfolio that finds out about topics.
type researchKeeper interface {
	// Research asks about a topic and waits for the end.
	Research(ctx context.Context, p domain.ResearchParams, progress func(state string)) (*researchView, error)
	// VerifyEvidence proves a report (rsch_…), a snapshot (snap_…) or all snapshots.
	VerifyEvidence(ctx context.Context, id string) (*domain.SnapshotReport, error)
}

// researchView is a report as machines get it: with the names of the API.
type researchView struct {
	ID          domain.ResearchID          `json:"id"`
	Status      domain.RunState            `json:"status"`
	Request     domain.ResearchParams      `json:"request"`
	Method      string                     `json:"method"`
	Confidence  float64                    `json:"confidence_score"`
	Parts       []domain.ConfidencePart    `json:"confidence"`
	CostMicros  domain.Micros              `json:"cost_micros"`
	Currency    string                     `json:"currency"`
	Duration    float64                    `json:"duration_seconds"`
	Queries     []string                   `json:"queries"`
	Claims      []domain.ResearchClaim     `json:"claims"`
	Evidence    []domain.Evidence          `json:"evidence"`
	Sources     []domain.ResearchSource    `json:"sources"`
	Skipped     []domain.SkippedPage       `json:"skipped"`
	Disputes    []domain.Dispute           `json:"disagreements"`
	Gaps        []string                   `json:"gaps"`
	Competitors *domain.CompetitorAnalysis `json:"competitor_analysis,omitempty"`
	Sentiment   *domain.MarketSentiment    `json:"market_sentiment,omitempty"`
	Models      []domain.ModelShare        `json:"models_used"`
	Work        domain.ResearchWork        `json:"work"`
	Notes       []string                   `json:"notes"`
	Error       *domain.ResearchFailure    `json:"error,omitempty"`
	CreatedAt   time.Time                  `json:"created_at"`
}

func viewResearch(r *domain.ResearchReport) researchView {
	return researchView{
		ID: r.ID, Status: r.State, Request: r.Params, Method: r.Method, Confidence: r.Confidence.Score, Parts: orEmpty(r.Confidence.Parts), CostMicros: r.Cost,
		Currency: r.Currency, Duration: r.Duration().Seconds(), Queries: orEmpty(r.Queries), Claims: orEmpty(r.Claims), Evidence: orEmpty(r.Evidence),
		Sources: orEmpty(r.Sources), Skipped: orEmpty(r.Skipped), Disputes: orEmpty(r.Disputes), Gaps: orEmpty(r.Gaps), Competitors: r.Competitors,
		Sentiment: r.Sentiment, Models: orEmpty(r.Models), Work: r.Work, Notes: orEmpty(r.Notes), Error: r.Error, CreatedAt: r.CreatedAt.UTC(),
	}
}

func researchCommand(g *globals) *cobra.Command {
	p := domain.ResearchParams{}
	depth := string(domain.DepthDeep)
	c := &cobra.Command{
		Use: "research TOPIC", Short: "Find out about a topic, with evidence for every statement",
		Long: `Find out about a topic: search the sources of the settings research.*, read pages, and
state what they say. Every statement is a sentence of a page that is kept with its
SHA-256, or a figure of the feeds. Without a model, sentences are chosen by figures,
definitions and key phrases; a model may only choose among them and shorten them.`,
		Example: "  empire research \"mechanical keyboards\" --depth quick\n  empire research \"espresso machines\" --competitors --sentiment --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Topic, p.Depth = args[0], domain.ResearchDepth(depth)
			params, err := p.Normal()
			if err != nil {
				return usagef("%s", domain.MessageOf(err))
			}
			return g.onWorkingPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				m := newMeter(g.io.err)
				defer m.end()
				last := ""
				r, err := at.Research(ctx, params, func(state string) {
					if state != last {
						m.line("research is %s", state)
						last = state
					}
				})
				if err != nil {
					return err
				}
				return g.showResearch(cmd, r)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&depth, "depth", depth, "how much work it may be: quick, deep or comprehensive")
	f.StringVar(&p.Language, "language", "", "of the pages: en or de (default en)")
	f.BoolVar(&p.CompetitorAnalysis, "competitors", false, "also compare the sites that write about it")
	f.BoolVar(&p.MarketSentiment, "sentiment", false, "also say how pages judge")
	return c
}

func (g *globals) showResearch(cmd *cobra.Command, r *researchView) error {
	if r.Status == domain.StateFailed && r.Error != nil {
		if g.json {
			if err := printJSON(g.io.out, r); err != nil {
				return err
			}
			return &reportedError{domain.Errorf(r.Error.Code, "%s", r.Error.Message)}
		}
		return domain.Errorf(r.Error.Code, "%s", r.Error.Message)
	}
	if g.json {
		return printJSON(g.io.out, r)
	}
	cmd.Printf("%s: %d claims from %d sources, confidence %.2f (%s, %.1f s)\n\n", r.Request.Topic, len(r.Claims), len(r.Sources), r.Confidence, r.Method, r.Duration)
	for _, c := range r.Claims {
		text := c.Text
		if c.Statement != "" {
			text = c.Statement
		}
		mark := ""
		if c.Disputed {
			mark = ", disputed"
		}
		cmd.Printf("  %s\n    [%s; %d independent%s]\n", text, strings.Join(c.Sources, " "), c.Independent, mark)
	}
	cmd.Println("\nSources:")
	for _, s := range r.Sources {
		cmd.Printf("  %-5s %s\n", s.ID, orText(strings.TrimSpace(s.Title+" "+s.URL)))
	}
	for _, d := range r.Disputes {
		var says []string
		for _, v := range d.Values {
			says = append(says, v.Text+" ("+v.Source+")")
		}
		cmd.Printf("Disagreement about %s: %s\n", d.Quantity, strings.Join(says, " or "))
	}
	for _, p := range r.Parts {
		cmd.Printf("Confidence, %s: %.2f × %.2f (%s)\n", p.Name, p.Value, p.Weight, p.Note)
	}
	for _, gap := range append(r.Gaps, r.Notes...) {
		cmd.Println("Note: " + gap)
	}
	cmd.Printf("Report %s; empire evidence verify %s proves it again.\n", r.ID, r.ID)
	return nil
}

func evidenceCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "evidence", Short: "Prove what claims rest on", Example: "  empire evidence verify"}
	c.AddCommand(evidenceVerifyCommand(g))
	return c
}

func evidenceVerifyCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "verify [ID]", Short: "Check kept pages and all spans that are cited of them",
		Long: `Check that the bytes and the text of kept pages fit their hashes, and that every span
that a report or a page of a website cites stands where its evidence says. ID is a
report (rsch_…) or a snapshot (snap_…); without it everything is checked. It exits
with 1 if anything is damaged, and names what rests on it.`,
		Example: "  empire evidence verify\n  empire evidence verify rsch_06h2rjc7h3kn6e89sdq91b2ayr --json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 1 {
				if id = args[0]; !strings.HasPrefix(id, "rsch_") && !strings.HasPrefix(id, "snap_") {
					return usagef("%q is neither a report (rsch_…) nor a snapshot (snap_…)", id)
				}
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				r, err := p.VerifyEvidence(ctx, id)
				if err != nil {
					return err
				}
				return g.showEvidence(cmd, r)
			})
		},
	}
}

func (g *globals) showEvidence(cmd *cobra.Command, r *domain.SnapshotReport) error {
	broken := &reportedError{domain.Errorf(domain.CodeConflict, "Evidence is damaged.")}
	if g.json {
		if err := printJSON(g.io.out, r); err != nil || r.Intact {
			return err
		}
		return broken
	}
	cmd.Printf("%d snapshots and %d spans were checked.\n", r.Snapshots, r.Spans)
	if r.Intact {
		cmd.Println("Nothing is damaged.")
		return nil
	}
	for _, f := range r.Faults {
		cmd.Println(f.Message)
		for _, u := range f.Uses {
			on := "report " + string(u.Report)
			if u.Website != "" {
				on = fmt.Sprintf("page %s of website %s", orText(u.Page), u.Website)
			}
			cmd.Printf("  rests on it: %s: %q\n", on, u.Claim)
		}
	}
	return broken
}

// patientResearch is how long a command waits for a report.
const patientResearch = 20 * time.Minute

// Research implements portfolio.
func (l local) Research(ctx context.Context, p domain.ResearchParams, progress func(state string)) (*researchView, error) {
	r, err := l.a.Research.Start(ctx, p)
	for end := time.Now().Add(patientResearch); err == nil && !r.State.Ended() && time.Now().Before(end); {
		progress(string(r.State))
		r, err = l.a.Research.Await(ctx, r.ID, pollRun)
	}
	return view(viewResearch)(r, err)
}

// VerifyEvidence implements portfolio.
func (l local) VerifyEvidence(ctx context.Context, id string) (*domain.SnapshotReport, error) {
	if strings.HasPrefix(id, "rsch_") {
		return l.a.Research.Verify(ctx, domain.ResearchID(id))
	}
	return l.a.Snapshots.Verify(ctx, domain.SnapshotID(id))
}

// Research implements portfolio.
func (r *remote) Research(ctx context.Context, p domain.ResearchParams, progress func(state string)) (*researchView, error) {
	answer, err := r.api.AskResearch(ctx, client.AskResearchInput{
		Topic: p.Topic, Depth: client.AskResearchInputDepth(p.Depth), Language: client.AskResearchInputLanguage(p.Language),
		CompetitorAnalysis: &p.CompetitorAnalysis, MarketSentiment: &p.MarketSentiment,
	})
	v, err := shown[researchView](r, answer, err)
	for end := time.Now().Add(patientResearch); err == nil && !v.Status.Ended() && time.Now().Before(end); {
		progress(string(v.Status))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(r.wait):
		}
		again, failed := r.api.GetResearch(ctx, string(v.ID))
		v, err = shown[researchView](r, again, failed)
	}
	return v, err
}

// VerifyEvidence implements portfolio.
func (r *remote) VerifyEvidence(ctx context.Context, id string) (*domain.SnapshotReport, error) {
	verify := func() (*client.SnapshotReport, error) { return r.api.VerifyEvidence(ctx) }
	switch {
	case strings.HasPrefix(id, "rsch_"):
		verify = func() (*client.SnapshotReport, error) { return r.api.VerifyResearch(ctx, id) }
	case id != "":
		verify = func() (*client.SnapshotReport, error) { return r.api.VerifySnapshot(ctx, id) }
	}
	report, err := verify()
	return shown[domain.SnapshotReport](r, report, err)
}
