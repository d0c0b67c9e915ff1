package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type accountService interface {
	List(ctx context.Context, w domain.Window) ([]domain.User, int, error)
	Get(ctx context.Context, id domain.UserID) (*domain.User, error)
	Create(ctx context.Context, p domain.UserParams) (*domain.User, error)
	Update(ctx context.Context, id domain.UserID, p domain.UserPatch) (*domain.User, error)
	Delete(ctx context.Context, id domain.UserID) error
}

type keyService interface {
	Create(ctx context.Context, user domain.UserID, p domain.APIKeyParams) (*domain.NewAPIKey, error)
	List(ctx context.Context, user domain.UserID, w domain.Window) ([]domain.APIKey, int, error)
	Revoke(ctx context.Context, user domain.UserID, id domain.APIKeyID) error
}

func (d *Dashboard) accountRoutes() {
	d.shows("/settings", d.settings)
	d.shows("/settings/users", d.userList)
	d.shows("/settings/users/{id}", d.userPage)
	d.shows("/settings/keys", d.keyList)
	d.does("/settings/users", domain.AdminFull, d.userCreate)
	d.does("/settings/users/{id}", domain.AdminFull, d.userUpdate)
	d.does("/settings/users/{id}/delete", domain.AdminFull, d.userDelete)
	d.mux.HandleFunc("POST /settings/keys", d.action(d.keyCreate))
	d.mux.HandleFunc("POST /settings/keys/{id}/revoke", d.action(d.keyRevoke))
}

// settings leads to the first page of the settings that who looks may see.
func (d *Dashboard) settings(r *http.Request) (view, error) {
	g := &grid{Columns: []column{{Label: "Setting"}, {Label: "What for"}}}
	for _, e := range []struct {
		label, path, what string
		right             domain.Permission
	}{
		{"Users", "/settings/users", "who may sign in, and what they may do", domain.AdminFull},
		{"API keys", "/settings/keys", "your keys for programs", ""},
		{"Webhooks", "/settings/webhooks", "what other services told this one", domain.AdminFull},
		{"Connections", "/settings/connections", "whether every part and every model answers", domain.AgentsRead},
		{"Budgets", "/settings/budgets", "what paid models may cost", domain.WebsitesRead},
		{"Audit log", "/settings/audit", "who changed what", domain.AdminFull},
		{"API", "/docs", "the REST API, with examples", ""},
	} {
		if e.right == "" || can(r, e.right) {
			g.add(cell{Text: e.label, Link: e.path}, text(e.what))
		}
	}
	return show("settings", sheet{Title: "Settings", Panels: []panel{{ID: "all", Grid: g}}})
}

// userNames are the addresses of users by id, as far as who looks may know them.
func (d *Dashboard) userNames(r *http.Request) map[domain.UserID]string {
	list, _, err := d.c.Work.Accounts.List(r.Context(), domain.Window{Limit: 1000})
	if err != nil {
		d.log(r, err)
	}
	out := make(map[domain.UserID]string, len(list))
	for i := range list {
		out[list[i].ID] = list[i].Email
	}
	return out
}

func sortedUsers(names map[domain.UserID]string) []domain.UserID {
	return slices.SortedFunc(maps.Keys(names), func(a, b domain.UserID) int { return strings.Compare(names[a], names[b]) })
}

func permissionOptions(held []domain.Permission, offered []domain.Permission) []option {
	what := map[domain.Permission]string{
		domain.AgentsRead: "see agents, runs and schedules", domain.AgentsManage: "start, stop and schedule work", domain.WebsitesRead: "see sites, feeds and links",
		domain.WebsitesManage: "launch, approve, publish, import", domain.IntelligenceUse: "scan markets, search, research", domain.AdminFull: "everything, also users and budgets",
	}
	out := make([]option, 0, len(offered))
	for _, p := range offered {
		out = append(out, option{string(p), string(p) + " – " + what[p], slices.Contains(held, p)})
	}
	return out
}

func permissionsTyped(r *http.Request, name string) []domain.Permission {
	out := []domain.Permission{}
	for _, p := range r.PostForm[name] {
		out = append(out, domain.Permission(p))
	}
	return out
}

func joined(list []domain.Permission) string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = string(list[i])
	}
	return strings.Join(out, ", ")
}

func (d *Dashboard) userSheet(r *http.Request, held []domain.Permission, wrong error) sheet {
	list, total, err := d.c.Work.Accounts.List(r.Context(), windowOf(r))
	g := &grid{Columns: []column{{Label: "User"}, {Label: "May"}, {Label: "Second factor", Wide: true}, {Label: "Since", Wide: true}}}
	for i := range list {
		u := &list[i]
		st, factor := cell{Text: joined(u.Permissions)}, "no"
		if len(u.Permissions) == 0 {
			st = state("disabled")
		}
		if len(u.TOTP) > 0 {
			factor = "yes"
		}
		g.add(cell{Text: u.Email, Link: "/settings/users/" + string(u.ID), Sub: u.Name}, st, text(factor), when(u.CreatedAt))
	}
	f := form{ID: "user", Action: "/settings/users", Submit: "Add", Primary: true, Fields: []field{
		{Name: "email", Label: "E-mail", Kind: "email", Value: typed(r, "email"), Required: true, Max: 254},
		{Name: "name", Label: "Name", Value: typed(r, "name"), Max: domain.MaxName},
		{Name: "password", Label: "First password", Kind: "password", Required: true, Complete: "new-password", Hint: "At least 12 characters. Hand it over in person; the user changes it."},
		{Name: "permissions", Label: "Permissions", Kind: "checks", Options: permissionOptions(held, domain.Permissions())},
	}}
	f.blame(wrong)
	return sheet{Title: "Users", Panels: []panel{
		d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, false, empty{Text: "No user."}), {ID: "new", Title: "Add a user", Form: &f},
	}}
}

func (d *Dashboard) userList(r *http.Request) (view, error) {
	if err := needs(r, domain.AdminFull); err != nil {
		return view{}, err
	}
	return show("settings", d.userSheet(r, []domain.Permission{domain.AgentsRead, domain.WebsitesRead}, nil))
}

func (d *Dashboard) userCreate(w http.ResponseWriter, r *http.Request) (string, error) {
	p := domain.UserParams{Email: typed(r, "email"), Name: typed(r, "name"), Password: r.PostFormValue("password"), Permissions: permissionsTyped(r, "permissions")}
	if _, err := d.c.Work.Accounts.Create(r.Context(), p); err != nil {
		return d.again(w, r, "settings", err, d.userSheet(r, p.Permissions, err))
	}
	d.notify(w, r, "saved")
	return "/settings/users", nil
}

func (d *Dashboard) userSheetOf(r *http.Request, u *domain.User, name string, held []domain.Permission, wrong error) sheet {
	base := "/settings/users/" + string(u.ID)
	f := form{ID: "user", Action: base, Submit: "Save", Primary: true, Fields: []field{
		{Name: "name", Label: "Name", Value: name, Max: domain.MaxName},
		{Name: "permissions", Label: "Permissions", Kind: "checks", Options: permissionOptions(held, domain.Permissions()), Hint: "Without any, the user may sign in and do nothing: that is how an account is disabled."},
	}}
	f.blame(wrong)
	s := sheet{Crumbs: []anchor{{"Users", "/settings/users", false}}, Title: u.Email, Panels: []panel{{ID: "change", Form: &f}}}
	if len(u.Permissions) == 0 {
		s.State = "disabled"
	}
	if u.ID != domain.PrincipalFrom(r.Context()).UserID {
		off := confirm("disable", base, "Disable…", u.Email+" may do nothing from now on. Sign-ins and API keys of the account are worth nothing; what it made stays.", "Disable "+u.Email)
		off.Fields = []field{{Name: "name", Kind: "hidden", Value: u.Name}}
		gone := confirm("delete", base+"/delete", "Remove…", "The account of "+u.Email+" goes with its sign-ins and API keys. What it made stays.", "Remove "+u.Email)
		s.Panels = append(s.Panels, panel{ID: "off", Form: &off}, panel{ID: "gone", Form: &gone})
	}
	return s
}

func (d *Dashboard) userPage(r *http.Request) (view, error) {
	if err := needs(r, domain.AdminFull); err != nil {
		return view{}, err
	}
	u, err := d.c.Work.Accounts.Get(r.Context(), domain.UserID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	return show("settings", d.userSheetOf(r, u, u.Name, u.Permissions, nil))
}

func (d *Dashboard) userUpdate(w http.ResponseWriter, r *http.Request) (string, error) {
	id := domain.UserID(r.PathValue("id"))
	name, held := typed(r, "name"), permissionsTyped(r, "permissions")
	if _, err := d.c.Work.Accounts.Update(r.Context(), id, domain.UserPatch{Name: &name, Permissions: &held}); err != nil {
		u, missing := d.c.Work.Accounts.Get(r.Context(), id)
		if missing != nil {
			return "", missing
		}
		return d.again(w, r, "settings", err, d.userSheetOf(r, u, name, held, err))
	}
	d.notify(w, r, "saved")
	return "/settings/users/" + string(id), nil
}

func (d *Dashboard) userDelete(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := d.c.Work.Accounts.Delete(r.Context(), domain.UserID(r.PathValue("id"))); err != nil {
		return "", err
	}
	d.notify(w, r, "deleted")
	return "/settings/users", nil
}

// keySheet lists the keys of who looks; made is one that was made just now.
func (d *Dashboard) keySheet(r *http.Request, scope []domain.Permission, made *domain.NewAPIKey, wrong error) sheet {
	me := domain.PrincipalFrom(r.Context())
	list, total, err := d.c.Work.Keys.List(r.Context(), me.UserID, windowOf(r))
	g := &grid{Columns: []column{{Label: "Key"}, {Label: "State"}, {Label: "May", Wide: true}, {Label: "Used", Wide: true}, {Label: "Ends", Wide: true}}}
	for i := range list {
		k := &list[i]
		st := "active"
		switch {
		case k.RevokedAt != nil:
			st = "revoked"
		case !k.Valid(d.c.Now()):
			st = "ended"
		}
		row := g.add(cell{Text: k.Name, Sub: k.Prefix + "…"}, state(st), text(joined(k.Scope)), whenever(k.LastUsedAt), text(k.ExpiresAt.UTC().Format("2 Jan 2006")))
		if st == "active" {
			row.Forms = []form{confirm("revoke-"+string(k.ID), "/settings/keys/"+string(k.ID)+"/revoke", "Revoke…", "Programs with key "+k.Name+" are refused at once.", "Revoke "+k.Name)}
		}
	}
	offered := slices.DeleteFunc(domain.Permissions(), func(p domain.Permission) bool { return !me.Can(p) })
	f := form{ID: "key", Action: "/settings/keys", Submit: "Make the key", Primary: true, Fields: []field{
		{Name: "name", Label: "Name", Value: typed(r, "name"), Required: true, Max: domain.MaxName, Hint: "What the key is for."},
		{Name: "scope", Label: "May", Kind: "checks", Options: permissionOptions(scope, offered)},
		{Name: "expires_in", Label: "Lasts", Kind: "select", Options: pick(typed(r, "expires_in"), "2160h", "90 days", "720h", "30 days", "24h", "one day", "8760h", "one year")},
	}}
	s := sheet{Title: "API keys", Lead: "Keys with which programs act for you.", Actions: []anchor{{Label: "The API", Address: "/docs"}}}
	if made != nil {
		f.Fields[0].Value = ""
		s.Panels = append(s.Panels, panel{ID: "made", Title: "Key " + made.Name + " is made", Note: "Copy it now. It is shown this once and cannot be found again.", Secret: made.Secret})
	}
	f.blame(wrong)
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, false, empty{
		Text: "You have no key. Programs need one to use the API.", Action: &anchor{Label: "Make the first one", Address: "#new"},
	})
	s.Panels = append(s.Panels, p, panel{ID: "new", Title: "New key", Form: &f})
	return s
}

func (d *Dashboard) keyList(r *http.Request) (view, error) {
	return show("settings", d.keySheet(r, nil, nil, nil))
}

// keyCreate answers with the page itself: the secret is in no address, no cookie and no
// history.
func (d *Dashboard) keyCreate(w http.ResponseWriter, r *http.Request) (string, error) {
	lasts, err := time.ParseDuration(typed(r, "expires_in"))
	if err != nil {
		lasts = 0
	}
	p := domain.APIKeyParams{Name: typed(r, "name"), Scope: permissionsTyped(r, "scope"), Expires: lasts}
	made, err := d.c.Work.Keys.Create(r.Context(), domain.PrincipalFrom(r.Context()).UserID, p)
	if err != nil {
		return d.again(w, r, "settings", err, d.keySheet(r, p.Scope, nil, err))
	}
	v, err := show("settings", d.keySheet(r, nil, made, nil))
	if err == nil {
		d.render(w, r, http.StatusOK, v)
	}
	return "", err
}

func (d *Dashboard) keyRevoke(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := d.c.Work.Keys.Revoke(r.Context(), domain.PrincipalFrom(r.Context()).UserID, domain.APIKeyID(r.PathValue("id"))); err != nil {
		return "", err
	}
	d.notify(w, r, "revoked")
	return "/settings/keys", nil
}
