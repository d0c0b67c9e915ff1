package nlp

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The parts of a reference to German law: "§ 14 Abs. 2 Satz 1 TzBfG".
var (
	lawSign   = wordSet(`§ §§ art artikel`)
	lawPart   = wordSet(`abs absatz satz s nr nummer nrn buchst buchstabe halbsatz alt alternative var ff f unterabs hs bis und oder i v m iv ivm sowie , . ( ) d g`)
	lawNumber = regexp.MustCompile(`^\d+[a-z]{0,2}$`)
	lawName   = regexp.MustCompile(`^(\p{Lu}[\p{L}-]*(G|GB|O|V|OG|StG|KG|GO|PO)|SGB|GG|EMRK|AEUV|EUV|DSGVO|PVÜ|TMG|BGB|HGB|StGB|ZPO|StPO|VwGO|InsO|AO|UWG)$`)
	actName   = regexp.MustCompile(`^\p{Lu}\p{L}+(gesetz|gesetzes|gesetze|gesetzbuch|gesetzbuchs|gesetzbuches|verordnung|richtlinie|ordnung)$`)
	roman     = regexp.MustCompile(`^[IVX]+$`)
)

// laws finds paragraphs with their act, and acts by their ending.
func (f *finder) laws() {
	for i := 0; i < len(f.tokens); i++ {
		t := strings.ToLower(f.tokens[i].Text)
		if !lawSign[t] || t == "art" && !capital(f.tokens[i].Text) {
			if strings.HasSuffix(f.tokens[i].Text, "gesetz") || strings.HasSuffix(f.tokens[i].Text, "gesetzes") || strings.HasSuffix(f.tokens[i].Text, "gesetzbuch") || strings.HasSuffix(f.tokens[i].Text, "gesetzbuchs") {
				if actName.MatchString(f.tokens[i].Text) {
					f.take(EntityLaw, i, i+1, "law")
				}
			}
			continue
		}
		if end := f.lawEnd(i + 1); end > 0 {
			f.take(EntityLaw, i, end, "law")
			i = end - 1
		}
	}
}

// lawEnd follows the numbers and parts of a reference to the name of the act and
// returns where it ends; 0 when there is no act.
func (f *finder) lawEnd(i int) int {
	for k := i; k < len(f.tokens) && k < i+25; k++ {
		t := f.tokens[k].Text
		switch {
		case k > i && (lawName.MatchString(t) || actName.MatchString(t)):
			end := k + 1
			for end < len(f.tokens) && end < k+3 && roman.MatchString(f.tokens[end].Text) { // SGB V
				end++
			}
			if end+3 < len(f.tokens) && f.tokens[end].Text == "a" && f.tokens[end+2].Text == "F" {
				end += 4 // a. F.
			} else if end < len(f.tokens) && (f.tokens[end].Text == "aF" || f.tokens[end].Text == "nF" || f.tokens[end].Text == "a.F") {
				end++
			}
			return end
		case lawNumber.MatchString(t), lawPart[strings.ToLower(t)], len(t) == 1 && unicode.IsLetter(rune(t[0])), lawSign[strings.ToLower(t)]:
		case k > i && slices.Contains([]string{"des", "der"}, t) && k+1 < len(f.tokens) && actName.MatchString(f.tokens[k+1].Text):
		default:
			return 0
		}
	}
	return 0
}

// institutions finds courts, offices and ministries by their last part and takes
// the place or task that follows: "Landgericht Memmingen", "Bundesamt für Justiz".
func (f *finder) institutions() {
	for i := 0; i < len(f.tokens); i++ {
		t := f.tokens[i].Text
		if !capital(t) || f.used[i] || !institution(t) {
			continue
		}
		from, to := i, i+1
		for from > 0 && i-from < 3 && capital(f.tokens[from-1].Text) && isInstitutionAdjective(f.tokens[from-1].Text) {
			from--
		}
		switch {
		case to+1 < len(f.tokens) && (f.tokens[to].Text == "für" || f.tokens[to].Text == "der" || f.tokens[to].Text == "des") && capital(f.tokens[to+1].Text) && !isCourt(t):
			to += 2
		case f.follow(to, "für", "Menschenrechte"):
			to += 2
		case f.follow(to, "der", "Europäischen", "Union"):
			to += 3
		case to < len(f.tokens) && capital(f.tokens[to].Text) && isLocalCourt(t) && len(f.tokens[to].Text) > 2:
			to++
			for to+1 < len(f.tokens) && (f.tokens[to].Text == "am" || f.tokens[to].Text == "an") && capital(f.tokens[to+1].Text) {
				to += 2
			}
		}
		if (to-from > 1 || !isLocalCourt(t) && !institutionRoles[strings.ToLower(t)]) && f.free(from, to) && !f.cited(to) {
			f.take(EntityOrganization, from, to, "head word")
		}
	}
}

// institutionRoles are institutions that only more words make a name.
var institutionRoles = wordSet(`gerichtshof gerichtshofs gerichtshofes patentamt patentamts rentenversicherung krankenkasse handelskammer ministerium ministeriums markenamt markenamts`)

// follow reports whether the tokens from i on are the words.
func (f *finder) follow(i int, words ...string) bool {
	if i+len(words) > len(f.tokens) {
		return false
	}
	for k, w := range words {
		if f.tokens[i+k].Text != w {
			return false
		}
	}
	return true
}

// cited reports whether what stands before token i is the court of a cited decision:
// "BGH, Urteil vom", "BAG 1. Oktober 2003".
func (f *finder) cited(i int) bool {
	for k := i; k < min(i+3, len(f.tokens)); k++ {
		switch t := f.tokens[k].Text; {
		case t == ",", t == "(", t == ")":
		case decisionWords[t], unicode.IsDigit(rune(t[0])):
			return true
		default:
			return false
		}
	}
	return false
}

var decisionWords = wordSet(`Urteil Urteile Urteils Beschluss Beschlusses Beschlüsse Entscheidung Urt Beschl vom GRUR NJW NZA MDR DB juris StR ZR ZB`)

var institutionEnds = []string{"gerichtshof", "gerichtshofs", "gerichtshofes", "gericht", "gerichts", "gerichtes", "finanzhof", "finanzhofs",
	"ministerium", "ministeriums", "bundesamt", "bundesamts", "bundesamtes", "landesamt", "landesamts", "patentamt", "patentamts", "kartellamt", "kartellamts",
	"universität", "staatsanwaltschaft", "handelskammer", "krankenkasse", "rentenversicherung", "bundesbank", "markenamt", "markenamts"}

func institution(t string) bool {
	lower := strings.ToLower(t)
	if lower == "gericht" || lower == "gerichts" || lower == "gerichtes" || strings.HasPrefix(lower, "beschwerdegericht") || strings.HasPrefix(lower, "berufungsgericht") || strings.HasPrefix(lower, "revisionsgericht") || strings.HasPrefix(lower, "fachgericht") || strings.HasPrefix(lower, "tatgericht") || strings.HasPrefix(lower, "vorinstanz") {
		return false // a role, no name
	}
	return slices.ContainsFunc(institutionEnds, func(end string) bool { return strings.HasSuffix(lower, end) })
}

func isCourt(t string) bool {
	lower := strings.ToLower(t)
	return strings.Contains(lower, "gericht") || strings.Contains(lower, "finanzhof")
}

// isLocalCourt reports whether there are many of the kind, so that only the place
// makes a name.
func isLocalCourt(t string) bool {
	lower := strings.ToLower(t)
	return isCourt(t) && !strings.HasPrefix(lower, "bundes") && !strings.HasSuffix(lower, "hof") && !strings.HasSuffix(lower, "hofs") && !strings.HasSuffix(lower, "hofes") ||
		strings.HasPrefix(lower, "staatsanwaltschaft") || strings.HasPrefix(lower, "universität")
}

func isInstitutionAdjective(t string) bool {
	lower := strings.ToLower(t)
	for _, end := range []string{"europäische", "europäischen", "europäischer", "deutsche", "deutschen", "deutsches", "bayerische", "bayerischen", "sächsische", "sächsischen", "hessischen", "oberste", "obersten", "auswärtige", "auswärtigen"} {
		if lower == end {
			return true
		}
	}
	return false
}
