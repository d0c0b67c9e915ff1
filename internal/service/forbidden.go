package service

import "regexp"

// ForbiddenNiches returns the kinds of niche that are refused by rule L25: special
// law and a higher bar of quality apply, and a site without a qualified person
// behind it does harm.
func ForbiddenNiches() []ForbiddenNiche {
	list := []struct{ reason, pattern string }{
		{"gambling is subject to licenses (GlüStV 2021).", `(?i)\b(online )?(casinos?|gambling|betting|sportsbooks?|slot machines?|poker|glücksspiele?|sportwetten?|lott(o|ery|erie))\b`},
		{"prescription medicine may not be advertised to the public (HWG § 10).", `(?i)\b(prescription|rezeptpflichtig\w*|antibioti\w+|opioids?|viagra|ozempic|semaglutid\w*|steroids?|xanax)\b`},
		{"financial and investment advice needs a license (KWG § 32, WpHG).", `(?i)\b(payday loans?|forex|binary options?|cfd trading|crypto(currency)? (investments?|trading)|kredite? ohne schufa|loans?|kredite?)\b`},
		{"weapons and ammunition are subject to licenses (WaffG).", `(?i)\b(firearms?|handguns?|ammunition|rifles?|schusswaffen?|munition)\b`},
		{"tobacco and e-cigarettes may not be advertised online (TabakerzG § 19).", `(?i)\b(cigarettes?|zigaretten?|tobacco|tabak|vapes?|e-cigarettes?|e-zigaretten?|nicotine|nikotin\w*)\b`},
		{"legal advice is reserved to admitted persons (RDG § 3).", `(?i)\b(legal advice|rechtsberatung)\b`},
	}
	out := make([]ForbiddenNiche, len(list))
	for i, f := range list {
		out[i] = ForbiddenNiche{Rule: "L25", Reason: f.reason, Pattern: regexp.MustCompile(f.pattern)}
	}
	return out
}
