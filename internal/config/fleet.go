package config

// Fleet holds what brakes the publishing of a whole portfolio.
type Fleet struct {
	// Duplicates is the similarity of main texts from which on pages of two websites are
	// near-duplicates, which blocks a release; 0: nothing is compared.
	Duplicates float64 `koanf:"duplicates"`
	// PagesPerWeek is how many new pages a website may publish in seven days; 0: any.
	PagesPerWeek int `koanf:"pages_per_week"`
	// ReleasesPerDay is how many releases a tenant may publish in 24 hours; 0: any.
	ReleasesPerDay int `koanf:"releases_per_day"`
	// Fall is the share of its expected visitors whose loss freezes a website by itself;
	// 0: nothing freezes by itself.
	Fall float64 `koanf:"fall"`
}

func fleetDefaults() map[string]any {
	return map[string]any{"duplicates": 0.5, "pages_per_week": 250, "releases_per_day": 2000, "fall": 0.5}
}

// leastDuplicates is the least similarity that is found reliably.
const leastDuplicates = 0.45

// leastFall and mostFall bound what is a fall of visits: less happens by chance, and of
// more no trace is left.
const leastFall, mostFall = 0.2, 0.95

// validateFleet checks what brakes publishing.
func (c *Config) validateFleet(add func(key, format string, args ...any)) {
	f := &c.Fleet
	if f.Duplicates != 0 && (f.Duplicates < leastDuplicates || f.Duplicates > 1) {
		add("fleet.duplicates", "%v is neither 0, for off, nor between %v and 1", f.Duplicates, leastDuplicates)
	}
	if f.Fall != 0 && (f.Fall < leastFall || f.Fall > mostFall) {
		add("fleet.fall", "%v is neither 0, for off, nor between %v and %v", f.Fall, leastFall, mostFall)
	}
	for key, n := range map[string]int{"fleet.pages_per_week": f.PagesPerWeek, "fleet.releases_per_day": f.ReleasesPerDay} {
		if n < 0 || n > 10_000_000 {
			add(key, "%d is not between 0, for any number, and 10000000", n)
		}
	}
}
