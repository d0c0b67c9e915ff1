package content

import (
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

func countText(language string, v float64) string { return market.Count(language, int(v)) }

// legal writes the pages that the law wants, from what the operator stated.
func (w *pageWriter) legal() {
	op := w.s.in.Website.Operator.In(w.s.lang)
	vs := w.operator(op)
	kind := string(w.plan.Kind)
	if w.s.in.Market.Priceless && w.plan.Kind == domain.PagePrivacy {
		kind = "bare.privacy" // there are no paid links
	}
	w.head(kind, vs)
	if op.Sample {
		p := w.para()
		p.say("sample", nil)
		p.end()
	}
	switch w.plan.Kind {
	case domain.PageImprint:
		w.imprint(op, vs)
	case domain.PagePrivacy:
		w.privacy(vs)
	default:
		w.affiliate(vs)
	}
	var pages []domain.PlanPage
	for _, k := range []domain.PageKind{domain.PageMethod, domain.PageImprint, domain.PagePrivacy, domain.PageDisclosure} {
		pages = append(pages, w.s.planned(k)...)
	}
	w.related(pages)
}

// operator returns what the operator stated, by name.
func (w *pageWriter) operator(op domain.Operator) values {
	s := w.s
	vs := values{
		"ddg": s.rule("DDG § 5", "§ 5 DDG"), "mstv": s.rule("MStV § 18 Abs. 2", "§ 18 Abs. 2 MStV"),
		"art6":     s.rule("GDPR Art. 6", map[string]string{"de": "Art. 6 Abs. 1 lit. f DSGVO", "en": "Art. 6(1)(f) GDPR"}[s.lang]),
		"tdddg":    s.rule("TDDDG § 25", map[string]string{"de": "§ 25 TDDDG", "en": "section 25 TDDDG"}[s.lang]),
		"rights":   s.rule("GDPR Art. 15–21", map[string]string{"de": "Art. 15 bis 21 DSGVO", "en": "Art. 15 to 21 GDPR"}[s.lang]),
		"complain": s.rule("GDPR Art. 77", map[string]string{"de": "Art. 77 DSGVO", "en": "Art. 77 GDPR"}[s.lang]),
		"ads":      s.rule("UWG § 5a Abs. 4", map[string]string{"de": "§ 5a Abs. 4 UWG", "en": "§ 5a(4) UWG"}[s.lang]),
		"ftc":      s.rule("16 CFR 255", "16 CFR 255"),
		"host":     s.setting("website.domain", s.in.Website.Domain),
	}
	for name, text := range map[string]string{
		"owner": op.Name, "street": op.Street, "city": strings.TrimSpace(op.PostalCode + " " + op.City), "country": op.Country, "email": op.Email,
		"phone": op.Phone, "contact": op.ContactURL, "register": op.Register, "vat": op.VATID, "responsible": op.Responsible,
	} {
		if v := s.setting("operator."+name, text); v.text != "" {
			vs[name] = v
		}
	}
	return vs
}

// imprint is the legal notice: who answers for the site and how to reach them.
func (w *pageWriter) imprint(op domain.Operator, vs values) {
	w.heading(2, "imprint.h.operator", vs)
	w.lines(vs, "imprint.owner", "imprint.street", "imprint.city", "imprint.country")
	w.heading(2, "imprint.h.contact", vs)
	w.lines(vs, "imprint.email", "imprint.phone", "imprint.contact")
	if op.Register != "" || op.VATID != "" {
		w.heading(2, "imprint.h.register", vs)
		w.lines(vs, "imprint.register", "imprint.vat")
	}
	w.heading(2, "imprint.h.responsible", vs)
	w.lines(vs, "imprint.responsible", "imprint.street", "imprint.city")
	liability := []string{"imprint.liability.content", "imprint.liability.links", "imprint.liability.prices"}
	if w.s.in.Market.Priceless {
		liability = liability[:2]
	}
	w.section("imprint.h.liability", vs, liability...)
	w.section("imprint.h.disputes", vs, "imprint.disputes")
}

// lines adds a list of short lines, one for each phrase that can be said.
func (w *pageWriter) lines(vs values, keys ...string) {
	var items []domain.Paragraph
	for _, k := range keys {
		p := w.para()
		p.say(k, vs)
		items = append(items, p.item())
	}
	w.list(items)
}

// privacy says what the site does with data: static pages, server logs, the count of
// visits unless it is off, outgoing links.
func (w *pageWriter) privacy(vs values) {
	p := w.para()
	p.say("privacy.lead", vs)
	p.end()
	w.section("privacy.h.controller", vs, "privacy.controller", "privacy.controller.mail")
	w.section("privacy.h.logs", vs, "privacy.logs", "privacy.logs.purpose", "privacy.logs.basis", "privacy.logs.delete")
	cookies := "privacy.cookies"
	if !w.s.in.Website.NoAnalytics {
		w.section("privacy.h.visits", vs, "privacy.visits", "privacy.visits.device", "privacy.visits.number", "privacy.visits.session", "privacy.visits.forget", "privacy.visits.signal", "privacy.visits.basis")
		cookies = "privacy.cookies.visits"
	}
	w.section("privacy.h.cookies", vs, cookies, "privacy.cookies.law")
	if !w.s.in.Market.Priceless {
		w.section("privacy.h.links", vs, "privacy.links", "privacy.links.network", "privacy.links.subid")
	}
	w.section("privacy.h.mail", vs, "privacy.mail")
	w.section("privacy.h.rights", vs, "privacy.rights", "privacy.rights.complain")
}

// affiliate says how the site earns money.
func (w *pageWriter) affiliate(vs values) {
	p := w.para()
	p.say("disclosure.lead", vs)
	p.say("disclosure.cost", vs)
	p.end()
	w.section("disclosure.h.mark", vs, "disclosure.mark", "disclosure.mark.rule")
	w.section("disclosure.h.influence", vs, "disclosure.influence", "disclosure.influence.offer", "disclosure.influence.method")
	w.section("disclosure.h.merchants", vs.with(values{"merchant": w.s.merchantNames()}), "disclosure.merchants", "disclosure.merchants.contract")
	w.section("disclosure.h.no", vs, "disclosure.no", "disclosure.no.reviews")
	w.section("disclosure.h.ask", vs, "disclosure.ask")
}
