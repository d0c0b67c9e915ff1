package demand_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/demand"
	"empire/internal/intelligence/forecast"
	"empire/internal/testkit"
)

// utf16LE is text as Keyword Planner writes it.
func utf16LE(text string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

const plannerEnglish = "Keyword Stats 2024-05-02 at 10_20_30\n\"April 1, 2023 - March 31, 2024\"\n" +
	"Keyword\tCurrency\tAvg. monthly searches\tThree month change\tYoY change\tCompetition\tCompetition (indexed value)\tTop of page bid (low range)\tTop of page bid (high range)\tSearches: Apr 2023\tSearches: May 2023\n" +
	"mechanical keyboard\tUSD\t10K – 100K\t0%\t0%\tHigh\t100\t0.37\t1,234.50\t90500\t74000\n" +
	"quiet keyboard\tUSD\t1000\t0%\t0%\tLow\t12\t\t\t1000\t\n" +
	"odd keyboard\tUSD\tmany\t\t\tUnknown\t\tcheap\t\t\t\n"

const plannerGerman = "Keyword-Statistik 2024-05-02 um 10:20:30\r\n1. April 2023 – 31. März 2024\r\n" +
	"Keyword\tWährung\tDurchschnittl. Suchanfragen pro Monat\tWettbewerb\tGebot für obere Positionen (unterer Bereich)\tGebot für obere Positionen (oberer Bereich)\tSuchanfragen: Mai 2023\r\n" +
	"mechanische tastatur\tEUR\t1.000 – 10.000\tMittel\t0,25\t1.200,50\t8.100\r\n" +
	"leise tastatur\tEUR\t1 Tsd. – 10 Tsd.\tHoch\t0,10\t0,90\t2.400\r\n"

func TestKeywordPlanner(t *testing.T) {
	t.Parallel()
	im, err := demand.Parse(utf16LE(plannerEnglish))
	if err != nil {
		t.Fatal(err)
	}
	low, high, exact := int64(10_000), int64(100_000), int64(1000)
	month := func(y int, m time.Month, v float64) forecast.Point {
		return forecast.Point{Time: time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), Value: v}
	}
	want := []demand.Volume{
		{
			Keyword: "mechanical keyboard", Low: &low, High: &high, Competition: "high",
			BidLow: &domain.Money{Minor: 37, Currency: "USD"}, BidHigh: &domain.Money{Minor: 123450, Currency: "USD"},
			Monthly: []forecast.Point{month(2023, 4, 90500), month(2023, 5, 74000)},
		},
		{Keyword: "quiet keyboard", Low: &exact, High: &exact, Competition: "low", Monthly: []forecast.Point{month(2023, 4, 1000)}},
		{Keyword: "odd keyboard"},
	}
	if diff := cmp.Diff(want, im.Volumes); diff != "" || im.Kind != demand.KindVolumes || len(im.Title) != 2 {
		t.Errorf("kind %s, titles %q, volumes (-want +got):\n%s", im.Kind, im.Title, diff)
	}
	if im.Skipped != 2 || !strings.Contains(strings.Join(im.Problems, " "), `"many"`) {
		t.Errorf("problems %q (%d), want the volume and the bid of the last row", im.Problems, im.Skipped)
	}
}

func TestKeywordPlannerGerman(t *testing.T) {
	t.Parallel()
	im, err := demand.Parse(utf16LE(plannerGerman))
	if err != nil {
		t.Fatal(err)
	}
	if len(im.Volumes) != 2 || im.Skipped != 0 {
		t.Fatalf("got %d volumes, problems %q", len(im.Volumes), im.Problems)
	}
	for i, v := range im.Volumes {
		if *v.Low != 1000 || *v.High != 10_000 {
			t.Errorf("row %d: got %d to %d, want 1000 to 10000", i, *v.Low, *v.High)
		}
	}
	v := im.Volumes[0]
	if v.Competition != "medium" || v.BidLow.String() != "0.25 EUR" || v.BidHigh.String() != "1200.50 EUR" ||
		v.Monthly[0].Value != 8100 || v.Monthly[0].Time.Month() != time.May {
		t.Errorf("got %+v with bids %s to %s", v, v.BidLow, v.BidHigh)
	}
}

func TestTrendsOverTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		first      string
		step       forecast.Step
		values     []float64
	}{
		{"weekly with category", "Category: All categories\n\nWeek,keyboard: (Germany),mouse: (Germany)\n2024-01-07,<1,50\n2024-01-14,12,\n2024-01-21,100,51\n", "2024-01-07", forecast.StepWeek, []float64{0.5, 12, 100}},
		{"German, semicolons", "Kategorie: Alle Kategorien\n\nMonat;Tastatur: (Deutschland)\n2024-01;3,5\n2024-02;4\n", "2024-01-01", forecast.StepMonth, []float64{3.5, 4}},
		{"days first", "Date;keyboard\n30/1/2024;1\n31/1/2024;2\n1/2/2024;3\n", "2024-01-30", forecast.StepDay, []float64{1, 2, 3}},
		{"months first", "Searches since July,,\nDate,keyboard,\n7/1/2015,2,\n7/2/2015,3,\n", "2015-07-01", forecast.StepDay, []float64{2, 3}},
		{"old weeks, carriage returns", "Week,keyboard\r2004-01-04 - 2004-01-10,44\r2004-01-11 - 2004-01-17,45\r", "2004-01-04", forecast.StepWeek, []float64{44, 45}},
		{"byte order mark", "\uFEFFMonth,keyboard\nMär 2024,1\nApr 2024,2\n", "2024-03-01", forecast.StepMonth, []float64{1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			im, err := demand.Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if im.Kind != demand.KindOverTime || len(im.Series) == 0 {
				t.Fatalf("kind %s with %d series", im.Kind, len(im.Series))
			}
			s := im.Series[0]
			var values []float64
			for _, p := range s.Points {
				values = append(values, p.Value)
			}
			if diff := cmp.Diff(tt.values, values); diff != "" || s.Step != tt.step || s.Points[0].Time.Format(time.DateOnly) != tt.first {
				t.Errorf("step %s from %s, values (-want +got):\n%s", s.Step, s.Points[0].Time, diff)
			}
			if strings.Contains(s.Keyword, "(") {
				t.Errorf("keyword %q holds its region", s.Keyword)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		data []byte
		code domain.Code
	}{
		{"empty", nil, domain.CodeInvalid},
		{"blank", []byte(" \n\n"), domain.CodeInvalid},
		{"binary", []byte("PK\x03\x04\x00a\x00\x00b,1\x00c,2"), domain.CodeInvalid},
		{"ranking of names", []byte("State,#1,#2\nAlaska,Mermaid,Pirate\nAlabama,Witch,Pirate\n"), domain.CodeInvalid},
		{"header only", utf16LE("Keyword\tCurrency\tAvg. monthly searches\n"), domain.CodeInvalid},
		{"prose", []byte("This is a letter, not a table.\nIt has two lines.\n"), domain.CodeInvalid},
		{"too large", bytes.Repeat([]byte("a,1\n"), demand.MaxBytes/4+1), domain.CodeTooLarge},
		{"too many rows", bytes.Repeat([]byte("a,1\n"), demand.MaxRows+1), domain.CodeTooLarge},
	} {
		if im, err := demand.Parse(tt.data); domain.CodeOf(err) != tt.code {
			t.Errorf("%s: got %+v, %v; want %s", tt.name, im, err, tt.code)
		}
	}
}

// TestRawExports reads published exports as they are: those with dates become series,
// tables of regions become regions, rankings without numbers are refused.
func TestRawExports(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testkit.Data(t, "trends/google_trends_raw_exports.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		im, err := demand.Parse(data)
		if err != nil {
			kinds["refused"]++
			if domain.CodeOf(err) != domain.CodeInvalid {
				t.Errorf("%s: %v", h.Name, err)
			}
			continue
		}
		kinds[string(im.Kind)]++
		t.Logf("%s: %s, %d series, %d regions, %d skipped %q", h.Name, im.Kind, len(im.Series), len(im.Regions), im.Skipped, im.Problems)
		for _, s := range im.Series {
			if _, err := forecast.NewSeries(s.Points, s.Step); err != nil {
				t.Errorf("%s, %s: %v", h.Name, s.Keyword, err)
			}
		}
	}
	if got := fmt.Sprint(kinds); kinds["interest_over_time"] < 5 || kinds["refused"] < 4 {
		t.Errorf("got %s, want at least 5 over time and 4 refused", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(utf16LE(plannerEnglish))
	f.Add([]byte(plannerGerman))
	f.Add([]byte("Week,a: (DE)\n2024-01-07,<1\n2024-01-14,3\n"))
	f.Add([]byte("Country,Interest\rJapan,75.74\rIreland,<1\r"))
	f.Fuzz(func(t *testing.T, data []byte) {
		im, err := demand.Parse(data)
		if err != nil {
			if c := domain.CodeOf(err); c != domain.CodeInvalid && c != domain.CodeTooLarge {
				t.Errorf("error %v has the code %s", err, c)
			}
			return
		}
		if len(im.Series)+len(im.Regions)+len(im.Volumes)+im.Skipped == 0 {
			t.Error("an import without content and without a problem")
		}
		for _, v := range im.Volumes {
			if v.Low != nil && (*v.Low < 0 || *v.High < *v.Low) {
				t.Errorf("%q is searched %d to %d times", v.Keyword, *v.Low, *v.High)
			}
		}
		for _, s := range im.Series {
			for _, p := range s.Points {
				if p.Value < 0 || p.Time.IsZero() {
					t.Errorf("%q has the point %+v", s.Keyword, p)
				}
			}
		}
	})
}
