package shipped

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

func (l *Launch) gate(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	market, draft, err := l.state(ctx, in, "monetize")
	if err != nil {
		return pipeline.Output{}, err
	}
	var ref MonetizeResult
	if err := in.Result("monetize", &ref); err != nil {
		return pipeline.Output{}, err
	}
	return l.edited(ctx, in, ref.Draft, draft, func(sha string, draft *domain.Draft) (GateResult, error) {
		return l.candidate(ctx, in, sha, draft, market)
	})
}

// candidate builds a draft, runs the gates and stores the files. A red gate is CodeGateRed.
func (l *Launch) candidate(ctx context.Context, in *pipeline.Input, sha string, draft *domain.Draft, market *domain.Market) (GateResult, error) {
	in.Progress(1, 3, "checking pages")
	c, err := l.check(ctx, draft, market)
	if err != nil {
		return GateResult{}, err
	}
	res, files := c.gates, c.files
	in.Progress(2, 3, "storing the release candidate")
	res.Files = len(files)
	res.about(&draft.Website)
	if files, err = l.redirected(ctx, draft, files); err != nil {
		return GateResult{}, err
	}
	if res.Manifest, res.Bytes, err = l.Releases.Build(ctx, draft.Website.Domain, files); err != nil {
		return GateResult{}, err
	}
	res.Draft = sha
	if c.held {
		if res.Draft, err = l.Artifacts.PutDraft(ctx, draft); err != nil {
			return GateResult{}, err
		}
	}
	return res, nil
}

// edited makes the candidate of a draft, or of what people made of it. Texts that turn a
// gate red are refused, and the candidate is the one before them.
func (l *Launch) edited(ctx context.Context, in *pipeline.Input, sha string, draft *domain.Draft, candidate func(string, *domain.Draft) (GateResult, error)) (pipeline.Output, error) {
	edit, err := l.lastEdit(ctx, in.Run.ID, sha)
	if err != nil {
		return pipeline.Output{}, err
	}
	if edit == nil {
		res, err := candidate(sha, draft)
		return pipeline.Output{Result: res}, err
	}
	if draft, err = l.Artifacts.Draft(ctx, edit.Draft); err != nil {
		return pipeline.Output{}, err
	}
	state, detail := domain.EditAccepted, ""
	res, err := candidate(edit.Draft, draft)
	if domain.CodeOf(err) == domain.CodeGateRed && edit.State == domain.EditChecking {
		state, detail = domain.EditRefused, domain.MessageOf(err)
		if draft, err = l.Artifacts.Draft(ctx, edit.Base); err == nil {
			res, err = candidate(edit.Base, draft)
		}
	}
	if err != nil {
		return pipeline.Output{}, err
	}
	apply := func(ctx context.Context) error { return l.Edits.SettleEdit(ctx, edit, state, detail) }
	return pipeline.Output{Result: res, Apply: apply}, nil
}

// lastEdit returns the edit that counts, nil if there is none.
func (l *Launch) lastEdit(ctx context.Context, run domain.RunID, sha string) (*domain.TextEdit, error) {
	if l.Edits == nil {
		return nil, nil //nolint:nilnil // no edit is usual
	}
	e, err := l.Edits.LastEdit(ctx, run, sha)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil //nolint:nilnil // no edit is usual
	}
	return e, err
}

// about names the website of a candidate and says whether nothing keeps it from being
// deployed.
func (g *GateResult) about(w *domain.Website) {
	g.WebsiteID, g.Domain, g.Ready = w.ID, w.Domain, domain.GateVerdict(g.Gates) == domain.GatePass
}

// redirected returns files with redirects for the addresses that the website had.
func (l *Launch) redirected(ctx context.Context, d *domain.Draft, files []domain.File) ([]domain.File, error) {
	if l.Redirects == nil {
		return files, nil
	}
	moved, err := l.Redirects(ctx, d)
	if err != nil {
		return nil, err
	}
	return withMoved(files, moved), nil
}

// withMoved adds addresses that lead elsewhere, or that are gone, to files.
func withMoved(files []domain.File, moved []domain.Moved) []domain.File {
	taken := make(map[string]bool, len(files))
	var lost *domain.File
	for i := range files {
		if taken[files[i].Path] = true; files[i].Status == http.StatusNotFound {
			lost = new(files[i])
		}
	}
	for _, m := range moved {
		switch {
		case taken[m.From]:
		case m.To != domain.GoneTarget:
			files = append(files, domain.File{Path: m.From, Status: http.StatusMovedPermanently, Location: m.To})
		case lost != nil: // with the words of the error page
			f := *lost
			f.Path, f.File, f.Status = m.From, strings.Trim(m.From, "/")+"/index.html", http.StatusGone
			if m.From == "/" {
				f.File = "index.html"
			}
			files = append(files, f)
		}
	}
	return files
}

func redGate(gates []domain.Gate) error {
	for _, g := range gates {
		if g.State != domain.GateFail {
			continue
		}
		detail := g.Summary
		for _, f := range g.Findings {
			if f.Severity == domain.GateFail {
				detail += fmt.Sprintf(" First finding: %s on %s: %s", f.Rule, f.Page, f.Message)
				break
			}
		}
		return domain.Errorf(domain.CodeGateRed, "Gate %s is red: %s", g.Name, detail)
	}
	return nil
}

func (l *Launch) approve(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var g GateResult
	if err := in.Result("gate", &g); err != nil {
		return pipeline.Output{}, err
	}
	apply := func(ctx context.Context) error { return l.Sites.OpenApproval(ctx, in.Run, in.Step.Name, g) }
	return pipeline.Output{Wait: true, Apply: apply}, nil
}

func (l *Launch) release(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var g GateResult
	var a ApproveResult
	if err := in.Result("gate", &g); err != nil {
		return pipeline.Output{}, err
	}
	if err := in.Result("approve", &a); err != nil {
		return pipeline.Output{}, err
	}
	draft, err := l.Artifacts.Draft(ctx, g.Draft)
	if err != nil {
		return pipeline.Output{}, err
	}
	id := domain.ReleaseID(domain.NewID("rel"))
	apply := func(ctx context.Context) error { return l.Sites.Publish(ctx, id, in.Run, g, a, draft) }
	return pipeline.Output{Result: ReleaseResult{id, g.Manifest}, Apply: apply}, nil
}
