package shipped

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"empire/internal/agent/seo"
	"empire/internal/domain"
	"empire/internal/pipeline"
)

// EditWebsite is the name of the pipeline that makes a release of the live one: with a
// page of an earlier release, or without any.
const EditWebsite = "edit_website"

// Edit holds what the steps of edit_website need beside those of launch_website.
type Edit struct {
	*Launch
	Source func(ctx context.Context, p domain.EditParams) (*domain.EditSource, error)
	// Market returns the SHA-256 of the market that the release of a run was checked with.
	Market func(ctx context.Context, run *domain.Run) (string, error)
	// Files reads the files of a release.
	Files   func(ctx context.Context, m *domain.Manifest) ([]domain.File, error)
	Overlay func(base, before, after []domain.File) []domain.File
	Merged  func(live domain.ReleaseContent, next *domain.Draft, host string) []domain.Moved
	// Edited keeps what was done, in the transaction that publishes it.
	Edited func(ctx context.Context, run *domain.Run, p domain.EditParams) error
}

// Definition returns the current version of edit_website.
func (e *Edit) Definition() pipeline.Definition {
	quick := pipeline.Retry{Attempts: 3, Backoff: time.Second}
	return pipeline.Definition{Name: EditWebsite, Version: 1, Private: true, Steps: []pipeline.StepDef{
		{Name: "gate", Timeout: 10 * time.Minute, Retry: quick, Run: e.compose},
		{Name: "approve", Timeout: time.Minute, Retry: quick, Run: e.approve},
		{Name: "release", Agent: "website_generator", Task: "deploy_website", Timeout: 5 * time.Minute, Retry: quick, Run: e.publish},
	}}
}

// compose makes the release candidate and checks it.
func (e *Edit) compose(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var p domain.EditParams
	if err := in.Params(&p); err != nil {
		return pipeline.Output{}, err
	}
	src, err := e.Source(ctx, p)
	if err != nil {
		return pipeline.Output{}, err
	}
	if p.Kind == domain.EditRetire {
		draft, files, res, err := e.retire(ctx, p, src)
		if err == nil {
			res, err = e.store(ctx, draft, files, res)
		}
		return pipeline.Output{Result: res}, err
	}
	draft, err := withPage(src.Live.Draft, src.Other.Draft, p.Path)
	if err != nil {
		return pipeline.Output{}, err
	}
	sha, err := e.Artifacts.PutDraft(ctx, draft)
	if err != nil {
		return pipeline.Output{}, err
	}
	return e.edited(ctx, in, sha, draft, func(_ string, draft *domain.Draft) (GateResult, error) {
		files, res, err := e.restore(ctx, draft, src)
		if err != nil {
			return res, err
		}
		return e.store(ctx, draft, files, res)
	})
}

// store keeps a release candidate that no gate refuses.
func (e *Edit) store(ctx context.Context, draft *domain.Draft, files []domain.File, res GateResult) (GateResult, error) {
	var err error
	if domain.GateVerdict(res.Gates) == domain.GateFail {
		return GateResult{}, redGate(res.Gates)
	}
	res.Files = len(files)
	res.about(&draft.Website)
	if res.Draft, err = e.Artifacts.PutDraft(ctx, draft); err != nil {
		return GateResult{}, err
	}
	if res.Manifest, res.Bytes, err = e.Releases.Build(ctx, draft.Website.Domain, files); err != nil {
		return GateResult{}, err
	}
	return res, nil
}

// restore returns the files of a draft that is the live one with one page as it was in an
// earlier one: nothing else differs but what names the page, such as the sitemap and the
// search.
func (e *Edit) restore(ctx context.Context, draft *domain.Draft, src *domain.EditSource) ([]domain.File, GateResult, error) {
	var none GateResult
	if src.Run == nil {
		return nil, none, domain.Errorf(domain.CodeConflict, "The live release was not built by a run; build the website again first.")
	}
	sha, err := e.Market(ctx, src.Run)
	if err != nil {
		return nil, none, err
	}
	market, err := e.Artifacts.Market(ctx, sha)
	if err != nil {
		return nil, none, err
	}
	before, err := e.Builder.Build(ctx, src.Live.Draft)
	if err != nil {
		return nil, none, err
	}
	after, err := e.Builder.Build(ctx, draft)
	if err != nil {
		return nil, none, err
	}
	base, err := e.Files(ctx, &src.Live.Manifest)
	if err != nil {
		return nil, none, err
	}
	files := e.Overlay(base, before, after)
	res, err := e.Gates.Check(ctx, draft, market, files)
	if err != nil {
		return nil, none, err
	}
	res.Market = sha
	files, err = e.redirected(ctx, draft, files)
	return files, res, err
}

// withPage returns a draft with a page of an earlier one in the place of its own.
func withPage(live, earlier *domain.Draft, path string) (*domain.Draft, error) {
	at := func(d *domain.Draft) int {
		return slices.IndexFunc(d.Pages, func(p domain.Page) bool { return p.Path() == path })
	}
	i := at(earlier)
	if i < 0 {
		return nil, domain.Errorf(domain.CodeConflict, "The earlier release has no page %s.", path)
	}
	page := earlier.Pages[i]
	out := *live
	out.Pages, out.Plan.Pages, out.Evidence = slices.Clone(live.Pages), slices.Clone(live.Plan.Pages), slices.Clone(live.Evidence)
	if j := at(live); j >= 0 {
		out.Pages[j] = page
	} else {
		out.Pages = append(out.Pages, page)
	}
	for _, planned := range earlier.Plan.Pages {
		if planned.Slug != page.Slug {
			continue
		}
		if j := slices.IndexFunc(out.Plan.Pages, func(q domain.PlanPage) bool { return q.Slug == planned.Slug }); j >= 0 {
			out.Plan.Pages[j] = planned
		} else {
			out.Plan.Pages = append(out.Plan.Pages, planned)
		}
	}
	cited := map[domain.EvidenceID]bool{}
	for _, c := range page.Claims {
		for _, id := range c.Evidence {
			cited[id] = true
		}
	}
	for _, ev := range out.Evidence {
		delete(cited, ev.ID)
	}
	for _, ev := range earlier.Evidence {
		if cited[ev.ID] {
			out.Evidence = append(out.Evidence, ev)
		}
	}
	slices.SortFunc(out.Evidence, func(a, b domain.Evidence) int { return cmp.Compare(a.ID, b.ID) })
	schema := seo.StructuredData(&out)
	j := at(&out)
	out.Pages[j].Schema = schema[j].Schema
	return &out, nil
}

// retire returns a release without pages: its addresses lead to the website that it is
// merged into, or are gone. What robots ask for stays.
func (e *Edit) retire(ctx context.Context, p domain.EditParams, src *domain.EditSource) (*domain.Draft, []domain.File, GateResult, error) {
	base, err := e.Files(ctx, &src.Live.Manifest)
	if err != nil {
		return nil, nil, GateResult{}, err
	}
	var next *domain.Draft
	host, summary := "", "Every address is gone (410)."
	if p.Into != "" {
		next, host = src.Other.Draft, src.Other.Manifest.Host
		summary = "Every address leads to " + host + "."
	}
	draft := *src.Live.Draft
	draft.Pages, draft.Evidence, draft.Plan.Pages = []domain.Page{}, []domain.Evidence{}, nil
	var files []domain.File
	for _, f := range base {
		if f.Status == http.StatusNotFound || f.Path == "/robots.txt" {
			files = append(files, f)
		}
	}
	moved := e.Merged(src.Live, next, host)
	files = withMoved(files, moved)
	gates := []domain.Gate{{Name: "retire", State: domain.GatePass, Checked: len(moved), Summary: fmt.Sprintf("%s %d addresses, no page is left.", summary, len(moved))}}
	return &draft, files, GateResult{Gates: gates}, nil
}

// publish is the release step of launch_website, and keeps what was done.
func (e *Edit) publish(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var p domain.EditParams
	if err := in.Params(&p); err != nil {
		return pipeline.Output{}, err
	}
	out, err := e.release(ctx, in)
	if err != nil {
		return out, err
	}
	live := out.Apply
	out.Apply = func(ctx context.Context) error {
		if err := live(ctx); err != nil {
			return err
		}
		return e.Edited(ctx, in.Run, p)
	}
	return out, nil
}
