package catalog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"empire/internal/domain"
)

// nutrients are the figures for 100 g or 100 ml that a label must carry (Regulation (EU)
// No 1169/2011, Annex XV), with the greatest amount that can be meant.
var nutrients = map[string]float64{
	"fat": 100, "saturated_fats": 100, "carbohydrate": 100, "sugar": 100, "fiber": 60, "protein": 95, "salt": 60,
}

const per100g = "g/100g"

// foodAttributes returns the attributes of a row, with what its list of ingredients
// says. Figures for 100 g that cannot be true, and those with more decimals than a label
// has, are left out. A row that is no food keeps its attributes.
func foodAttributes(p *domain.Product, language string) []domain.Attribute {
	if !isFood(p) {
		return p.Attributes
	}
	out := labelFigures(p.Attributes)
	f := foodReader{field: "description", text: p.Fields["description"], name: p.Fields["product_name"]}
	if language == "de" {
		f.list, f.ok = readIngredients(f.text)
	}
	if f.ok {
		f.counts()
		f.fats()
		f.sweet()
		f.additives()
		f.allergens()
	}
	f.marks()
	f.pack()
	f.cocoa()
	if e := p.Fields["ean"]; globalEAN(e) && e == p.EAN {
		f.add(domain.Attribute{Name: "gtin", Kind: domain.AttributeText, Text: e, Field: "ean", Raw: e})
	}
	for i := range f.out {
		f.out[i].RowKey = p.Key
	}
	return append(out, f.out...)
}

func isFood(p *domain.Product) bool {
	low := strings.ToLower(p.CategoryPath + " " + p.Category)
	for _, w := range []string{"lebensmittel", "food", "getränk", "grocer", "drinks"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// labelFigures keeps the figures for 100 g as plain grams, if together they can be true.
func labelFigures(list []domain.Attribute) []domain.Attribute {
	var out []domain.Attribute
	amount := map[string]float64{}
	for _, a := range list {
		most, ok := nutrients[a.Name]
		if !ok {
			if a.Name != "sodium" {
				out = append(out, a)
			}
			continue
		}
		if _, decimals, _ := strings.Cut(strings.TrimSuffix(a.Raw, " "+per100g), "."); a.Unit != per100g || a.Number < 0 || a.Number > most || len(decimals) > 3 {
			continue
		}
		amount[a.Name] = a.Number
		a.Unit = "g"
		out = append(out, a)
	}
	part := func(of, whole string) bool {
		x, okX := amount[of]
		y, okY := amount[whole]
		return okX && okY && x > y+0.1
	}
	total := amount["fat"] + amount["carbohydrate"] + amount["protein"] + amount["salt"] + amount["fiber"]
	if total > 101 || total == 0 || part("sugar", "carbohydrate") || part("saturated_fats", "fat") {
		out = slices.DeleteFunc(out, func(a domain.Attribute) bool { return nutrients[a.Name] > 0 })
	}
	return out
}

// foodReader reads what a row of food says in words.
type foodReader struct {
	field, text, name string
	list              ingredientList
	ok                bool
	out               []domain.Attribute
}

func (f *foodReader) add(a domain.Attribute) {
	if a.Field == "" {
		a.Field = f.field
	}
	if a.Raw != "" {
		f.out = append(f.out, a)
	}
}

func (f *foodReader) flag(name string, value bool, raw string) {
	f.add(domain.Attribute{Name: name, Kind: domain.AttributeFlag, Flag: value, Raw: raw})
}

func (f *foodReader) counts() {
	f.add(domain.Attribute{Name: "ingredient_count", Kind: domain.AttributeNumber, Number: float64(len(f.list.items)), Raw: f.list.span})
	first := f.list.items[0]
	f.add(domain.Attribute{Name: "first_ingredient", Kind: domain.AttributeText, Text: first.name, Raw: first.raw})
	if top := f.leading(4, 6); len(top) > 1 {
		f.add(domain.Attribute{Name: "top_ingredients", Kind: domain.AttributeList, List: top, Raw: first.raw})
	}
}

// leading returns the names that the list begins with, without figures: at most most of
// them, with at most words words, so that they are no quotation.
func (f *foodReader) leading(most, words int) []string {
	var out []string
	for _, in := range f.list.items {
		words -= len(strings.Fields(in.name))
		if words < 0 || len(out) == most || strings.ContainsAny(in.name, "0123456789:;,") {
			break
		}
		out = append(out, in.name)
	}
	return out
}

var (
	palmWord    = regexp.MustCompile(`(?i)palm(kern)?(öl|fett|stearin)?`)
	unnamedFats = regexp.MustCompile(`(?i)(pflanzliche[sr]?|pflanzen)[ -]*(fette?|öle?)\b\s*([^(\s]|$)|speisefettsäuren|pflanzenfett\b`)
	sugarWord   = regexp.MustCompile(`(?i)zucker|sirup|dextrose|glukose|glucose|fruktose|fructose|honig|dicksaft|maltodextrin|melasse|süßmolke|karamell|laktose|lactose|maltose|gerstenmalzextrakt|konzentrat`)
	sweetener   = regexp.MustCompile(`(?i)süßungsmittel|maltit|sorbit|xylit|erythrit|isomalt|aspartam|sucralose|acesulfam|saccharin|stevi|cyclamat`)
)

// fats says whether palm oil stands in the list. A vegetable fat without a name leaves it
// open.
func (f *foodReader) fats() {
	if m := palmWord.FindString(f.list.span); m != "" {
		f.flag("without_palm", false, m)
	} else if !unnamedFats.MatchString(f.list.span) {
		f.flag("without_palm", true, f.list.span)
	}
}

func (f *foodReader) sweet() {
	if m := sugarWord.FindString(f.list.span); m != "" {
		f.flag("no_sugar_listed", false, m)
	} else {
		f.flag("no_sugar_listed", true, f.list.span)
	}
	if m := sweetener.FindString(f.list.span); m != "" {
		f.flag("sweeteners", true, m)
	}
}

// additiveClasses are the names of classes before additives (Regulation (EU) No
// 1169/2011, Annex VII part C), by stem.
var additiveClasses = []struct{ class, stem string }{
	{"Emulgator", "emulgator"}, {"Säuerungsmittel", "säuerungsmittel"}, {"Säureregulator", "säureregulator"}, {"Farbstoff", "farbstoff"},
	{"Konservierungsstoff", "konservierungs"}, {"Antioxidationsmittel", "antioxidation"}, {"Verdickungsmittel", "verdickung"},
	{"Stabilisator", "stabilisator"}, {"Geliermittel", "geliermittel"}, {"Backtriebmittel", "backtriebmittel"}, {"Feuchthaltemittel", "feuchthaltemittel"},
	{"Süßungsmittel", "süßungsmittel"}, {"Trennmittel", "trennmittel"}, {"Überzugsmittel", "überzugsmittel"}, {"Geschmacksverstärker", "geschmacksverstärker"},
	{"modifizierte Stärke", "modifizierte stärke"}, {"Schmelzsalz", "schmelzsalz"}, {"Festigungsmittel", "festigungsmittel"},
}

var (
	eNumber    = regexp.MustCompile(`\bE ?\d{3,4}[a-f]?\b`)
	otherClass = regexp.MustCompile(`(?i)modifizierte \p{L}*stärke|lecithin|pektin|johannisbrotkernmehl|guarkernmehl|carrageen|xanthan|citronensäure|zitronensäure`)
)

// additives names the classes of additives in the list.
func (f *foodReader) additives() {
	low := strings.ToLower(f.list.span)
	var classes []string
	raw := ""
	for _, c := range additiveClasses {
		i := strings.Index(low, c.stem)
		if i < 0 || len(low) != len(f.list.span) {
			continue
		}
		classes = append(classes, c.class)
		if raw == "" {
			raw = f.list.span[i : i+len(c.stem)]
		}
	}
	if len(classes) > 0 {
		f.add(domain.Attribute{Name: "additives", Kind: domain.AttributeList, List: classes, Raw: raw})
	}
	if m := eNumber.FindString(f.list.span); len(classes) > 0 || m != "" || otherClass.MatchString(low) {
		f.flag("no_additives", false, cmp.Or(raw, m, otherClass.FindString(f.list.span)))
	} else {
		f.flag("no_additives", true, f.list.span)
	}
}

// allergenWords are the substances that must be named (Regulation (EU) No 1169/2011,
// Annex II), by the words that lists use for them.
var allergenWords = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"Gluten", regexp.MustCompile(`(?i)(^|[^h])weizen|roggen|gerste|hafer|dinkel|kamut|gluten|emmer|einkorn`)},
	{"Milch", regexp.MustCompile(`(?i)(^|[^sonl-])milch($|[^s])|(mager|voll|butter|frisch|kuh|ziegen|schaf|trink)milch|sahne|rahm|molke|käse|joghurt|quark|laktose|lactose|(^|[^oaßs-])butter($|[^n])|butterreinfett`)},
	{"Ei", regexp.MustCompile(`(?i)\beier?\b|eigelb|eiklar|vollei|hühnerei|eipulver`)},
	{"Soja", regexp.MustCompile(`(?i)soja`)},
	{"Erdnüsse", regexp.MustCompile(`(?i)erdn[uü](ss|ß)`)},
	{"Schalenfrüchte", regexp.MustCompile(`(?i)mandel|haselnuss|haselnüss|walnuss|walnüss|cashew|pekan|pistazi|macadamia|paranuss|paranüss|schalenfrüchte`)},
	{"Sesam", regexp.MustCompile(`(?i)sesam`)}, {"Sellerie", regexp.MustCompile(`(?i)sellerie`)}, {"Senf", regexp.MustCompile(`(?i)senf`)},
	{"Fisch", regexp.MustCompile(`(?i)fisch|lachs|thunfisch|sardelle`)}, {"Lupine", regexp.MustCompile(`(?i)lupine`)},
	{"Sulfite", regexp.MustCompile(`(?i)sulfit|schwefeldioxid`)},
}

// plantMilk hides words that name no milk.
var plantMilk = regexp.MustCompile(`(?i)(kakao|erdnuss|shea|kokos|mandel|soja|hafer|reis|nuss)-? ?(butter|milch|drink)|milchsäure\p{L}*|buchweizen\p{L}*|buttersäure|buttermürb`)

func (f *foodReader) allergens() {
	text := plantMilk.ReplaceAllStringFunc(f.list.span, func(m string) string { return strings.Repeat("·", len(m)) })
	var names []string
	raw := ""
	for _, a := range allergenWords {
		if m := a.pattern.FindString(text); m != "" {
			names = append(names, a.name)
			if raw == "" {
				raw = strings.TrimFunc(m, func(r rune) bool { return r == ' ' || r == '_' || r == '(' || r == ',' })
			}
		}
	}
	if strings.Contains(strings.ToLower(f.list.span), "soja-") && !slices.Contains(names, "Soja") {
		names = append(names, "Soja")
	}
	if len(names) > 0 && strings.Contains(f.text, raw) {
		f.add(domain.Attribute{Name: "allergens", Kind: domain.AttributeList, List: names, Raw: raw})
	}
}

var (
	organicMark = regexp.MustCompile(`\b(Bio|BIO|Demeter|Bioland|Naturland)\b|(kontrolliert|kbA|k\.b\.A\.)[ -]*(biologisch|ökologisch)\p{L}*|(biologisch|ökologisch)e[mnrs]? (Anbau|Landwirtschaft|Landbau)`)
	veganMark   = regexp.MustCompile(`(?i)\bvegan(e[rsnm]?)?\b`)
	glutenMark  = regexp.MustCompile(`(?i)\bgluten-?frei(e[rsnm]?)?\b`)
	lactoseMark = regexp.MustCompile(`(?i)\b(laktose|lactose)-?frei(e[rsnm]?)?\b`)
)

// marks reads what the row states of itself, in its name first. Nothing is concluded.
func (f *foodReader) marks() {
	for _, m := range []struct {
		name    string
		pattern *regexp.Regexp
	}{{"organic", organicMark}, {"vegan", veganMark}, {"gluten_free", glutenMark}, {"lactose_free", lactoseMark}} {
		if raw := m.pattern.FindString(f.name); raw != "" {
			f.add(domain.Attribute{Name: m.name, Kind: domain.AttributeFlag, Flag: true, Field: "product_name", Raw: raw})
		} else if raw := m.pattern.FindString(f.text); raw != "" && f.ok {
			f.flag(m.name, true, raw)
		}
	}
}

var packSize = regexp.MustCompile(`(?i)(^|[^\dx×,.])(\d{1,4}([.,]\d{1,3})?) ?(g|kg|ml|cl|l)\b`)

// pack reads the size of the pack from the name, in grams or milliliters.
func (f *foodReader) pack() {
	m := packSize.FindStringSubmatchIndex(f.name)
	if m == nil || strings.ContainsAny(f.name, "×") || regexp.MustCompile(`(?i)\d ?x ?\d`).MatchString(f.name) {
		return
	}
	n, _, ok := readNumber(f.name[m[4]:m[5]], "de")
	unit := strings.ToLower(f.name[m[8]:m[9]])
	if !ok || n <= 0 || unit != "g" && unit != "ml" {
		return
	}
	f.add(domain.Attribute{Name: "content", Kind: domain.AttributeNumber, Number: n, Unit: unit, Field: "product_name", Raw: f.name[m[4]:m[9]]})
}

var cocoaShare = regexp.MustCompile(`(?i)kakao(gehalt|anteil|bestandteile)?\s*:?\s*(mind(\.|estens))?\s*(\d{2}) ?%|(\d{2}) ?% (kakao|cacao)\b`)

// cocoa reads the share of cocoa that chocolate must state (Directive 2000/36/EC).
func (f *foodReader) cocoa() {
	for _, field := range []string{"product_name", f.field} {
		text := f.name
		if field == f.field {
			text = f.text
		}
		m := cocoaShare.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		digits := cmp.Or(m[4], m[5])
		if n, _, ok := readNumber(digits, "de"); ok && n >= 20 && n <= 100 && strings.Contains(strings.ToLower(text), "mindestens") || ok && field == "product_name" {
			f.add(domain.Attribute{Name: "cocoa", Kind: domain.AttributeNumber, Number: n, Unit: "%", Field: field, Raw: m[0]})
			return
		}
	}
}
