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
	in.Progress(1, 3, "checking pages")
	c, err := l.check(ctx, draft, market)
	if err != nil {
		return pipeline.Output{}, err
	}
	res, files := c.gates, c.files
	in.Progress(2, 3, "storing the release candidate")
	res.Files = len(files)
	res.about(&draft.Website)
	if files, err = l.redirected(ctx, draft, files); err != nil {
		return pipeline.Output{}, err
	}
	if res.Manifest, res.Bytes, err = l.Releases.Build(ctx, draft.Website.Domain, files); err != nil {
		return pipeline.Output{}, err
	}
	res.Draft = ref.Draft
	if c.held {
		if res.Draft, err = l.Artifacts.PutDraft(ctx, draft); err != nil {
			return pipeline.Output{}, err
		}
	}
	return pipeline.Output{Result: res}, nil
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
