package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// name reads the product name: quantities whose unit says what they measure,
// counts, a resolution, a colour behind "in", and features.
func (c *collector) name() {
	const field = "product_name"
	text := c.product.Fields[field]
	if text == "" {
		return
	}
	low := lowerSameLength(text)
	c.counts(field, text, low)
	c.dimensions(field, text)
	screen := containsAnyWord(low, screenWords) || containsAnyWord(strings.ToLower(c.product.Category), screenWords)
	for _, q := range quantitiesIn(text, c.language) {
		c.quantity(field, text, low, q, screen)
	}
	c.colorBehindIn(field, text, low)
	c.features(field, text, low)
}

// screenWords are the products whose inches are the diagonal of a screen.
var screenWords = []string{
	"monitor", "tv", "hdtv", "television", "fernseher", "display", "laptop", "notebook", "tablet", "screen", "bildschirm", "lcd", "oled", "plasma",
}

// lengthWords are the products that a length is said of: others have a width, a
// height or a model number.
var lengthWords = []string{
	"cable", "kabel", "cord", "hose", "schlauch", "rope", "seil", "strap", "band", "leine", "tape", "ladekabel", "netzwerkkabel", "gartenschlauch", "verlängerung",
}

// quantity keeps a quantity of the name under what its unit measures.
func (c *collector) quantity(field, text, low string, q quantity, screen bool) {
	name := measures[q.unit]
	raw := text[q.from:q.to]
	switch q.unit {
	case "in":
		name = "size"
		if screen {
			name = "screen_size"
		}
	case "Hz", "ms":
		if !screen {
			return
		}
		name = map[string]string{"Hz": "refresh_rate", "ms": "response_time"}[q.unit]
	case "cm", "mm", "m", "ft":
		name = ""
		if containsAnyWord(low, lengthWords) {
			name = "length"
		}
	}
	if name == "" || q.value == 0 || looksLikeModel(text, raw, q, screen) {
		return
	}
	c.add(domain.Attribute{Name: name, Kind: domain.AttributeNumber, Number: q.value, Unit: q.unit, Field: field, Raw: raw})
}

// looksLikeModel tells model numbers from quantities by their one-letter units:
// "3400G", "1909W" of a monitor, "802.11g", "4G".
func looksLikeModel(text, raw string, q quantity, screen bool) bool {
	unit := raw[len(raw)-1]
	if len(raw) < 2 || isASCIILetter(raw[len(raw)-2]) {
		return false
	}
	apart := !digitAt(raw, len(raw)-2)
	switch unit {
	case 'G', 'M':
		return strings.IndexFunc(text, unicode.IsLower) >= 0 // unless all is in capitals
	case 'g':
		return !apart && (q.value <= 5 || q.value == 802.11 || q.value >= 10000)
	case 'L', 'l':
		return !apart && q.value >= 100
	case 'm', 'W', 'w', 'V', 'v':
		return screen && !apart
	}
	return false
}

// commonResolutions are widths and heights that mean pixels without saying so.
var commonResolutions = map[[2]float64]bool{
	{1280, 720}: true, {1280, 800}: true, {1280, 1024}: true, {1366, 768}: true, {1440, 900}: true, {1600, 900}: true, {1600, 1200}: true,
	{1680, 1050}: true, {1920, 1080}: true, {1920, 1200}: true, {2560, 1080}: true, {2560, 1440}: true, {2560, 1600}: true, {3440, 1440}: true,
	{3840, 1600}: true, {3840, 2160}: true, {5120, 1440}: true, {5120, 2880}: true, {7680, 4320}: true, {1024, 768}: true,
}

// dimensions reads "30 x 40 cm" and "1920 x 1080".
func (c *collector) dimensions(field, text string) {
	numbers, unit, from, to, ok := dimensionIn(text, c.language)
	if !ok {
		return
	}
	a := domain.Attribute{Name: "dimensions", Kind: domain.AttributeSize, Numbers: numbers, Unit: unit, Field: field, Raw: text[from:to]}
	switch {
	case len(numbers) == 2 && (unit == "" || unit == "px") && commonResolutions[[2]float64{numbers[0], numbers[1]}]:
		a.Name, a.Unit = "resolution", "px"
	case measures[unit] != "length":
		return
	}
	c.add(a)
}

// counts reads how many there are in a pack: "pack of 6", "6-pack", "6er-Set",
// "12 pieces", "12-teilig".
func (c *collector) counts(field, text, low string) {
	for _, before := range []string{"pack of ", "set of ", "box of ", "case of ", "packung mit ", "set mit ", "pack mit "} {
		i := wordIndex(low, before)
		if i < 0 {
			continue
		}
		at := i + len(before)
		if n, size, ok := readNumber(low[at:], c.language); ok && n >= 2 && n == float64(int(n)) && wordEndsAt(low, at+size) {
			c.add(domain.Attribute{Name: "pack_size", Kind: domain.AttributeNumber, Number: n, Field: field, Raw: text[i : at+size]})
		}
	}
	for i := 0; i < len(low); i++ {
		if low[i] < '0' || low[i] > '9' || joinsBefore(low, i) {
			continue
		}
		n, size, ok := readNumber(low[i:], c.language)
		if !ok {
			continue
		}
		name, word := countWord(low[i+size:])
		if name != "" && n >= 1 && n == float64(int(n)) {
			c.add(domain.Attribute{Name: name, Kind: domain.AttributeNumber, Number: n, Field: field, Raw: text[i : i+size+word]})
		}
		i += size
	}
}

// countWords say what a number in front of them counts.
var countWords = []struct{ word, name string }{
	{"er-pack", "pack_size"}, {"er pack", "pack_size"}, {"er-set", "pack_size"}, {"er set", "pack_size"}, {"er-packung", "pack_size"},
	{"-pack", "pack_size"}, {" pack", "pack_size"}, {"pk", "pack_size"},
	{"-piece", "piece_count"}, {" pieces", "piece_count"}, {" piece", "piece_count"}, {" pcs", "piece_count"}, {"pcs", "piece_count"},
	{"-teilig", "piece_count"}, {" teilig", "piece_count"}, {"-tlg", "piece_count"}, {" tlg", "piece_count"}, {" teile", "piece_count"},
	{" stück", "piece_count"}, {" count", "piece_count"}, {"-count", "piece_count"}, {" ct", "piece_count"},
	{"-cup", "cups"}, {" cups", "cups"}, {"-port", "ports"}, {" ports", "ports"}, {"-person", "persons"}, {" personen", "persons"}, {" persons", "persons"},
}

func countWord(rest string) (name string, length int) {
	for _, w := range countWords {
		if strings.HasPrefix(rest, w.word) && wordEndsAt(rest, len(w.word)) {
			return w.name, len(w.word)
		}
	}
	return "", 0
}

// colorWords are the colours that names and descriptions are searched for.
var colorWords = wordSet(`black white silver gray grey red blue green yellow orange purple pink brown gold beige navy teal turquoise ivory cream
	charcoal burgundy lavender copper bronze titanium graphite platinum magenta violet khaki olive
	schwarz weiß silber grau rot blau grün gelb lila rosa braun türkis violett creme kupfer dunkelblau hellblau anthrazit`)

// colorBehindIn reads "… In Black - MODEL" and "… in Schwarz".
func (c *collector) colorBehindIn(field, text, low string) {
	for at := 0; ; {
		i := strings.Index(low[at:], " in ")
		if i < 0 {
			return
		}
		at += i + len(" in ")
		end := at
		for end < len(low) && !strings.ContainsRune(" ,;-–/()", rune(low[end])) {
			end++
		}
		rest := strings.TrimLeft(low[end:], " ")
		if colorWords[low[at:end]] && (rest == "" || strings.ContainsAny(rest[:1], "-,;()|/")) {
			c.add(domain.Attribute{Name: "colour", Kind: domain.AttributeText, Text: text[at:end], Field: field, Raw: text[at:end]})
			return
		}
	}
}

// description reads the prose columns: compositions, features, and short segments
// that are a quantity with its label. What prose says of clothing it says of the
// piece itself; elsewhere it may speak of other things, so only short segments
// count.
func (c *collector) description() {
	for _, field := range []string{"description", "product_short_description"} {
		text := c.product.Fields[field]
		if text == "" {
			continue
		}
		low := lowerSameLength(text)
		if c.wear {
			c.composition(field, text, low)
			c.features(field, text, low)
		}
		for _, seg := range segments(text) {
			c.segment(field, text[seg[0]:seg[1]])
			if !c.wear {
				c.features(field, text[seg[0]:seg[1]], low[seg[0]:seg[1]])
			}
		}
	}
}

// wearWords tell clothing by its category or name.
var wearWords = []string{
	"apparel", "clothing", "fashion", "hoodies", "hoodie", "sweatshirts", "sweatshirt", "jackets", "jacket", "coats", "coat", "tees", "tee", "t-shirt", "t-shirts",
	"shirt", "shirts", "tops", "tanks", "bras", "pants", "shorts", "leggings", "jeans", "dress", "dresses", "skirts", "shoes", "sneakers", "socks", "gloves",
	"bekleidung", "kleidung", "mode", "jacke", "jacken", "hose", "hosen", "pullover", "hemd", "hemden", "kleid", "kleider", "schuhe", "socken", "handschuhe", "mütze", "mützen",
}

// isWear reports whether the product is clothing.
func (c *collector) isWear() bool {
	for i := range c.list {
		if a := &c.list[i]; a.Name == "size" && a.Kind == domain.AttributeText && isClothingSize(a.Text) {
			return true
		}
	}
	return containsAnyWord(strings.ToLower(c.product.CategoryPath), wearWords) || containsAnyWord(strings.ToLower(c.product.Category), wearWords)
}

// segments returns the bounds of the parts of a description that stand for
// themselves: lines, bullets, and what slashes with a space separate.
func segments(s string) [][2]int {
	var out [][2]int
	from := 0
	cut := func(to, next int) {
		a, b := from, to
		for a < b && strings.ContainsRune(" •*-", rune(s[a])) {
			a++
		}
		for a < b && (s[b-1] == ' ' || s[b-1] == '.') {
			b--
		}
		if b > a && b-a <= 60 {
			out = append(out, [2]int{a, b})
		}
		from = next
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\n':
			cut(i, i+1)
		case s[i] == '/' && i+1 < len(s) && s[i+1] == ' ':
			cut(i, i+2)
		case s[i] == '.' && i+1 < len(s) && s[i+1] == ' ' && i > 0 && !digitAt(s, i-1) && (i < 3 || !strings.EqualFold(s[i-2:i], "cu") && !strings.EqualFold(s[i-2:i], "ft")):
			cut(i, i+2)
		case strings.HasPrefix(s[i:], "•"):
			cut(i, i+len("•"))
		}
	}
	cut(len(s), len(s))
	return out
}

// segmentLabels are what a short segment says its leading quantity is: the words
// that may follow it, by the measure of its unit.
var segmentLabels = map[string]map[string]string{
	"wattage":  {"power": "wattage", "max power": "wattage", "output power": "wattage", "high power": "wattage", "cooking power": "wattage", "leistung": "wattage", "": "wattage"},
	"volume":   {"capacity": "volume", "fassungsvermögen": "volume", "volumen": "volume", "": "volume"},
	"capacity": {"hard drive": "capacity", "capacity": "capacity", "storage": "capacity", "festplatte": "capacity", "ssd": "capacity", "memory": "memory", "ram": "memory", "arbeitsspeicher": "memory", "flash memory": "capacity"},
	"weight":   {"weight": "weight", "gewicht": "weight"},
	"length": {
		"cord length": "cord_length", "cable length": "cord_length", "kabellänge": "cord_length", "body length": "body_length",
		"lcd display": "screen_size", "lcd": "screen_size", "display": "screen_size", "screen": "screen_size", "length": "length", "länge": "length",
	},
	"battery_capacity": {"battery": "battery_capacity", "akku": "battery_capacity", "": "battery_capacity"},
	"luminous_flux":    {"": "luminous_flux"},
	"resolution_mp":    {"": "resolution_mp", "resolution": "resolution_mp"},
}

// segment reads one short part of a description: "200 Watts Max Power", "4-Cup
// Capacity", "1920 x 1080 Native Resolution", "Black Finish".
func (c *collector) segment(field, seg string) {
	low := lowerSameLength(seg)
	if word, ok := strings.CutSuffix(low, " finish"); ok && colorWords[word] {
		c.add(domain.Attribute{Name: "colour", Kind: domain.AttributeText, Text: seg[:len(word)], Field: field, Raw: seg[:len(word)]})
		return
	}
	if seg[0] < '0' || seg[0] > '9' {
		return
	}
	if strings.HasSuffix(low, "resolution") || strings.HasSuffix(low, "auflösung") {
		if numbers, unit, from, to, ok := dimensionIn(seg, c.language); ok && from == 0 && len(numbers) == 2 && (unit == "" || unit == "px") {
			c.add(domain.Attribute{Name: "resolution", Kind: domain.AttributeSize, Numbers: numbers, Unit: "px", Field: field, Raw: seg[:to]})
			return
		}
	}
	n, size, ok := readNumber(seg, c.language)
	if !ok || n == 0 {
		return
	}
	if unit, u := unitAt(seg[size:]); u > 0 {
		label := strings.TrimSpace(low[size+u:])
		if name, ok := segmentLabels[measures[unit]][label]; ok {
			c.add(domain.Attribute{Name: name, Kind: domain.AttributeNumber, Number: n, Unit: unit, Field: field, Raw: seg[:size+u]})
		}
		return
	}
	if name, u := countWord(low[size:]); name == "cups" && n == float64(int(n)) {
		c.add(domain.Attribute{Name: name, Kind: domain.AttributeNumber, Number: n, Field: field, Raw: seg[:size+u]})
	}
}

// lowerSameLength is lower case with every character at the same offset: one whose
// lower case is longer or shorter stays as it is.
func lowerSameLength(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	b := []byte(s)
	for i, r := range s {
		if l := unicode.ToLower(r); l != r && utf8.RuneLen(l) == utf8.RuneLen(r) {
			utf8.EncodeRune(b[i:], l)
		}
	}
	return string(b)
}

// wordIndex finds a phrase that starts where a word starts.
func wordIndex(low, phrase string) int {
	for at := 0; ; {
		i := strings.Index(low[at:], phrase)
		if i < 0 {
			return -1
		}
		at += i
		if wordStartsAt(low, at) {
			return at
		}
		at++
	}
}

func wordStartsAt(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func wordEndsAt(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return i == len(s) || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func containsAnyWord(low string, words []string) bool {
	for _, w := range words {
		if i := wordIndex(low, w); i >= 0 && wordEndsAt(low, i+len(w)) {
			return true
		}
	}
	return false
}
