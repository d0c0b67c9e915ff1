package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// feature is something that a description states in fixed words.
type feature struct {
	name    string
	text    string // of a text attribute; empty for a flag
	phrases []string
}

// The lexicon holds phrases in lower case, English and German. A phrase stands for
// whole words; the last one may have an ending of letters if the phrase ends with an
// asterisk. A hyphen stands for a hyphen or a space.

// commonFeatures are said of products of many kinds.
var commonFeatures = []feature{
	{name: "machine_wash", phrases: []string{"machine-wash*", "maschinenwaschbar*", "waschmaschinenfest*", "maschinenwäsche"}},
	{name: "reversible", phrases: []string{"reversible", "wendbar*", "beidseitig tragbar"}},
	{name: "quick_drying", phrases: []string{"quick-dry*", "fast-drying", "schnelltrocknend*"}},
	{name: "waterproof", phrases: []string{"waterproof", "wasserdicht*"}},
	{name: "water_resistant", phrases: []string{"water-resistant", "water-repellent", "wasserabweisend*", "wasserfest*"}},
	{name: "windproof", phrases: []string{"windproof", "wind-resistant", "winddicht*", "windabweisend*"}},
	{name: "breathable", phrases: []string{"breathable", "atmungsaktiv*"}},
	{name: "uv_protection", phrases: []string{"uv protection", "upf 50", "upf 50+", "uv-schutz*"}},
	{name: "lightweight", phrases: []string{"lightweight", "ultra-lightweight", "ultra lightweight"}},
	{name: "dishwasher_safe", phrases: []string{"dishwasher safe", "dishwasher-safe", "spülmaschinenfest*", "spülmaschinengeeignet*"}},
	{name: "rechargeable", phrases: []string{"rechargeable", "wiederaufladbar*"}},
	{name: "wireless", phrases: []string{"wireless", "cordless", "kabellos*", "schnurlos*"}},
	{name: "bluetooth", phrases: []string{"bluetooth"}},
	{name: "noise_cancelling", phrases: []string{"noise-cancelling", "noise-canceling", "geräuschunterdrückung"}},
	{name: "foldable", phrases: []string{"foldable", "faltbar*", "zusammenklappbar*", "klappbar*"}},
	{name: "height_adjustable", phrases: []string{"height-adjustable", "höhenverstellbar*"}},
	{name: "dimmable", phrases: []string{"dimmable", "dimmbar*"}},
	{name: "bpa_free", phrases: []string{"bpa-free", "bpa-frei*"}},
	{name: "stainless_steel", phrases: []string{"stainless steel", "edelstahl*"}},
	{name: "vegan", phrases: []string{"vegan", "vegane", "veganer", "veganes", "veganen"}},
	{name: "gluten_free", phrases: []string{"gluten-free", "glutenfrei*"}},
	{name: "lactose_free", phrases: []string{"lactose-free", "laktosefrei*"}},
}

// wearFeatures are said of clothing; elsewhere their words mean other things.
var wearFeatures = []feature{
	{name: "line_dry", phrases: []string{"line-dry", "machine wash/line dry", "hang to dry", "auf der leine trocknen"}},
	{name: "full_zip", phrases: []string{"full-zip*", "durchgehender reißverschluss", "durchgehendem reißverschluss"}},
	{name: "half_zip", phrases: []string{"half-zip*", "1/2-zip*", "½-zip*"}},
	{name: "quarter_zip", phrases: []string{"quarter-zip*", "1/4-zip*", "¼-zip*"}},
	{name: "pullover", phrases: []string{"pullover"}},
	{name: "adjustable_hood", phrases: []string{"adjustable hood", "adjustable drawstring hood", "drawstring-adjustable hood", "verstellbare kapuze", "verstellbarer kapuze"}},
	{name: "hood", phrases: []string{"hood", "hooded", "hoodie", "kapuze", "kapuzenpullover", "drawstring hood"}},
	{name: "moisture_wicking", phrases: []string{"moisture-wicking", "sweat-wicking", "dry-wick*", "wicks moisture", "wicks away moisture", "wicking fabric", "wicking fiber", "feuchtigkeitsableitend*", "feuchtigkeitstransport*", "schweißableitend*"}},
	{name: "insulated", phrases: []string{"insulated", "isoliert*", "wattiert*", "gefüttert*"}},
	{name: "fleece", phrases: []string{"fleece", "fleece-lined", "fleecefutter"}},
	{name: "reflective", phrases: []string{"reflective", "reflectivity", "reflektierend*", "reflektoren"}},
	{name: "odor_resistant", phrases: []string{"odor-resistant", "anti-odor", "odor control", "geruchshemmend*"}},
	{name: "antimicrobial", phrases: []string{"antimicrobial", "anti-microbial", "antibakteriell*"}},
	{name: "thumb_holes", phrases: []string{"thumb-holes", "thumbholes", "thumbhole cuffs", "daumenlöcher*"}},
	{name: "hand_pockets", phrases: []string{"hand-pockets", "hand-warmer pockets"}},
	{name: "kangaroo_pocket", phrases: []string{"kangaroo pocket", "kangaroo pockets", "pouch pocket", "pouch pockets", "kängurutasche*"}},
	{name: "pockets", phrases: []string{"pocket", "pockets", "seitentasche*", "brusttasche*", "reißverschlusstasche*"}},
	{name: "flat_seams", phrases: []string{"flatlock seams", "flat lock seams", "flatlock stitching", "flat seams", "chafe-resistant", "flachnähte*"}},
	{name: "pre_shrunk", phrases: []string{"pre-shrunk"}},
	{name: "stretch", phrases: []string{"4-way stretch", "four-way stretch", "stretch-anteil"}},
	{name: "tagless", phrases: []string{"tagless"}},
	{name: "fit", text: "relaxed", phrases: []string{"relaxed fit", "lockere passform", "relaxed cut"}},
	{name: "fit", text: "loose", phrases: []string{"loose fit", "weite passform"}},
	{name: "fit", text: "slim", phrases: []string{"slim fit", "schmale passform"}},
	{name: "fit", text: "fitted", phrases: []string{"semi-fitted", "fitted", "snug fit", "body hugging fit", "enge passform"}},
	{name: "fit", text: "standard", phrases: []string{"standard fit", "regular fit", "normale passform"}},
	{name: "sleeve", text: "short", phrases: []string{"short-sleeve*", "kurzarm*", "kurze ärmel"}},
	{name: "sleeve", text: "long", phrases: []string{"long-sleeve*", "langarm*", "lange ärmel"}},
	{name: "collar", text: "crew", phrases: []string{"crew neckline", "crewneck", "crew neck", "ribbed crew neckline", "rundhals*"}},
	{name: "collar", text: "v-neck", phrases: []string{"v-neck", "v-ausschnitt"}},
	{name: "collar", text: "scoop", phrases: []string{"scoop neckline", "scoop neck"}},
	{name: "collar", text: "stand-up", phrases: []string{"stand-up collar", "stehkragen"}},
	{name: "collar", text: "mock-neck", phrases: []string{"mock-neck*"}},
}

// phrase is a lexicon phrase made ready for search.
type phrase struct {
	feature *feature
	text    string
	open    bool // the last word may have an ending
	wear    bool // for clothing only
}

// phrases lists all phrases by their first letters, so that a text is walked once.
var phrases = func() map[string][]phrase {
	out := map[string][]phrase{}
	add := func(features []feature, wear bool) {
		for i := range features {
			for _, text := range features[i].phrases {
				text, open := strings.CutSuffix(text, "*")
				key := text[:phraseKey]
				out[key] = append(out[key], phrase{&features[i], text, open, wear})
			}
		}
	}
	add(commonFeatures, false)
	add(wearFeatures, true)
	return out
}()

// phraseKey is how many bytes of a phrase select the candidates at a position.
const phraseKey = 3

// features finds the phrases of the lexicon in a text. A feature that the text
// denies ("not machine washable") or only allows for ("optional") is no feature.
func (c *collector) features(field, text, low string) {
	start := true
	for i, r := range low {
		word := unicode.IsLetter(r) || unicode.IsDigit(r)
		if start && word || r == '½' || r == '¼' {
			c.featureAt(field, text, low, i)
		}
		start = !word
	}
}

func (c *collector) featureAt(field, text, low string, at int) {
	if len(low)-at < phraseKey {
		return
	}
	for _, p := range phrases[low[at:at+phraseKey]] {
		if p.wear && !c.wear {
			continue
		}
		n := matchPhrase(low[at:], p)
		if n == 0 || c.has(p.feature.name) || denied(low[:at]) || negatedAfter(low[at+n:]) {
			continue
		}
		a := domain.Attribute{Name: p.feature.name, Kind: domain.AttributeFlag, Flag: true, Field: field, Raw: text[at : at+n]}
		if p.feature.text != "" {
			a.Kind, a.Flag, a.Text = domain.AttributeText, false, p.feature.text
		}
		c.add(a)
	}
}

// matchPhrase returns how much of s the phrase takes, or zero.
func matchPhrase(s string, p phrase) int {
	if len(s) < len(p.text) {
		return 0
	}
	for i := 0; i < len(p.text); i++ {
		if s[i] != p.text[i] && !(p.text[i] == '-' && s[i] == ' ') {
			return 0
		}
	}
	n := len(p.text)
	for p.open && n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !unicode.IsLetter(r) {
			break
		}
		n += size
	}
	if !wordEndsAt(s, n) {
		return 0
	}
	return n
}

// denied reports whether the words before a phrase take it back.
func denied(before string) bool {
	words := strings.FieldsFunc(before[max(0, len(before)-40):], func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
	if strings.HasSuffix(strings.TrimRight(before, " "), ".") {
		return false
	}
	for i := len(words) - 1; i >= 0 && i >= len(words)-2; i-- {
		switch words[i] {
		case "not", "non", "no", "without", "isn't", "never", "optional", "nicht", "kein", "keine", "keinen", "ohne", "non-", "for", "für":
			return true
		}
		if strings.ContainsAny(words[i], ".\n!?") {
			return false
		}
	}
	return strings.HasSuffix(before, "non-") || strings.HasSuffix(before, "nicht-")
}

// negatedAfter reports whether a phrase only names what is missing or sold apart.
func negatedAfter(after string) bool {
	after = strings.TrimLeft(after, " (")
	for _, word := range []string{"not included", "sold separately", "optional", "nicht enthalten", "ready", "-ready", "compatible", "kompatibel"} {
		if strings.HasPrefix(after, word) {
			return true
		}
	}
	return false
}

// fibers are the materials that a composition may name.
var fibers = wordSet(`cotton polyester spandex elastane wool nylon hemp linen silk lycra lyocell tencel viscose rayon acrylic cashmere leather bamboo modal
	polyamide polypropylene polyurethane down feather merino fleece micropolyester
	baumwolle elasthan wolle schurwolle merinowolle leinen seide viskose leder polyamid hanf kaschmir daunen polyacryl polyurethan`)

// composition reads "95% Organic Cotton / 5% Spandex": shares with materials,
// which must add up to 100.
func (c *collector) composition(field, text, low string) {
	for i := 0; i < len(low); i++ {
		if low[i] < '0' || low[i] > '9' || i > 0 && joinsBefore(low, i) {
			continue
		}
		parts, materials, to := shares(text, low, i)
		if len(parts) > 0 {
			raw := text[i:to]
			c.add(domain.Attribute{Name: "material_share", Kind: domain.AttributeList, List: parts, Field: field, Raw: raw})
			c.add(domain.Attribute{Name: "material", Kind: domain.AttributeList, List: materials, Field: field, Raw: raw})
			return
		}
		for i < len(low) && low[i] >= '0' && low[i] <= '9' {
			i++
		}
	}
}

// shares reads the parts of a composition that starts at offset at.
func shares(text, low string, at int) (parts, materials []string, end int) {
	total := 0.0
	for len(parts) < 8 {
		n, size, ok := readNumber(low[at:], "de")
		if !ok {
			break
		}
		p := at + size
		p += len(low[p:]) - len(strings.TrimLeft(low[p:], " "))
		if p >= len(low) || low[p] != '%' {
			break
		}
		p++
		from := p + len(low[p:]) - len(strings.TrimLeft(low[p:], " "))
		to := materialEnd(low, from)
		if to == from {
			break
		}
		total += n
		parts = append(parts, text[at:to])
		materials = append(materials, text[from:to])
		end = to
		at = to + len(low[to:]) - len(strings.TrimLeft(low[to:], " /,+&®™"))
	}
	if total < 99 || total > 101 {
		return nil, nil, 0
	}
	return parts, materials, end
}

// materialEnd returns where the name of a material ends that starts at from: one to
// four words, the last of them a fiber.
func materialEnd(low string, from int) int {
	end, at := from, from
	for range 4 {
		to := at
		for to < len(low) {
			r, size := utf8.DecodeRuneInString(low[to:])
			if !unicode.IsLetter(r) && r != '®' && r != '™' {
				break
			}
			to += size
		}
		if to == at {
			break
		}
		if fibers[strings.TrimRight(low[at:to], "®™")] {
			end = to
		}
		if to >= len(low) || low[to] != ' ' {
			break
		}
		at = to + 1
	}
	return end
}
