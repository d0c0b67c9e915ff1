package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"empire/internal/domain"
)

// launchCookie keeps what was typed into the launch wizard, so that going back and
// closing the page lose nothing. It holds no secret, and is dropped at the start.
const launchCookie = "empire_launch"

// Bounds of what the wizard keeps: a browser holds 4 kB of a cookie.
const (
	maxLaunchFeeds = 30
	maxOperator    = 120
	maxCookie      = 3900
)

// launchDraft is what was typed into the wizard so far.
type launchDraft struct {
	User     domain.UserID    `json:"u"`
	Niche    string           `json:"n,omitempty"`
	Domain   string           `json:"d,omitempty"`
	Language string           `json:"l,omitempty"`
	Feeds    []domain.FeedID  `json:"f,omitempty"` // none: all
	Operator *domain.Operator `json:"o,omitempty"`
	Limit    string           `json:"b,omitempty"` // as typed
	Period   string           `json:"p,omitempty"`
}

func (d *Dashboard) launchRoutes() {
	d.shows("/launch", d.launchSite)
	d.shows("/launch/feeds", d.launchFeeds)
	d.shows("/launch/legal", d.launchLegal)
	d.shows("/launch/budget", d.launchBudget)
	d.shows("/launch/check", d.launchCheck)
	d.does("/launch", domain.WebsitesManage, d.saveSite)
	d.does("/launch/feeds", domain.WebsitesManage, d.saveFeeds)
	d.does("/launch/upload", domain.WebsitesManage, d.saveUpload)
	d.does("/launch/legal", domain.WebsitesManage, d.saveLegal)
	d.does("/launch/budget", domain.AdminFull, d.saveBudget)
	d.does("/launch/start", domain.WebsitesManage, d.startLaunch)
}

// draftOf reads what was typed so far. What another user left is nobody's business.
func draftOf(r *http.Request) launchDraft {
	v := launchDraft{}
	raw, err := base64.RawURLEncoding.DecodeString(cookieOf(r, launchCookie))
	user := domain.PrincipalFrom(r.Context()).UserID
	if err != nil || json.Unmarshal(raw, &v) != nil || v.User != user {
		v = launchDraft{}
	}
	v.User = user
	if v.Language == "" {
		v.Language = "en"
	}
	return v
}

// keep stores what was typed and leads on.
func (d *Dashboard) keep(w http.ResponseWriter, r *http.Request, v launchDraft, next string) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	value := base64.RawURLEncoding.EncodeToString(raw)
	if len(value) > maxCookie {
		return "", domain.Invalid("", "That is more text than the form can hold.")
	}
	d.setCookie(w, r, http.Cookie{Name: launchCookie, Value: value, MaxAge: 7 * 24 * 3600})
	return next, nil
}

// launchSheet is the frame of a step.
func launchSheet(at, lead string, panels ...panel) sheet {
	s := sheet{Crumbs: []anchor{{Label: "Sites", Address: "/sites"}}, Title: "Launch a site", Lead: lead, Panels: panels}
	done := true
	for _, p := range []struct{ label, path string }{
		{"Site", "/launch"}, {"Feeds", "/launch/feeds"}, {"Legal", "/launch/legal"}, {"Budget", "/launch/budget"}, {"Check", "/launch/check"},
		{"Build", ""}, {"Approve", ""}, {"Live", ""},
	} {
		st := stage{Label: p.label, Address: p.path, Current: p.path == at && at != ""}
		done = done && !st.Current
		st.Done = done
		s.Stages = append(s.Stages, st)
	}
	return s
}

func mayLaunch(r *http.Request) error {
	_, err := domain.Require(r.Context(), domain.WebsitesManage)
	return err
}

func siteStep(v launchDraft, err error) sheet {
	f := form{ID: "launch", Action: "/launch", Submit: "Continue", Primary: true, Fields: []field{
		{Name: "niche", Label: "Niche", Hint: "In the words of a buyer, such as “mechanical keyboards”.", Value: v.Niche, Required: true, Max: 80},
		{Name: "domain", Label: "Domain", Hint: "The address that visitors will use, such as keyboards.example.", Value: v.Domain, Required: true, Max: 253},
		{Name: "language", Label: "Language", Kind: "select", Options: pick(v.Language, "en", "English", "de", "German")},
		{Name: "then", Kind: "hidden", Value: "feeds"},
	}}
	f.blame(err)
	return launchSheet("/launch", "The product feeds are searched for the niche. Pages are written from what they hold, checked, and shown to you before anything is published.",
		panel{ID: "site", Form: &f})
}

func (d *Dashboard) launchSite(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	v := draftOf(r)
	if n := r.URL.Query().Get("niche"); n != "" { // "launch this" of an opportunity
		v.Niche = n
	}
	return show("sites", siteStep(v, nil))
}

// saveSite keeps the first step. A form that does not ask for the next one starts the
// run at once, with all feeds and the operator of the configuration.
func (d *Dashboard) saveSite(w http.ResponseWriter, r *http.Request) (string, error) {
	v := draftOf(r)
	v.Niche, v.Domain, v.Language = typed(r, "niche"), typed(r, "domain"), typed(r, "language")
	if typed(r, "then") == "" {
		v.Feeds, v.Operator, v.Limit = nil, nil, ""
		return d.begin(w, r, v, func(err error) sheet { return siteStep(v, err) })
	}
	var err error
	if v.Niche == "" {
		err = domain.Invalid("niche", "A niche is needed, such as “mechanical keyboards”.")
	} else {
		_, err = domain.ValidateDomain(v.Domain)
	}
	if err != nil {
		return d.again(w, r, "sites", err, siteStep(v, err))
	}
	return d.keep(w, r, v, "/launch/feeds")
}

func (d *Dashboard) feedStep(r *http.Request, v launchDraft, err error) (sheet, error) {
	feeds, failed := d.c.Work.Catalogue.Feeds(r.Context())
	if failed != nil {
		return sheet{}, failed
	}
	f := form{ID: "feeds", Action: "/launch/feeds", Submit: "Continue", Primary: true}
	options := make([]option, 0, len(feeds))
	for i := range feeds {
		fd := &feeds[i]
		options = append(options, option{string(fd.ID), fd.Name + " (" + plural(fd.Rows, "product", "products") + ")", slices.Contains(v.Feeds, fd.ID)})
	}
	choose := panel{ID: "choose", Title: "Choose feeds", Note: "With none chosen, all feeds are searched."}
	if len(feeds) == 0 {
		choose.Note = ""
		choose.Empty = &empty{Text: "There is no product feed yet. Upload one below, or import one with the command empire import feed."}
	} else {
		f.Fields = []field{{Name: "feeds", Label: "Feeds to search", Kind: "checks", Options: options}}
		choose.Form = &f
	}
	up := uploadForm("/launch/upload", "Upload and go on")
	if fieldOf(err) == "feeds" {
		f.blame(err)
	} else {
		up.blame(err)
	}
	return launchSheet("/launch/feeds", "Where the products come from.", choose, panel{ID: "upload", Title: "Or upload a feed", Form: &up}), nil
}

func (d *Dashboard) launchFeeds(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	s, err := d.feedStep(r, draftOf(r), nil)
	if err != nil {
		return view{}, err
	}
	return show("sites", s)
}

func (d *Dashboard) saveFeeds(w http.ResponseWriter, r *http.Request) (string, error) {
	v := draftOf(r)
	v.Feeds = nil
	for _, id := range r.PostForm["feeds"] {
		v.Feeds = append(v.Feeds, domain.FeedID(id))
	}
	if len(v.Feeds) > maxLaunchFeeds {
		wrong := domain.Invalid("feeds", "Choose at most %d feeds, or none for all.", maxLaunchFeeds)
		s, err := d.feedStep(r, v, wrong)
		if err != nil {
			return "", err
		}
		return d.again(w, r, "sites", wrong, s)
	}
	return d.keep(w, r, v, "/launch/legal")
}

// saveUpload imports a file and chooses its feed.
func (d *Dashboard) saveUpload(w http.ResponseWriter, r *http.Request) (string, error) {
	v := draftOf(r)
	report, wrong := d.importUpload(r)
	if wrong == nil && report.Status == domain.ImportRefused {
		wrong = domain.Invalid("file", "The feed was refused: %s", report.Error)
	}
	if wrong != nil {
		s, err := d.feedStep(r, v, wrong)
		if err != nil {
			return "", err
		}
		return d.again(w, r, "sites", wrong, s)
	}
	if !slices.Contains(v.Feeds, report.FeedID) && len(v.Feeds) < maxLaunchFeeds {
		v.Feeds = append(v.Feeds, report.FeedID)
	}
	d.notify(w, r, "imported")
	return d.keep(w, r, v, "/launch/legal")
}

// checkStep shows what will be started.
func (d *Dashboard) checkStep(r *http.Request, v launchDraft, err error) sheet {
	o := d.operator(v)
	feeds := "All"
	if len(v.Feeds) > 0 {
		feeds = plural(len(v.Feeds), "feed", "feeds")
		if list, failed := d.c.Work.Catalogue.Feeds(r.Context()); failed == nil {
			feeds = feedNames(list, v.Feeds)
		}
	}
	limit := "None of its own"
	if v.Limit != "" {
		limit = v.Limit + " " + d.currency() + " per " + v.Period
		if v.Period == string(domain.PeriodTotal) {
			limit = v.Limit + " " + d.currency() + " in total"
		}
	}
	f := form{ID: "start", Action: "/launch/start", Submit: "Start", Primary: true, Ask: "Pages are written and checked. Nothing is published before you approve it."}
	f.blame(err)
	p := panel{ID: "check", Facts: []fact{
		{"Niche", cell{Text: v.Niche, Link: "/launch"}}, {"Domain", cell{Text: v.Domain, Link: "/launch"}}, {"Language", text(languageName(v.Language))},
		{"Feeds", cell{Text: feeds, Link: "/launch/feeds"}}, {"Operator", cell{Text: words(o.Name, o.City), Link: "/launch/legal"}},
		{"Budget", cell{Text: limit, Link: "/launch/budget"}},
	}, Form: &f}
	if missing := o.Missing(); len(missing) > 0 {
		p.Note = "The legal notice still lacks: " + strings.Join(missing, ", ") + ". The legal gate will be red."
	}
	return launchSheet("/launch/check", "Look at it once more.", p)
}

func feedNames(list []domain.Feed, chosen []domain.FeedID) string {
	var out []string
	for i := range list {
		if slices.Contains(chosen, list[i].ID) {
			out = append(out, list[i].Name)
		}
	}
	return strings.Join(out, ", ")
}

func (d *Dashboard) launchCheck(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	v := draftOf(r)
	if v.Niche == "" || v.Domain == "" {
		return show("sites", siteStep(v, nil))
	}
	return show("sites", d.checkStep(r, v, nil))
}

func (d *Dashboard) startLaunch(w http.ResponseWriter, r *http.Request) (string, error) {
	v := draftOf(r)
	return d.begin(w, r, v, func(err error) sheet { return d.checkStep(r, v, err) })
}

// begin starts the run of what was typed. The budget is made right after the site that
// it is for, before any step of the run has come to a model.
func (d *Dashboard) begin(w http.ResponseWriter, r *http.Request, v launchDraft, shown func(error) sheet) (string, error) {
	b, err := d.budgetOf(v)
	if err != nil {
		return d.again(w, r, "sites", err, shown(err))
	}
	p := domain.GenerateParams{Niche: v.Niche, Domain: v.Domain, Language: v.Language, Feeds: v.Feeds, Operator: v.Operator}
	site, run, err := d.c.Websites.Generate(r.Context(), p)
	if err != nil {
		return d.again(w, r, "sites", err, shown(err))
	}
	notice := "launched"
	if b != nil {
		b.Scope.WebsiteID = site.ID
		if _, err := d.c.Work.Budgets.Create(r.Context(), *b); err != nil {
			d.log(r, errors.Join(errors.New("budget of a launch"), err))
			notice = "launched-without-budget"
		}
	}
	d.setCookie(w, r, http.Cookie{Name: launchCookie, MaxAge: -1})
	d.notify(w, r, notice)
	return "/runs/" + string(run.ID), nil
}
