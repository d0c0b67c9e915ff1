package web

import (
	"fmt"
	"net/http"

	"empire/internal/domain"
)

// textForm is the form that changes one text of a page that waits for approval.
func textForm(id, approval, hash, page, ref, old, value string) form {
	return form{
		ID: id, Action: "/approvals/" + approval + "/edits", Submit: "Have it checked", Fields: []field{
			{Name: "new", Label: "New text", Kind: "area", Value: value, Required: true, Max: domain.MaxTextBytes},
			{Name: "payload_hash", Kind: "hidden", Value: hash}, {Name: "page", Kind: "hidden", Value: page},
			{Name: "ref", Kind: "hidden", Value: ref}, {Name: "old", Kind: "hidden", Value: old},
		},
	}
}

// editablePanel has a form beside each text of a page that may be changed.
func editablePanel(p *domain.Page, a *domain.Approval) panel {
	g := &grid{Columns: []column{{Label: "Text"}}}
	for i, t := range p.Texts() {
		f := textForm(fmt.Sprintf("edit-%d", i), string(a.ID), a.PayloadHash, p.Path(), t.Ref, t.Text, t.Text)
		f.Fold = "Change"
		g.add(cell{Text: t.Text, Sub: t.Kind}).Forms = []form{f}
	}
	note := "A new text is held to the claims of the old one: figures that none of them carries are refused. The gates look at the whole site again before it can be approved."
	if a.FourEyes {
		note += " Whoever changes a text may not decide about it."
	}
	return panel{ID: "texts", Title: "Change a text", Note: note, Grid: g}
}

// editsPanel tells what people changed in the run of an approval; it has no grid if that
// is nothing.
func (d *Dashboard) editsPanel(r *http.Request, a *domain.Approval) panel {
	list, err := d.c.Approvals.Edits(r.Context(), a.ID)
	if err != nil {
		d.log(r, err)
		return panel{}
	}
	if len(list) == 0 {
		return panel{}
	}
	g := &grid{Columns: []column{{Label: "Before"}, {Label: "After"}, {Label: "State"}, {Label: "Who", Wide: true}, {Label: "When", Wide: true}}}
	for i := range list {
		e := &list[i]
		for _, c := range e.Changes {
			g.add(cell{Text: c.Old, Sub: c.Page + " " + c.Ref}, cell{Text: c.New, Sub: e.Detail}, state(e.State), code(string(e.ActorID)), when(e.At))
		}
	}
	return panel{ID: "edits", Title: "Changed by people", Grid: g}
}

// editText changes one text of what waits for approval.
func (d *Dashboard) editText(w http.ResponseWriter, r *http.Request) (string, error) {
	id := r.PathValue("id")
	c := domain.TextChange{Page: typed(r, "page"), Ref: typed(r, "ref"), Old: r.PostFormValue("old"), New: r.PostFormValue("new")}
	hash := typed(r, "payload_hash")
	e, err := d.c.Approvals.Edit(r.Context(), domain.ApprovalID(id), domain.EditRequest{PayloadHash: hash, Changes: []domain.TextChange{c}})
	if err != nil {
		f := textForm("edit", id, hash, c.Page, c.Ref, c.Old, c.New)
		f.blame(err)
		back := address("/approvals/"+id+"/pages", "page", c.Page)
		return d.again(w, r, "content", err, sheet{
			Crumbs: []anchor{{"Approval", "/approvals/" + id, false}, {"Page", back, false}}, Title: "Change a text",
			Panels: []panel{{ID: "text", Note: "Before: " + c.Old, Form: &f}},
		})
	}
	d.notify(w, r, "edited")
	return "/runs/" + string(e.RunID), nil
}
