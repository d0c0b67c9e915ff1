package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"empire/internal/domain"
)

type textEditStore interface {
	Insert(ctx context.Context, e *domain.TextEdit) error
	List(ctx context.Context, run domain.RunID) ([]domain.TextEdit, error)
	Settle(ctx context.Context, e *domain.TextEdit) error
}

type draftKeeper interface {
	draftReader
	PutDraft(ctx context.Context, d *domain.Draft) (string, error)
}

// EditConfig is what Approvals needs to have texts changed.
type EditConfig struct {
	Store  textEditStore // nil: nothing can be changed
	Drafts draftKeeper
	// Check refuses a text that says more than its claims; after is the page with it.
	Check func(before, after *domain.Page, c domain.TextChange) error
	// Finish returns the pages of a draft with all that is made from their texts; it
	// may be nil.
	Finish func(d *domain.Draft) []domain.Page
	// Again has the gates of a waiting run look at its candidate again, and then ask
	// again, in the transaction of ctx.
	Again func(ctx context.Context, run domain.RunID) error
}

// Texts returns what may be changed on a page of the candidate that an approval is about,
// in reading order.
func (s *Approvals) Texts(ctx context.Context, id domain.ApprovalID, path string) ([]domain.PageText, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	a, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	_, d, err := s.candidate(ctx, a)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(d.Pages, func(p domain.Page) bool { return p.Path() == path })
	if i < 0 {
		return nil, domain.Errorf(domain.CodeNotFound, "The release has no page %.200s.", path)
	}
	return d.Pages[i].Texts(), nil
}

// candidate returns the draft that an approval is about, with its SHA-256.
func (s *Approvals) candidate(ctx context.Context, a *domain.Approval) (string, *domain.Draft, error) {
	var p approvalPayload
	if s.cfg.Edits.Store == nil || a.Kind != domain.ApprovePublish || json.Unmarshal(a.Payload, &p) != nil || p.Draft == "" {
		return "", nil, domain.Errorf(domain.CodeConflict, "Approval %s is not about pages.", a.ID)
	}
	d, err := s.cfg.Edits.Drafts.Draft(ctx, p.Draft)
	if err != nil {
		return "", nil, fmt.Errorf("read draft of approval %s: %w", a.ID, err)
	}
	return p.Draft, d, nil
}

// Edits returns what people changed in the candidates of the run of an approval, the
// oldest first.
func (s *Approvals) Edits(ctx context.Context, id domain.ApprovalID) ([]domain.TextEdit, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	a, err := s.get(ctx, id)
	if err != nil || s.cfg.Edits.Store == nil {
		return nil, err
	}
	return s.cfg.Edits.Store.List(ctx, a.RunID)
}

// Edit changes texts of the candidate that an approval asks about. The approval becomes
// void, the gates look at the candidate with the new texts, and a new approval asks about
// that. Nothing that was stored is changed: the candidate before stays, and comes back if
// a gate refuses the texts. A text that says more than its claims is CodeInvalid; another
// payload hash than that of the approval, or an approval that is not open, CodeConflict.
func (s *Approvals) Edit(ctx context.Context, id domain.ApprovalID, r domain.EditRequest) (*domain.TextEdit, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	open, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.editable(open, r); err != nil {
		return nil, err
	}
	base, d, err := s.candidate(ctx, open)
	if err != nil {
		return nil, err
	}
	if err := wholeCandidate(open); err != nil {
		return nil, err
	}
	e := &domain.TextEdit{
		ID: domain.TextEditID(domain.NewID("edit")), Tenant: open.Tenant, RunID: open.RunID, WebsiteID: open.WebsiteID, ApprovalID: id, Base: base,
		ActorID: principal.UserID, State: domain.EditChecking,
	}
	if e.Changes, err = s.rewrite(d, r.Changes); err != nil {
		return nil, err
	}
	if e.Draft, err = s.cfg.Edits.Drafts.PutDraft(ctx, d); err != nil {
		return nil, err
	}
	if err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error { return s.edit(ctx, id, r, e) }); err != nil {
		return nil, err
	}
	return e, nil
}

// wholeCandidate refuses to change a candidate without all of its pages: an edit begins
// with the draft that has them.
func wholeCandidate(a *domain.Approval) error {
	var p approvalPayload
	if err := json.Unmarshal(a.Payload, &p); err != nil {
		return fmt.Errorf("read payload of approval %s: %w", a.ID, err)
	}
	if slices.ContainsFunc(p.Gates, func(g gateLine) bool { return g.Name == domain.GateHeldPages }) {
		return domain.Errorf(domain.CodeConflict, "Pages of this release are held back; its texts can be changed once it has all of them.")
	}
	return nil
}

// editable refuses to change what is not asked any more, or is something else than the
// person saw.
func (s *Approvals) editable(open *domain.Approval, r domain.EditRequest) error {
	switch {
	case r.PayloadHash == "":
		return domain.Invalid("payload_hash", "The payload hash of what you saw is needed.")
	case len(r.Changes) == 0 || len(r.Changes) > domain.MaxTextEdits:
		return domain.Invalid("changes", "An edit changes 1 to %d texts.", domain.MaxTextEdits)
	}
	return s.asked(open, r.PayloadHash)
}

// rewrite changes the texts in a draft, which nobody else has, and returns the changes
// with the texts before.
func (s *Approvals) rewrite(d *domain.Draft, changes []domain.TextChange) ([]domain.TextChange, error) {
	out := make([]domain.TextChange, 0, len(changes))
	for _, c := range changes {
		i := slices.IndexFunc(d.Pages, func(p domain.Page) bool { return p.Path() == c.Page })
		if i < 0 {
			return nil, domain.Invalid("page", "The release has no page %.200s.", c.Page)
		}
		var err error
		if c.New, err = domain.CleanText(c.New); err != nil {
			return nil, err
		}
		before := &d.Pages[i]
		after, err := before.WithText(c)
		if err != nil {
			return nil, err
		}
		for _, t := range before.Texts() {
			if t.Ref == c.Ref {
				c.Old = t.Text
			}
		}
		if err := s.cfg.Edits.Check(before, after, c); err != nil {
			return nil, err
		}
		d.Pages[i] = *after
		out = append(out, c)
	}
	if s.cfg.Edits.Finish != nil {
		d.Pages = s.cfg.Edits.Finish(d)
	}
	return out, nil
}

// edit stores an edit and has the run look at its candidate again.
func (s *Approvals) edit(ctx context.Context, id domain.ApprovalID, r domain.EditRequest, e *domain.TextEdit) error {
	if err := s.cfg.Edits.Again(ctx, e.RunID); err != nil { // holds the run: nobody else edits or decides
		return err
	}
	open, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	if err := s.editable(open, r); err != nil {
		return err
	}
	intact, err := s.cfg.Approvals.Intact(ctx, open)
	if err != nil {
		return err
	}
	if !intact {
		return domain.Errorf(domain.CodeConflict, "Approval %s was changed after it was opened.", id)
	}
	before, err := s.cfg.Edits.Store.List(ctx, e.RunID)
	if err != nil {
		return err
	}
	e.Number, e.At = len(before)+1, s.journal.stamp()
	if err := s.cfg.Edits.Store.Insert(ctx, e); err != nil {
		return err
	}
	reason := fmt.Sprintf("Edit %d changed its texts; a new approval asks about them.", e.Number)
	void, err := s.cfg.Approvals.Void(ctx, id, reason, e.At)
	if err != nil {
		return err
	}
	if err := s.journal.changed(ctx, "approval.edited", string(id), fmt.Sprintf("edit %d of run %s", e.Number, e.RunID), nil, e); err != nil {
		return err
	}
	return s.changed(ctx, "approval.voided", reason, open, void)
}

// LastEdit returns the newest edit of the draft of a run that no gate has refused, or
// CodeNotFound. root is the draft before all edits: what was changed in another one does
// not count. A step calls it.
func (s *Approvals) LastEdit(ctx context.Context, run domain.RunID, root string) (*domain.TextEdit, error) {
	none := domain.Errorf(domain.CodeNotFound, "No text of run %s was changed.", run)
	if s.cfg.Edits.Store == nil {
		return nil, none
	}
	list, err := s.cfg.Edits.Store.List(ctx, run)
	if err != nil {
		return nil, err
	}
	at := root
	var last *domain.TextEdit
	for i := range list {
		if e := &list[i]; e.Base == at && e.State != domain.EditRefused {
			last, at = e, e.Draft
		}
	}
	if last == nil {
		return nil, none
	}
	return last, nil
}

// SettleEdit keeps what the gates said about an edit, in the transaction of the step that
// ran them.
func (s *Approvals) SettleEdit(ctx context.Context, e *domain.TextEdit, state domain.EditState, detail string) error {
	if e.State != domain.EditChecking {
		return nil
	}
	after := *e
	after.State, after.Detail = state, detail
	if err := s.cfg.Edits.Store.Settle(ctx, &after); err != nil {
		return err
	}
	return s.journal.changedFor(ctx, e.Tenant, "approval.edit_"+string(state), string(e.ApprovalID), detail, e, &after)
}

// notAuthor refuses, with four eyes, the decision of who changed texts of the candidate.
func (s *Approvals) notAuthor(ctx context.Context, open *domain.Approval, p *domain.Principal) error {
	if s.cfg.Edits.Store == nil || !open.FourEyes && !s.cfg.FourEyes {
		return nil
	}
	list, err := s.cfg.Edits.Store.List(ctx, open.RunID)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].ActorID == p.UserID && list[i].State == domain.EditAccepted {
			return domain.Errorf(domain.CodeForbidden, "Approval %s needs a second person: whoever changed its texts may not decide about it.", open.ID)
		}
	}
	return nil
}
