package sample

import "empire/internal/domain"

// demand lists search phrases with invented monthly searches.
var demand = []struct {
	phrase   string
	searches int
}{
	{"espresso machine", 18100}, {"best espresso machine", 9900}, {"espresso machine with grinder", 6600},
	{"dual boiler espresso machine", 2400}, {"small espresso machine", 1900}, {"espresso machine under 300", 1600},
	{"bean to cup espresso machine", 1300}, {"stainless steel espresso machine", 720}, {"quiet espresso machine", 590},
	{"espresso machine for beginners", 1000}, {"heat exchanger espresso machine", 480}, {"espresso machine with pid", 390},
	{"espresso machine water tank", 210}, {"espresso machine 15 bar", 320}, {"descale espresso machine", 880},
	{"robot vacuum", 27100}, {"best robot vacuum", 12100}, {"robot vacuum with mop", 8100}, {"self emptying robot vacuum", 5400},
	{"robot vacuum for pet hair", 4400}, {"quiet robot vacuum", 880}, {"robot vacuum under 300", 1300}, {"lidar robot vacuum", 720},
	{"flat robot vacuum", 590}, {"robot vacuum large homes", 320},
	{"office chair", 33100}, {"best office chair", 6600}, {"office chair with headrest", 1900}, {"mesh office chair", 2900},
	{"office chair 150 kg", 1000}, {"leather office chair", 2400}, {"office chair lumbar support", 1600},
	{"office chair under 200", 880}, {"office chair for tall people", 1300},
	{"trail running shoes", 22200}, {"best trail running shoes", 5400}, {"waterproof trail running shoes", 3600},
	{"women's trail running shoes", 4400}, {"men's trail running shoes", 3600}, {"zero drop trail running shoes", 1300},
	{"trail running shoes with rock plate", 390}, {"wide trail running shoes", 880}, {"trail running shoes for mud", 720},
}

// Keywords returns the keyword list: search phrases around the niches with their
// monthly searches.
func Keywords() []domain.Keyword {
	out := make([]domain.Keyword, 0, len(demand))
	for _, d := range demand {
		out = append(out, domain.Keyword{Phrase: d.phrase, Language: Language, MonthlySearches: &d.searches, Source: "sample"})
	}
	return out
}
