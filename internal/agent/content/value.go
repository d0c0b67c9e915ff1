package content

import (
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

// plain is text without a figure and without evidence.
func plain(text string) value { return value{text: text} }

// name is the product's name, linked to its page if it has one.
func (s *siteWriter) name(it *market.Item) value { return s.nameCut(it, it.Name()) }

func (s *siteWriter) nameCut(it *market.Item, text string) value {
	if s.in.Market.Priceless && text != it.Name() && s.ambiguous(it, text) {
		text = it.Name()
	}
	v := value{text: text, verbatim: true, slug: s.productPage(it)}
	row := it.Row()
	full := row.Fields["product_name"]
	switch {
	case full == "":
		v.evidence = []domain.EvidenceID{s.ledger.Setting("product_name", row.Name)}
	case strings.Contains(full, text):
		v.evidence = []domain.EvidenceID{s.ledger.Span(row, "product_name", text)}
	default:
		v.evidence = []domain.EvidenceID{s.ledger.Field(row, "product_name")}
		if !s.covered(text, v.evidence) {
			v.evidence = append(v.evidence, s.told(it)...)
		}
	}
	return v
}

// ambiguous reports whether a name that was cut could mean another product, too. Where
// no price and no brand tells products apart, the name has to.
func (s *siteWriter) ambiguous(it *market.Item, cut string) bool {
	return slices.ContainsFunc(s.view.Items, func(o *market.Item) bool {
		return o != it && (o.Name() == cut || strings.HasPrefix(o.Name(), cut+" "))
	})
}

// told cites the attributes whose values stand in a name that was completed from
// the specifications, such as "Wave (27 in)".
func (s *siteWriter) told(it *market.Item) []domain.EvidenceID {
	var out []domain.EvidenceID
	for _, a := range it.Family.Attributes {
		if hasFigure(a.Raw) && a.Field != "description" {
			out = append(out, s.ledger.Attribute(it.Family, a))
		}
	}
	return out
}

func hasFigure(s string) bool { return len(evidence.Numbers(s)) > 0 }

func (s *siteWriter) productPage(it *market.Item) *string {
	if slug, ok := s.pageOf[it.Family.Key]; ok {
		return &slug
	}
	return nil
}

// priceFields are the feed columns that may hold the price, the most common first.
var priceFields = []string{"search_price", "store_price", "price", "display_price"}

// price is the product's price, cited from its row.
func (s *siteWriter) price(it *market.Item) value { return s.rowPrice(it.Row(), it.Money) }

func (s *siteWriter) rowPrice(row *domain.Product, m domain.Money) value {
	text := m.Format(s.lang)
	for _, f := range priceFields {
		if carries(row.Fields[f], m.Major()) {
			return value{text: text, evidence: []domain.EvidenceID{s.ledger.Field(row, f)}}
		}
	}
	set := s.ledger.Set("search_price", []string{row.Key}, []float64{m.Major()}, "price of "+row.Name)
	return value{text: text, evidence: []domain.EvidenceID{set}}
}

// carries reports whether verbatim text holds a number of this value.
func carries(raw string, want float64) bool {
	for _, token := range evidence.Numbers(raw) {
		for _, form := range []string{strings.ReplaceAll(token, ",", ""), strings.Replace(strings.ReplaceAll(token, ".", ""), ",", ".", 1), strings.Replace(token, ",", ".", 1)} {
			if v, err := strconv.ParseFloat(strings.NewReplacer("'", "", "’", "").Replace(form), 64); err == nil && v-want < 1e-9 && want-v < 1e-9 {
				return true
			}
		}
	}
	return false
}

// shown is the value of an item's attribute as a page shows it. ok is false if the
// item does not state it.
func (s *siteWriter) shown(it *market.Item, st *market.Stat) (value, bool) {
	a, ok := st.Attribute(it)
	if !ok {
		return value{}, false
	}
	return s.attribute(it, a), true
}

// attribute shows an attribute. If its figures cannot be read from the cited span
// (a unit was converted, say), the span itself is shown.
func (s *siteWriter) attribute(it *market.Item, a domain.Attribute) value {
	text := market.Show(s.lang, a)
	ids := []domain.EvidenceID{s.ledger.Attribute(it.Family, a)}
	if a.Kind == domain.AttributeList {
		ids = s.options(it, a, ids)
	}
	if counted := a.Unit == ""; a.Kind == domain.AttributeNumber && (counted || market.InMinutes(a.Number, a.Unit)) && !s.covered(text, ids) {
		row := a.RowKey
		if row == "" {
			row = it.Row().Key
		}
		set := s.ledger.Set(a.Name, []string{row}, []float64{a.Number}, s.view.Term(a.Name).Low("en")+" of "+it.Family.Name)
		if counted {
			return value{text: text, evidence: []domain.EvidenceID{set}}
		}
		return value{text: text, evidence: append(ids, s.minutes(set))}
	}
	if !s.covered(text, ids) {
		text = a.Raw
		if a.Kind == domain.AttributeList {
			text = strings.Join(withoutFigures(a.List), ", ")
		}
	}
	if a.Kind == domain.AttributeText {
		text = s.view.Term(a.Name).Cell(s.lang, text)
	}
	return value{text: text, evidence: ids}
}

// minutes converts a number of seconds.
func (s *siteWriter) minutes(seconds domain.EvidenceID) domain.EvidenceID {
	minute, _, _ := s.ledger.Compute("constant", "seconds in a minute", nil, 60)
	id, _, _ := s.ledger.Compute("ratio", "seconds as minutes", []domain.EvidenceID{seconds, minute})
	return id
}

// quantity shows the result of a computation with its unit. The first evidence is the
// computation itself.
func (s *siteWriter) quantity(result float64, unit string, id domain.EvidenceID) value {
	v := value{text: market.Quantity(s.lang, result, unit), evidence: []domain.EvidenceID{id}}
	if market.InMinutes(result, unit) {
		v.evidence = append(v.evidence, s.minutes(id))
	}
	return v
}

// inText is a stated text inside an English sentence: "heat exchanger" where a table says
// "Heat exchanger".
func (s *siteWriter) inText(st *market.Stat, a domain.Attribute, v value) value {
	if a.Kind != domain.AttributeText || s.lang != "en" {
		return v
	}
	if word := st.Term.ValueWords(s.lang, v.text); s.covered(word, v.evidence) {
		v.text = word
	}
	return v
}

// options adds the spans of the single options of a list, which stand in different
// rows.
func (s *siteWriter) options(it *market.Item, list domain.Attribute, ids []domain.EvidenceID) []domain.EvidenceID {
	option := map[string]string{"available_sizes": "size_option", "available_colours": "colour_option"}[list.Name]
	if option == "" {
		return ids
	}
	for _, a := range it.Family.Attributes {
		if a.Name == option {
			ids = append(ids, s.ledger.Attribute(it.Family, a))
		}
	}
	return ids
}

func withoutFigures(list []string) []string {
	var out []string
	for _, x := range list {
		if !hasFigure(x) {
			out = append(out, x)
		}
	}
	return out
}

// covered reports whether every figure in text can be read from the evidence.
func (s *siteWriter) covered(text string, ids []domain.EvidenceID) bool {
	for _, token := range evidence.Numbers(text) {
		found := false
		v, err := strconv.ParseFloat(normalFigure(s.lang, token), 64)
		for _, id := range ids {
			e, _ := s.ledger.Get(id)
			found = found || err == nil && (carries(e.Value, v) || carries(strings.NewReplacer(",", " ", "x", " ").Replace(e.Value), v))
		}
		if !found {
			return false
		}
	}
	return true
}

// normalFigure turns a figure as shown into one that Go parses.
func normalFigure(language, token string) string {
	if language == "de" {
		return strings.Replace(strings.ReplaceAll(token, ".", ""), ",", ".", 1)
	}
	return strings.ReplaceAll(token, ",", "")
}

// feature says in words what an item has: "an IPS panel", "fully modular cables".
// ok is false if the item does not state it, or states that it has not.
func (s *siteWriter) feature(it *market.Item, st *market.Stat) (value, bool) {
	a, ok := st.Attribute(it)
	if !ok || a.Kind == domain.AttributeFlag && !a.Flag || a.Kind == domain.AttributeList && len(a.List) > 3 {
		return value{}, false
	}
	v := s.attribute(it, a)
	words := ""
	switch a.Kind {
	case domain.AttributeFlag:
	case domain.AttributeList:
		var parts []string
		for _, x := range strings.Split(v.text, ", ") {
			parts = append(parts, st.Term.ValueWords(s.lang, x))
		}
		words = market.List(s.lang, parts)
	case domain.AttributeText:
		words = v.text
		if w := st.Term.ValueWords(s.lang, a.Text); s.covered(w, v.evidence) {
			words = w
		}
	default:
		words = v.text
	}
	v.text = st.Term.Feature(s.lang, words)
	return v, true
}

// joined lists values as one: "a, b and c" with all their evidence.
func (s *siteWriter) joined(list []value) value {
	var out value
	var texts []string
	for _, v := range list {
		texts = append(texts, v.text)
		out.evidence = append(out.evidence, v.evidence...)
	}
	out.text = market.List(s.lang, texts)
	return out
}

// limit is a threshold that the plan or a band chose.
func (s *siteWriter) limit(text string, args ...*float64) value {
	v := value{text: text}
	for _, a := range args {
		if a == nil {
			continue
		}
		id, _, _ := s.ledger.Compute("constant", "a limit chosen for this page", nil, *a)
		v.evidence = append(v.evidence, id)
	}
	return v
}

// bandLabel names a price band.
func (s *siteWriter) bandLabel(b market.Band) value {
	return s.limit(b.Label(s.lang, s.view.Currency), b.Low, b.High)
}

// date is the day on which the feed was read.
func (s *siteWriter) date() value {
	text := market.Date(s.lang, s.readAt)
	return value{text: text, evidence: []domain.EvidenceID{s.ledger.Setting("feed_read_at", text)}}
}

// setting is something that the operator stated.
func (s *siteWriter) setting(name, text string) value {
	if text == "" {
		return value{}
	}
	return value{text: text, evidence: []domain.EvidenceID{s.ledger.Setting(name, text)}, verbatim: true}
}

// rule is the name of a law that a page refers to.
func (s *siteWriter) rule(name, text string) value {
	return value{text: text, evidence: []domain.EvidenceID{s.ledger.Rule(name, text)}, verbatim: true}
}

// about names an attribute: attr inside a sentence, Attr as a label, theattr with
// its article, is the verb that goes with it, inattr and onattr say "in" and "on".
func (s *siteWriter) about(st *market.Stat) values {
	t := st.Term
	return values{
		"attr": plain(t.Low(s.lang)), "Attr": plain(market.Upper(t.Low(s.lang))), "theattr": plain(t.The(s.lang)), "is": plain(t.Is(s.lang)),
		"inattr": plain(t.At(s.lang)), "onattr": plain(t.On(s.lang)), "have": plain(t.In(s.lang).Have), "has": plain(t.In(s.lang).Has),
	}
}

// noun is a name of the niche; it needs evidence only if it holds a figure.
func (s *siteWriter) noun(text string) value {
	v := value{text: text}
	if hasFigure(text) {
		v.evidence = []domain.EvidenceID{s.ledger.Setting("niche", text)}
	}
	return v
}

// ordinal writes a place: "3rd"; German says "Platz 3".
func ordinal(language string, n int) string {
	if language == "de" {
		return strconv.Itoa(n)
	}
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
