package domain

// Design overrides what the theme would choose for a site by itself. Empty fields
// leave the choice to it.
type Design struct {
	Layout     string `json:"layout,omitempty"`      // magazine, workbench, catalogue, fieldguide
	Accent     string `json:"accent,omitempty"`      // #rrggbb, of links and buttons on light pages
	AccentDark string `json:"accent_dark,omitempty"` // #rrggbb, on dark pages; empty: made from Accent
	Fonts      string `json:"fonts,omitempty"`       // charter, grotesque, bookish, geometric, slab
	Radius     string `json:"radius,omitempty"`      // 2px, 6px, 12px
	Density    string `json:"density,omitempty"`     // 1, 1.12
	Header     string `json:"header,omitempty"`      // line, masthead, band
	Hero       string `json:"hero,omitempty"`        // split, band, frame
	Card       string `json:"card,omitempty"`        // rule, panel, spine
	Table      string `json:"table,omitempty"`       // lines, zebra, boxed
	Motif      string `json:"motif,omitempty"`       // arcs, tiles, waves, dots
}
