package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"empire/internal/domain"
)

// saveSettings stores the settings of a website, or shows the form again with what was typed
// and what is wrong with it. Only what differs is changed.
func (d *Dashboard) saveSettings(w http.ResponseWriter, r *http.Request) (string, error) {
	if _, err := domain.Require(r.Context(), domain.WebsitesManage); err != nil {
		return "", err
	}
	head, err := d.siteHead(r, "settings")
	if err != nil {
		return "", err
	}
	site := head.Site
	v := siteSettingsView{
		siteHead: head, Title: r.PostFormValue("title"), Niche: r.PostFormValue("niche"), Tags: r.PostFormValue("tags"), Analytics: r.PostFormValue("analytics") != "",
	}
	changed := map[string]string{}
	for _, f := range legalFields(site.Operator) {
		typed := strings.TrimSpace(r.PostFormValue("operator_" + f.Name))
		if typed != f.Value {
			changed[f.Name] = typed
		}
		v.Operator = append(v.Operator, legalField{f.Name, f.Label, typed})
	}
	err = d.updateSite(r, site, &v, changed)
	if err == nil {
		d.notify(w, r, "saved")
		return head.Tabs[len(head.Tabs)-1].Address, nil
	}
	switch domain.CodeOf(err) {
	case domain.CodeInvalid, domain.CodeConflict, domain.CodeForbidden:
		v.Error, v.Field = domain.MessageOf(err), fieldOf(err)
		d.render(w, r, d.c.Status(err), head.page("sitesettings", v))
		return "", nil
	}
	return "", err
}

// updateSite changes what was typed otherwise than it is. Tags come first, because they
// are refused more often.
func (d *Dashboard) updateSite(r *http.Request, site *domain.Website, v *siteSettingsView, operator map[string]string) error {
	if err := d.updateTags(r, site.ID, v.Tags); err != nil {
		return err
	}
	p, differs := domain.WebsitePatch{}, false
	if v.Title != site.Title {
		p.Title, differs = &v.Title, true
	}
	if v.Niche != site.Niche {
		p.Niche, differs = &v.Niche, true
	}
	if v.Analytics == site.NoAnalytics {
		p.Analytics, differs = &v.Analytics, true
	}
	if len(operator) > 0 {
		raw, err := json.Marshal(operator)
		if err != nil {
			return err
		}
		p.Operator, differs = raw, true
	}
	if !differs {
		return nil
	}
	_, err := d.c.Websites.Update(r.Context(), site.ID, p)
	return err
}

// updateTags stores typed tags, separated by spaces or commas, if they are others than
// there are.
func (d *Dashboard) updateTags(r *http.Request, id domain.WebsiteID, text string) error {
	if d.c.Batches == nil {
		return nil
	}
	before, err := d.c.Batches.Tags(r.Context(), id)
	if err != nil {
		return err
	}
	tags := strings.Fields(strings.ToLower(strings.ReplaceAll(text, ",", " ")))
	slices.Sort(tags)
	if slices.Equal(before, slices.Compact(tags)) {
		return nil
	}
	_, err = d.c.Batches.SetTags(r.Context(), id, tags)
	return err
}
