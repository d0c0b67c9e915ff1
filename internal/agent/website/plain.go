package website

// plain returns the words of a site about a market without prices.
func (w words) plain(language string) words {
	if language == "de" {
		w.reviewKeyword = " Zutaten und Nährwerte"
		w.bestKeyword = ""
		w.tagline = "%s: Zutaten und Nährwerte im Vergleich, ohne Preise"
		w.titles = []string{"%s im Vergleich", "%s: was drin ist", "%s nach Zutaten"}
		w.guideTitle = "%s: Auswahlhilfe aus den Angaben"
		w.guide, w.guideSlug = "Auswahlhilfe", "auswahlhilfe"
		return w
	}
	w.reviewKeyword = " ingredients and facts"
	w.bestKeyword = ""
	w.tagline = "What is known about %s, compared without prices"
	w.titles = []string{"%s compared", "%s: what is in them", "%s by content"}
	w.guideTitle = "%s: a guide from what is stated"
	w.guide, w.guideSlug = "Guide", "guide"
	return w
}
