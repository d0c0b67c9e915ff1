package app

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"empire/internal/domain"
)

func utf16File(text string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// TestReadKeywords: exports of Google as they look, and lists that are none.
func TestReadKeywords(t *testing.T) {
	t.Parallel()
	planner := "Keyword Stats 2026-03-01 at 10_11_12\nJanuary 1, 2025 - December 31, 2025\nKeyword\tCurrency\tAvg. monthly searches\tCompetition\tTop of page bid (low range)\n" +
		"mechanical keyboard\tEUR\t8100\tHigh\t0.31\nbest keyboard\tEUR\t1K – 10K\tLow\t\n"
	trends := "Category: All categories\n\nMonth,office chair: (Germany),standing desk: (Germany)\n2025-01,40,<1\n2025-02,55,30\n2025-03,60,31\n"
	for name, tt := range map[string]struct {
		data   []byte
		source string
		want   map[string]int // -1: unknown
	}{
		"planner":          {utf16File(planner), sourcePlanner, map[string]int{"mechanical keyboard": 8100, "best keyboard": 1000}},
		"trends":           {[]byte(trends), sourceTrends, map[string]int{"office chair": -1, "standing desk": -1}},
		"table":            {[]byte("keyword,volume\noffice chair,1000\n"), "file", map[string]int{"office chair": 1000}},
		"list":             {[]byte("office chair\nstanding desk\n"), "file", map[string]int{"office chair": -1, "standing desk": -1}},
		"list with counts": {[]byte("office chair;1.000\nstanding desk;20\n"), "file", map[string]int{"office chair": 1000, "standing desk": 20}},
	} {
		list, _, _, err := readKeywords(tt.data, "en")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := map[string]int{}
		for _, k := range list {
			got[k.Phrase] = -1
			if k.MonthlySearches != nil {
				got[k.Phrase] = *k.MonthlySearches
			}
			if k.Source != tt.source && !(k.Phrase == "best keyboard" && k.Source == sourceRange) || k.Language != "en" {
				t.Errorf("%s: %+v", name, k)
			}
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
		for phrase, n := range tt.want {
			if g, ok := got[phrase]; !ok || g != n {
				t.Errorf("%s: %q has %d, want %d", name, phrase, g, n)
			}
		}
	}
	if _, _, _, err := readKeywords([]byte("\x89PNG\r\n\x1a\n\x00\x00"), "en"); domain.CodeOf(err) != domain.CodeMalformed {
		t.Errorf("a picture: %v", err)
	}
}
