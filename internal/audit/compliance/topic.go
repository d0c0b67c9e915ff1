package compliance

import (
	"fmt"
	"strings"
	"unicode"
)

// topics are niches that special law restricts or that need a qualified reviewer,
// whom a site cannot name yet.
var topics = []struct{ name, words string }{
	{"gambling", "casinos? gambling betting sportsbooks? lottery lotteries slot-machines? glücksspiele? sportwetten? lotto online-poker wettanbieter"},
	{"medicine", "prescriptions? medications? medicines drugs pharmacy antibiotics? medikamente? arzneimittel schlafmittel schmerzmittel potenzmittel"},
	{"health", "supplements? weight-loss diet-pills? nahrungsergänzung nahrungsergänzungsmittel abnehmmittel diätpillen?"},
	{"finance", "loans? mortgages? credit-cards? payday cryptocurrency cryptocurrencies crypto forex kredite? hypotheken? kreditkarten? krypto geldanlagen? broker"},
	{"insurance", "insurances? versicherung versicherungen krankenversicherung"},
	{"legal advice", "lawyers? attorneys? rechtsberatung anwälte anwalt"},
	{"weapons and tobacco", "firearms? handguns? ammunition cigarettes? vapes? e-cigarettes? schusswaffen? munition zigaretten? e-zigaretten?"},
}

// sensitiveTopics looks at the niche by whole words.
func sensitiveTopics(s *Site) []fault {
	for _, niche := range []string{s.Draft.Website.Niche, s.Draft.Plan.Niche, s.Draft.Plan.Noun.Plural} {
		have := " " + strings.Join(strings.FieldsFunc(strings.ToLower(niche), func(r rune) bool { return !unicode.IsLetter(r) }), " ") + " "
		for _, t := range topics {
			for word := range strings.FieldsSeq(t.words) {
				one, optional := strings.CutSuffix(strings.ReplaceAll(word, "-", " "), "?")
				if strings.Contains(have, " "+one+" ") || optional && strings.Contains(have, " "+one[:len(one)-1]+" ") {
					return []fault{{"", fmt.Sprintf("The niche %q is about %s, which a qualified person must review.", niche, t.name), "Choose another niche."}}
				}
			}
		}
	}
	return nil
}
