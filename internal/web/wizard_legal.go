package web

import (
	"net/http"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// operatorField is one field of the legal notice with where its value is kept.
type operatorField struct {
	name, label, hint string
	to                *string
}

// operatorGroup says which part of a form a field of the legal notice belongs to, and
// whether it needs half of the width only.
func operatorGroup(name string) (group string, half bool) {
	switch name {
	case "name", "street":
		return "Name and address", false
	case "postal_code", "city":
		return "Name and address", true
	case "country":
		return "Name and address", false
	case "email", "phone":
		return "How to reach them", true
	case "contact_url":
		return "How to reach them", false
	case "register", "vat_id":
		return "What else the law wants", true
	case "responsible":
		return "What else the law wants", false
	}
	return "For links", false
}

// operatorFields are the fields of the legal notice in the order of a letter.
func operatorFields(o *domain.Operator) []operatorField {
	return []operatorField{
		{"name", "Name", "Person or company that answers for the site.", &o.Name},
		{"street", "Street and number", "", &o.Street},
		{"postal_code", "Postal code", "", &o.PostalCode},
		{"city", "City", "", &o.City},
		{"country", "Country", "", &o.Country},
		{"email", "E-mail", "", &o.Email},
		{"phone", "Phone", "", &o.Phone},
		{"contact_url", "Contact page", "An https address. The law wants a second quick way beside e-mail: a phone or this.", &o.ContactURL},
		{"responsible", "Responsible for the content", "A person with a name.", &o.Responsible},
		{"register", "Commercial register and number", "If there is one.", &o.Register},
		{"vat_id", "VAT identification number", "If there is one.", &o.VATID},
		{"publisher_id", "Publisher id at AWIN", "For links that are made, not taken from a feed.", &o.PublisherID},
	}
}

// operator returns who answers for the site: as typed, else as the configuration says.
func (d *Dashboard) operator(v launchDraft) domain.Operator {
	switch {
	case v.Operator != nil:
		return *v.Operator
	case d.c.Work.Operator != nil:
		return d.c.Work.Operator()
	}
	return domain.Operator{}
}

func (d *Dashboard) legalStep(o domain.Operator, err error) sheet {
	f := form{ID: "legal", Action: "/launch/legal", Submit: "Continue", Primary: true}
	for _, p := range operatorFields(&o) {
		group, half := operatorGroup(p.name)
		f.Fields = append(f.Fields, field{Name: p.name, Label: p.label, Hint: p.hint, Value: *p.to, Max: maxOperator, Group: group, Half: half})
	}
	f.blame(err)
	p := panel{ID: "legal-data", Form: &f}
	if o.Sample {
		p.Note = "These are marked sample data of a demonstration. Replace them before a site goes live."
	}
	return launchSheet("/launch/legal", "Who answers for the site. These data go onto its legal notice, and the legal gate checks that they are whole.", p)
}

func (d *Dashboard) launchLegal(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	return show("sites", d.legalStep(d.operator(draftOf(r)), nil))
}

func (d *Dashboard) saveLegal(w http.ResponseWriter, r *http.Request) (string, error) {
	v := draftOf(r)
	before := d.operator(v)
	o := before
	for _, p := range operatorFields(&o) {
		*p.to = typed(r, p.name)
	}
	if o != before {
		o.Sample = false
	}
	if err := checkOperator(&o); err != nil {
		return d.again(w, r, "sites", err, d.legalStep(o, err))
	}
	v.Operator = &o
	next := "/launch/check"
	if can(r, domain.AdminFull) {
		next = "/launch/budget"
	}
	return d.keep(w, r, v, next)
}

// checkOperator names the first field that is too long or that the law wants.
func checkOperator(o *domain.Operator) error {
	for _, p := range operatorFields(o) {
		if len(*p.to) > maxOperator {
			return domain.Invalid(p.name, "This has at most %d bytes.", maxOperator)
		}
	}
	if missing := o.Missing(); len(missing) > 0 {
		name, _, _ := strings.Cut(missing[0], " ")
		return domain.Invalid(name, "The legal notice needs this.")
	}
	return nil
}

func (d *Dashboard) budgetStep(v launchDraft, err error) sheet {
	f := form{ID: "budget", Action: "/launch/budget", Submit: "Continue", Primary: true, Fields: []field{
		{Name: "limit", Label: "Limit in " + d.currency(), Hint: "What paid models may cost for this site, such as 20 or 20.50. Empty: only the budgets that there are count.", Value: v.Limit, Max: 20},
		{Name: "period", Label: "For", Kind: "select", Options: pick(v.Period, "month", "each month", "day", "each day", "total", "all time")},
	}}
	f.blame(err)
	return launchSheet("/launch/budget", "When the limit is reached, the work waits and you are asked.", panel{ID: "limit", Form: &f})
}

func (d *Dashboard) currency() string {
	if d.c.Work.Currency == "" {
		return "EUR"
	}
	return d.c.Work.Currency
}

func (d *Dashboard) launchBudget(r *http.Request) (view, error) {
	if err := mayLaunch(r); err != nil {
		return view{}, err
	}
	if !can(r, domain.AdminFull) {
		return show("sites", launchSheet("/launch/budget", "Setting a budget needs the permission admin.full. The budgets that there are count for this site, too.",
			panel{ID: "limit", Empty: &empty{"There is nothing to set here.", &anchor{"Continue", "/launch/check", true}}}))
	}
	return show("sites", d.budgetStep(draftOf(r), nil))
}

func (d *Dashboard) saveBudget(w http.ResponseWriter, r *http.Request) (string, error) {
	v := draftOf(r)
	v.Limit, v.Period = typed(r, "limit"), typed(r, "period")
	if _, err := d.budgetOf(v); err != nil {
		return d.again(w, r, "sites", err, d.budgetStep(v, err))
	}
	return d.keep(w, r, v, "/launch/check")
}

// budgetOf returns the budget that was typed, or nil for none.
func (d *Dashboard) budgetOf(v launchDraft) (*domain.Budget, error) {
	if v.Limit == "" {
		return nil, nil //nolint:nilnil // no budget is no fault
	}
	limit, err := minorOf(v.Limit, d.currency())
	if err != nil {
		return nil, err
	}
	b := &domain.Budget{
		Name: v.Domain, Period: domain.BudgetPeriod(v.Period), Limit: domain.Money{Minor: limit, Currency: d.currency()}, OnLimit: domain.LimitAsk,
	}
	if b.Name == "" {
		b.Name = "site"
	}
	return b, b.Validate()
}

// minorOf reads an amount such as 20, 20.5 or 20,50.
func minorOf(s, currency string) (int64, error) {
	wrong := domain.Invalid("limit", "%q is not an amount such as 20 or 20.50.", s)
	digits := domain.CurrencyDigits(currency)
	whole, part, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	if len(part) > digits || len(whole) > 9 || whole == "" || strings.Trim(whole+part, "0123456789") != "" {
		return 0, wrong
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", digits-len(part)), 10, 64)
	if err != nil {
		return 0, wrong
	}
	return n, nil
}
