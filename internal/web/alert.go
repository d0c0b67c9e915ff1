package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

type alertService interface {
	Summary(ctx context.Context) (domain.AlertSummary, error)
	List(ctx context.Context, f domain.AlertFilter, w domain.Window) ([]domain.Alert, int, error)
	Get(ctx context.Context, id domain.AlertID) (*domain.Alert, error)
	Acknowledge(ctx context.Context, id domain.AlertID, note string) (*domain.Alert, error)
	Rules(ctx context.Context) ([]domain.AlertRule, error)
	Rule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error)
	UpdateRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*domain.AlertRule, error)
	Silence(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*domain.AlertRule, error)
	ResetRule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error)
	Channels(ctx context.Context) ([]domain.AlertChannelState, error)
	Test(ctx context.Context, channel domain.AlertChannel) (*domain.AlertDelivery, error)
}

func (d *Dashboard) alertRoutes() {
	if d.c.Work.Alerts == nil {
		return
	}
	d.shows("/alerts", d.alertList)
	d.shows("/alerts/{id}", d.alertPage)
	d.does("/alerts/{id}/acknowledge", domain.AgentsManage, d.alertAcknowledge)
	d.shows("/alert-rules", d.alertRules)
	d.shows("/alert-rules/{id}", d.alertRulePage)
	d.does("/alert-rules/{id}", domain.AdminFull, d.alertRuleSave)
	d.does("/alert-rules/{id}/silence", domain.AdminFull, d.alertRuleSilence)
	d.does("/alert-rules/{id}/reset", domain.AdminFull, d.alertRuleReset)
	d.does("/alert-channels/{channel}/test", domain.AdminFull, d.alertChannelTest)
}

var alertCrumbs = []anchor{{Label: "Alerts", Address: "/alerts"}}

// alertFilter reads which alerts are wanted: those that are open unless the address says
// otherwise.
func alertFilter(r *http.Request) domain.AlertFilter {
	q := r.URL.Query()
	f := domain.AlertFilter{Severity: domain.AlertSeverity(q.Get("severity"))}
	switch s := q.Get("state"); s {
	case "":
		f.Open = true
	case "all":
	default:
		f.State = domain.AlertState(s)
	}
	return f
}

func (d *Dashboard) alertList(r *http.Request) (view, error) {
	f := alertFilter(r)
	list, total, err := d.c.Work.Alerts.List(r.Context(), f, windowOf(r))
	counts := map[string]int{}
	sum, sumErr := d.c.Work.Alerts.Summary(r.Context())
	if sumErr == nil {
		counts[""], counts[string(domain.AlertFiring)], counts[string(domain.AlertAcknowledged)] = sum.Firing+sum.Acknowledged, sum.Firing, sum.Acknowledged
	}
	g := &grid{Columns: []column{{Label: "Alert"}, {Label: "State", Wide: true}, {Label: "Severity"}, {Label: "Since"}, {Label: "Times", Num: true, Wide: true}}}
	for i := range list {
		a := &list[i]
		g.add(cell{Text: a.Title, Link: "/alerts/" + string(a.ID), Sub: a.Text}, state(a.State), state(a.Severity), when(a.Since), count(a.Count))
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, f != domain.AlertFilter{Open: true}, empty{
		Text: "Nothing is wrong. What breaches a rule appears here, and goes again when it is over.", Action: &anchor{Label: "Rules and channels", Address: "/alert-rules"},
	})
	s := sheet{
		Title: "Alerts", Lead: "What breaches a rule now, and what did.", Actions: []anchor{{Label: "Rules and channels", Address: "/alert-rules"}},
		Tabs:   tabsOf(r, "/alerts", "state", counts, "Open", "", "Firing", "firing", "Seen", "acknowledged", "Over", "cleared", "All", "all"),
		Panels: []panel{p},
	}
	if sumErr == nil && sum.EvaluatedAt.IsZero() {
		s.Panels[0].Note = "The rules have not been looked at yet."
	}
	return show("jobs", s)
}

// measured says a value of an alert with its unit.
func measured(value float64, unit string) string {
	n := strconv.FormatFloat(value, 'f', -1, 64)
	if value >= 100 || len(n) > 6 {
		n = strconv.FormatFloat(value, 'f', 0, 64)
	}
	switch unit {
	case "percent":
		return n + " %"
	case "level":
		return map[float64]string{domain.ComponentDegraded: "degraded", domain.ComponentDown: "down"}[value]
	case "count":
		return n
	}
	return n + " " + unit
}

func (d *Dashboard) alertPage(r *http.Request) (view, error) {
	a, err := d.c.Work.Alerts.Get(r.Context(), domain.AlertID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	return show("jobs", d.alertSheet(r, a, "", nil))
}

func (d *Dashboard) alertSheet(r *http.Request, a *domain.Alert, note string, wrong error) sheet {
	facts := []fact{
		{"Severity", state(a.Severity)}, {"Measured", text(measured(a.Value, a.Unit))}, {"Threshold", text(measured(a.Threshold, a.Unit))}, {"Since", when(a.Since)}, {"Seen last", when(a.LastSeen)},
		{"Began", text(plural(a.Count, "time", "times"))}, {"Over since", whenever(a.ClearedAt)}, {"Rule", cell{Text: string(a.RuleID), Link: "/alert-rules/" + string(a.RuleID)}},
	}
	if a.WebsiteID != "" {
		facts = append(facts, fact{"Site", cell{Text: string(a.WebsiteID), Link: "/sites/" + string(a.WebsiteID)}})
	}
	if a.AcknowledgedAt != nil {
		facts = append(facts, fact{"Seen by", cell{Text: string(a.AcknowledgedBy), Sub: a.Note}}, fact{"Seen at", whenever(a.AcknowledgedAt)})
	}
	p := panel{ID: "alert", Lines: []string{a.Text, a.Action}, Facts: facts}
	if a.Open() && can(r, domain.AgentsManage) {
		f := form{ID: "acknowledge", Action: "/alerts/" + string(a.ID) + "/acknowledge", Submit: "I care about it", Primary: true, Fields: []field{
			{Name: "note", Label: "Note for others", Kind: "area", Value: note, Hint: "Nothing more is sent about it until it is over."},
		}}
		f.blame(wrong)
		p.Form = &f
	}
	return sheet{Crumbs: alertCrumbs, Title: a.Title, State: a.State, Panels: []panel{p}}
}

func (d *Dashboard) alertAcknowledge(w http.ResponseWriter, r *http.Request) (string, error) {
	id, note := domain.AlertID(r.PathValue("id")), typed(r, "note")
	if _, err := d.c.Work.Alerts.Acknowledge(r.Context(), id, note); err != nil {
		a, gone := d.c.Work.Alerts.Get(r.Context(), id)
		if gone != nil {
			return "", gone
		}
		return d.again(w, r, "jobs", err, d.alertSheet(r, a, note, err))
	}
	d.notify(w, r, "saved")
	return "/alerts/" + string(id), nil
}

func channelNames(list []domain.AlertChannel) string {
	if len(list) == 0 {
		return "nobody: it is only shown"
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}

// ruleState is the badge of a rule.
func (d *Dashboard) ruleState(rule *domain.AlertRule) string {
	switch {
	case !rule.Enabled:
		return "off"
	case rule.Silent(d.c.Now()):
		return "silenced"
	}
	return "on"
}

func (d *Dashboard) alertRules(r *http.Request) (view, error) {
	list, err := d.c.Work.Alerts.Rules(r.Context())
	g := &grid{Columns: []column{{Label: "Rule"}, {Label: "State"}, {Label: "Severity"}, {Label: "Threshold", Num: true}, {Label: "Told by", Wide: true}}}
	for i := range list {
		rule := &list[i]
		info, _ := domain.InfoOf(rule.Kind)
		sub := "built in"
		if rule.Changed {
			sub = "built in, changed"
		} else if !rule.BuiltIn {
			sub = words(strings.ReplaceAll(string(rule.Kind), "_", " "), string(rule.WebsiteID))
		}
		g.add(cell{Text: rule.Name, Link: "/alert-rules/" + string(rule.ID), Sub: sub}, state(d.ruleState(rule)), state(rule.Severity), text(measured(rule.Threshold, info.Unit)), text(channelNames(rule.Channels)))
	}
	rules := d.listed(r, panel{ID: "list", Title: "Rules", Grid: g}, len(list), len(list), err, false, empty{Text: "There is no rule."})
	rules.Pager = pager{}
	return show("jobs", sheet{Crumbs: alertCrumbs, Title: "Rules and channels", Lead: "When to raise an alert, and how people hear of it.", Panels: []panel{rules, d.channelPanel(r)}})
}

func (d *Dashboard) channelPanel(r *http.Request) panel {
	list, err := d.c.Work.Alerts.Channels(r.Context())
	g := &grid{Columns: []column{{Label: "Channel"}, {Label: "State"}, {Label: "Sent last", Wide: true}, {Label: "Fault", Wide: true}}}
	for i := range list {
		c := &list[i]
		st, to := "on", c.Target
		if !c.Configured {
			st, to = "off", "set "+c.Setting
		}
		row := g.add(cell{Text: string(c.Channel), Sub: to}, state(st), whenever(c.LastSent), text(c.LastError))
		if c.Configured && can(r, domain.AdminFull) {
			row.Forms = []form{button("test-"+string(c.Channel), "/alert-channels/"+string(c.Channel)+"/test", "Send a test")}
		}
	}
	p := d.listed(r, panel{ID: "channels", Title: "Channels", Grid: g}, len(list), len(list), err, false, empty{Text: "There is no channel."})
	p.Pager = pager{}
	return p
}

func (d *Dashboard) alertRulePage(r *http.Request) (view, error) {
	rule, err := d.c.Work.Alerts.Rule(r.Context(), domain.AlertRuleID(r.PathValue("id")))
	if err != nil {
		return view{}, err
	}
	return show("jobs", d.alertRuleSheet(r, rule, ruleFields{
		threshold: strconv.FormatFloat(rule.Threshold, 'f', -1, 64), window: rule.Window.String(), quiet: rule.Quiet.String(), severity: string(rule.Severity), enabled: rule.Enabled, channels: rule.Channels,
	}, nil))
}

// ruleFields are what the form of a rule has, as it was typed.
type ruleFields struct {
	threshold, window, quiet, severity string
	enabled                            bool
	channels                           []domain.AlertChannel
}

func (d *Dashboard) alertRuleSheet(r *http.Request, rule *domain.AlertRule, v ruleFields, wrong error) sheet {
	info, _ := domain.InfoOf(rule.Kind)
	than := "at least"
	if info.Below {
		than = "at most"
	}
	s := sheet{Crumbs: []anchor{{Label: "Alerts", Address: "/alerts"}, {Label: "Rules and channels", Address: "/alert-rules"}}, Title: rule.Name, State: d.ruleState(rule)}
	facts := panel{ID: "facts", Lines: []string{info.Action}, Facts: []fact{
		{"Watches", text(strings.ReplaceAll(string(rule.Kind), "_", " "))}, {"Raised at", text(than + " " + measured(rule.Threshold, info.Unit))}, {"Told by", text(channelNames(rule.Channels))},
		{"Silenced until", whenever(rule.SilencedUntil)},
	}}
	s.Panels = []panel{facts}
	if !can(r, domain.AdminFull) {
		return s
	}
	base := "/alert-rules/" + string(rule.ID)
	var told []option
	for _, c := range []domain.AlertChannel{domain.ChannelMail, domain.ChannelWebhook} {
		told = append(told, option{string(c), string(c), slices.Contains(v.channels, c)})
	}
	f := form{ID: "rule", Action: base, Submit: "Save", Primary: true, Fields: []field{
		{Name: "threshold", Label: "Threshold in " + info.Unit, Value: v.threshold, Required: true, Max: 20, Half: true},
		{Name: "quiet", Label: "Quiet time", Value: v.quiet, Required: true, Max: 20, Half: true, Hint: "How long nothing may be wrong until an alert is over, such as 5m."},
		{Name: "severity", Label: "Severity", Kind: "select", Half: true, Options: pick(v.severity, "critical", "critical: told at once", "warning", "warning", "info", "info")},
		{Name: "enabled", Label: "Look at it", Kind: "select", Half: true, Options: pick(strconv.FormatBool(v.enabled), "true", "yes", "false", "no")},
		{Name: "channels", Label: "Tell people by", Kind: "checks", Options: told},
	}}
	if info.Windowed {
		f.Fields = append(f.Fields, field{Name: "window", Label: "Window", Value: v.window, Required: true, Max: 20, Hint: "How far back is looked, such as 1h."})
	}
	f.blame(wrong)
	s.Panels = append(s.Panels, panel{ID: "edit", Title: "Change it", Form: &f})
	hush := button("silence", base+"/silence", "Silence it for a day")
	if rule.Silent(d.c.Now()) {
		hush = button("silence", base+"/silence", "End the silence")
		hush.Fields = []field{{Name: "end", Kind: "hidden", Value: "yes"}}
	}
	s.Panels = append(s.Panels, panel{ID: "hush", Note: "Alerts of a silenced rule are raised and shown, but nobody is told.", Form: &hush})
	if rule.BuiltIn && rule.Changed {
		reset := confirm("reset", base+"/reset", "Reset…", "The rule becomes what it was at first.", "Reset "+rule.Name)
		s.Panels = append(s.Panels, panel{ID: "reset", Form: &reset})
	}
	return s
}

func (d *Dashboard) alertRuleSave(w http.ResponseWriter, r *http.Request) (string, error) {
	id := domain.AlertRuleID(r.PathValue("id"))
	rule, err := d.c.Work.Alerts.Rule(r.Context(), id)
	if err != nil {
		return "", err
	}
	v := ruleFields{threshold: typed(r, "threshold"), window: typed(r, "window"), quiet: typed(r, "quiet"), severity: typed(r, "severity"), enabled: typed(r, "enabled") == "true"}
	for _, c := range r.PostForm["channels"] {
		v.channels = append(v.channels, domain.AlertChannel(c))
	}
	patch, err := v.patch(rule)
	if err == nil {
		_, err = d.c.Work.Alerts.UpdateRule(r.Context(), id, patch)
	}
	if err != nil {
		return d.again(w, r, "jobs", err, d.alertRuleSheet(r, rule, v, err))
	}
	d.notify(w, r, "saved")
	return "/alert-rules/" + string(id), nil
}

// patch reads what was typed.
func (v *ruleFields) patch(rule *domain.AlertRule) (domain.AlertRulePatch, error) {
	severity := domain.AlertSeverity(v.severity)
	p := domain.AlertRulePatch{Severity: &severity, Enabled: &v.enabled, Channels: &v.channels}
	if v.channels == nil {
		p.Channels = &[]domain.AlertChannel{}
	}
	threshold, err := strconv.ParseFloat(v.threshold, 64)
	if err != nil {
		return p, domain.Invalid("threshold", "This is not a number.")
	}
	p.Threshold = &threshold
	quiet, err := time.ParseDuration(v.quiet)
	if err != nil {
		return p, domain.Invalid("quiet", "This is not a time such as 5m or 1h.")
	}
	p.Quiet = &quiet
	if info, _ := domain.InfoOf(rule.Kind); info.Windowed {
		window, err := time.ParseDuration(v.window)
		if err != nil {
			return p, domain.Invalid("window", "This is not a time such as 5m or 1h.")
		}
		p.Window = &window
	}
	return p, nil
}

func (d *Dashboard) alertRuleSilence(w http.ResponseWriter, r *http.Request) (string, error) {
	id := domain.AlertRuleID(r.PathValue("id"))
	until := d.c.Now().UTC().Add(24 * time.Hour)
	end := &until
	if typed(r, "end") == "yes" {
		end = nil
	}
	if _, err := d.c.Work.Alerts.Silence(r.Context(), id, end); err != nil {
		return "", err
	}
	d.notify(w, r, "saved")
	return "/alert-rules/" + string(id), nil
}

func (d *Dashboard) alertRuleReset(w http.ResponseWriter, r *http.Request) (string, error) {
	id := domain.AlertRuleID(r.PathValue("id"))
	if _, err := d.c.Work.Alerts.ResetRule(r.Context(), id); err != nil {
		return "", err
	}
	d.notify(w, r, "saved")
	return "/alert-rules/" + string(id), nil
}

func (d *Dashboard) alertChannelTest(w http.ResponseWriter, r *http.Request) (string, error) {
	sent, err := d.c.Work.Alerts.Test(r.Context(), domain.AlertChannel(r.PathValue("channel")))
	if err != nil {
		return "", err
	}
	if sent.State != domain.DeliverySent {
		return "", domain.Errorf(domain.CodeUnavailable, "The test message was not sent: %s", sent.Error)
	}
	d.notify(w, r, "test-sent")
	return "/alert-rules", nil
}

// needAlerts are the alerts that nobody cares about yet.
func (d *Dashboard) needAlerts(r *http.Request) ([]need, error) {
	if d.c.Work.Alerts == nil {
		return nil, nil
	}
	list, total, err := d.c.Work.Alerts.List(r.Context(), domain.AlertFilter{State: domain.AlertFiring}, domain.Window{Limit: maxNeeds})
	if err != nil {
		return nil, err
	}
	var out []need
	for i := range list {
		a := &list[i]
		out = append(out, need{badgeOf(a.Severity), a.Title, a.Action, "/alerts/" + string(a.ID), &a.Since})
	}
	return andMore(out, total, "alerts", "/alerts"), nil
}
