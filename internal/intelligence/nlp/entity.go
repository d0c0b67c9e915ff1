package nlp

import (
	"slices"
	"strings"
	"unicode"
)

// Entity is a name in a text.
type Entity struct {
	Kind  EntityKind
	Text  string
	Start int // in bytes
	End   int
	Why   string // list, known name, legal form, model number, trade mark, head word, law
}

// Entities finds the names of products, brands and organizations, and in German of
// laws, by the names of the list, by well-known names and by rules: a legal form
// (GmbH, Inc.), a model number behind a brand, ® and ™, the head words of institutions
// (University of, Bundesamt für). The list may be nil. Names do not overlap; they come
// in the order of the text.
func Entities(language, text string, list *Gazetteer) []Entity {
	tokens := Tokens(text)
	f := finder{language: language, text: text, tokens: tokens, used: make([]bool, len(tokens))}
	if language == German {
		f.laws()
		f.institutions()
	}
	f.legalForms()
	f.names(list, "list")
	f.names(wellKnown(), "known name")
	f.tradeMarks()
	f.englishInstitutions()
	slices.SortFunc(f.found, func(a, b Entity) int { return a.Start - b.Start })
	return f.found
}

type finder struct {
	language string
	text     string
	tokens   []Token
	used     []bool
	found    []Entity
}

func (f *finder) free(from, to int) bool { return !slices.Contains(f.used[from:to], true) }

func (f *finder) take(kind EntityKind, from, to int, why string) {
	for i := from; i < to; i++ {
		f.used[i] = true
	}
	start, end := f.tokens[from].Start, f.tokens[to-1].End
	f.found = append(f.found, Entity{kind, f.text[start:end], start, end, why})
}

// names finds the names of a list. A brand with a model number or a product name of
// the list behind it is a product.
func (f *finder) names(list *Gazetteer, why string) {
	for i := 0; i < len(f.tokens); i++ {
		e, n := list.match(f.tokens, i)
		if n == 0 || !f.free(i, i+n) || f.language == German && e.kind != EntityProduct && f.cited(i+n) {
			continue
		}
		kind, end, reason := e.kind, i+n, why
		if kind == EntityBrand || kind == EntityProduct {
			if k := f.model(end); k > end {
				kind, end, reason = EntityProduct, k, "model number"
			}
		}
		f.take(kind, i, end, reason)
		i = end - 1
	}
}

// model returns the end of a model designation that begins at token i: codes of
// letters and digits, or a capitalized word or two with a number behind ("Galaxy S 5",
// "Desire Z").
func (f *finder) model(i int) int {
	for k := i; k < len(f.tokens) && k < i+3 && !f.used[k]; k++ {
		t := f.tokens[k].Text
		if isModelCode(t) {
			return k + 1
		}
		if !capital(t) {
			break
		}
	}
	return i
}

// isModelCode reports whether a token mixes letters and digits, or is a number of
// one to four digits that can follow a name.
func isModelCode(t string) bool {
	digits, letters := 0, 0
	for _, r := range t {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		case r != '-':
			return false
		}
	}
	if digits == 0 || letters > 0 && strings.HasSuffix(t, "th") {
		return false
	}
	return letters > 0 || digits == 1 || digits == 3 || digits == 4 && !(t >= "1900" && t < "2100")
}

var legalForm = wordSet(`gmbh ag kg kgaa se ohg ug mbh inc corp ltd llc plc incorporated corporation limited company co gbr eg`)

// legalForms takes the capitalized words before a legal form as the name of a company.
func (f *finder) legalForms() {
	for i := 0; i < len(f.tokens); i++ {
		if !f.isLegalForm(i) {
			continue
		}
		from := i
		for from > 0 && i-from < 5 && f.nameWord(from-1) {
			from--
		}
		if from == i {
			continue
		}
		to := i + 1
		for to < len(f.tokens) { // GmbH & Co. KG
			t := strings.ToLower(f.tokens[to].Text)
			if t == "." && f.tokens[to].Start == f.tokens[to-1].End && to+1 < len(f.tokens) && f.tokens[to-1].Text != "GmbH" {
				to++
			} else if t == "&" || t == "+" || legalForm[t] {
				to++
			} else {
				break
			}
		}
		if last := f.tokens[to-1].Text; last == "&" || last == "+" {
			to--
		}
		if f.free(from, to) {
			f.take(EntityOrganization, from, to, "legal form")
		}
		i = to - 1
	}
}

func (f *finder) isLegalForm(i int) bool {
	t := f.tokens[i].Text
	return capital(t) && legalForm[strings.ToLower(t)] && t != "Company" && t != "Limited" && (t != "Co" || i > 0 && f.tokens[i-1].Text == "&")
}

// nameWord reports whether a token can be part of a name: capitalized, no article.
func (f *finder) nameWord(i int) bool {
	t := f.tokens[i].Text
	return t == "&" || capital(t) && !StopWord(f.language, strings.ToLower(t))
}

// tradeMarks takes the capitalized words before ® or ™ as a brand.
func (f *finder) tradeMarks() {
	for i, t := range f.tokens {
		if t.Text != "®" && t.Text != "™" {
			continue
		}
		from := i
		for from > 0 && i-from < 3 && f.nameWord(from-1) && !f.used[from-1] {
			from--
		}
		if from < i {
			f.take(EntityBrand, from, i, "trade mark")
		}
	}
}

var englishHeads = wordSet(`university college institute ministry department association foundation agency commission committee council museum academy federation hospital`)

// englishInstitutions finds "University of Utah" and "Ford Foundation".
func (f *finder) englishInstitutions() {
	if f.language != English {
		return
	}
	for i, t := range f.tokens {
		if !capital(t.Text) || !englishHeads[strings.ToLower(t.Text)] || f.used[i] {
			continue
		}
		from, to := i, i+1
		for from > 0 && i-from < 3 && f.nameWord(from-1) && !f.used[from-1] {
			from--
		}
		if to+1 < len(f.tokens) && f.tokens[to].Text == "of" && capital(f.tokens[to+1].Text) {
			to += 2
			for to < len(f.tokens) && to < i+5 && f.nameWord(to) {
				to++
			}
		}
		if to-from > 1 && f.free(from, to) {
			f.take(EntityOrganization, from, to, "head word")
		}
	}
}
