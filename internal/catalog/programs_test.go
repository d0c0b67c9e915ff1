package catalog_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/catalog"
	"empire/internal/domain"
)

func known(n int) *int { return &n }

func TestReadPrograms(t *testing.T) {
	t.Parallel()
	shop := domain.Program{
		Network: "awin", AdvertiserID: "900001", Name: "Shop & Co", Joined: true, Open: true, CommissionBasisPoints: known(450),
		CookieDays: known(30), DeepLinks: true, Domains: []string{"shop.example", "www.shop.example"}, Source: "file",
	}
	fixed := domain.Program{
		Network: "digistore24", AdvertiserID: "77", Name: "Kurs", CommissionFixed: &domain.Money{Minor: 1250, Currency: "EUR"}, Source: "file",
	}
	for _, tt := range []struct {
		name, data string
		want       []domain.Program
		problems   []string
	}{
		{
			"csv",
			"network,advertiser_id,name,joined,open,commission_percent,commission_fixed,currency,cookie_days,deep_links,domains\n" +
				"awin,900001,Shop &amp; Co,yes,true,4.5,,,30,1,shop.example www.shop.example\n" +
				"Digistore24,77,Kurs,no,closed,,\"12,50\",EUR,,no,\n",
			[]domain.Program{shop, fixed}, nil,
		},
		{
			"csv with semicolons and another order",
			"name;advertiser_id;joined;cookie_days;commission_percent;deep_links;domains\nShop & Co;900001;ja;30;4,50 %;ja;https://shop.example/|*.www.shop.example\n",
			[]domain.Program{shop}, nil,
		},
		{
			"json",
			`[{"advertiser_id":900001,"name":"Shop & Co","joined":true,"commission_percent":4.5,"cookie_days":30,"deep_links":true,"domains":["shop.example","www.shop.example"]}]`,
			[]domain.Program{shop}, nil,
		},
		{"json in an object", `{"programs":[{"network":"digistore24","advertiser_id":"77","name":"Kurs","open":false,"commission_fixed":"12.50","currency":"EUR"}]}`, []domain.Program{fixed}, nil},
		{"header only", "advertiser_id,name\n", nil, nil},
		{
			"bad rows",
			"advertiser_id,name,commission_percent,cookie_days,joined,domains\n,Nameless,,,,\n5,,,,,\n6,Six,4-8%,ever,perhaps,not_a_host\n6,Six again,101,,,\n7,\"Seven,,,,\n",
			[]domain.Program{{Network: "awin", AdvertiserID: "6", Name: "Six again", Open: true, Source: "file"}},
			[]string{
				"2 no_advertiser_id", "3 no_name", "4 joined_unreadable", "4 commission_percent_unreadable", "4 cookie_days_unreadable", "4 domain_invalid",
				"5 commission_percent_unreadable", "5 duplicate", "6 unclosed_quote",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems, err := catalog.ReadPrograms(strings.NewReader(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("programs (-want +got):\n%s", diff)
			}
			checkProblems(t, problems, tt.problems)
		})
	}
}

func checkProblems(t *testing.T, got []domain.RowProblem, want []string) {
	t.Helper()
	var texts []string
	for _, p := range got {
		texts = append(texts, strings.Join([]string{string(rune('0' + p.Line)), p.Reason}, " "))
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestReadProgramsRefuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"empty": "", "html": "<!doctype html><p>no", "no header": "1,2,3\n4,5,6\n", "broken json": "[{\"name\":", "json of another form": "[1,2]",
		"no name column": "advertiser_id,open\n1,1\n",
	} {
		if list, _, err := catalog.ReadPrograms(strings.NewReader(data)); domain.CodeOf(err) != domain.CodeMalformed {
			t.Errorf("%s: got %v, %v, want malformed", name, list, err)
		}
	}
}

func TestReadKeywords(t *testing.T) {
	t.Parallel()
	word := func(phrase string, searches *int) domain.Keyword {
		return domain.Keyword{Phrase: phrase, Language: "en", MonthlySearches: searches, Source: "file"}
	}
	planner := "Keyword Stats 2026-11-01 at 10_00_00\nNovember 1, 2025 - October 31, 2026\n" +
		"Keyword\tCurrency\tAvg. monthly searches\tThree month change\nmechanical keyboard\tUSD\t90,500\t0%\n[quiet keyboard]\tUSD\t1K – 10K\t\nkeyboard stand\tUSD\t\t\n"
	for _, tt := range []struct {
		name     string
		data     []byte
		want     []domain.Keyword
		problems []string
	}{
		{"simple", []byte("keyword,monthly_searches\ngreen tea,1200\nblack tea,\n"), []domain.Keyword{word("green tea", known(1200)), word("black tea", nil)}, nil},
		{
			"keyword planner in UTF-16", utf16LE(planner),
			[]domain.Keyword{word("mechanical keyboard", known(90500)), word("quiet keyboard", nil), word("keyboard stand", nil)},
			[]string{"5 searches_unreadable"},
		},
		{
			"German planner", []byte("Keyword;Durchschnittl. Suchanfragen pro Monat\nGrüner Tee;12.100\n"),
			[]domain.Keyword{word("Grüner Tee", known(12100))}, nil,
		},
		{"phrases alone", []byte("green tea\nblack tea, loose\n\n"), []domain.Keyword{word("green tea", nil), word("black tea, loose", nil)}, nil},
		{"phrases and counts", []byte("green tea,1200\n\"tea, black\",0\n"), []domain.Keyword{word("green tea", known(1200)), word("tea, black", known(0))}, nil},
		{
			"repeated and empty", []byte("keyword,volume\nTea,\ntea,50\n,70\n" + strings.Repeat("x", 300) + ",1\n"),
			[]domain.Keyword{word("Tea", known(50))}, []string{"3 duplicate", "4 no_keyword", "5 keyword_too_long"},
		},
		{"windows-1252", []byte("keyword,volume\nK\xfcche,5\n"), []domain.Keyword{word("Küche", known(5))}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems, err := catalog.ReadKeywords(bytes.NewReader(tt.data), "en")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("keywords (-want +got):\n%s", diff)
			}
			checkProblems(t, problems, tt.problems)
		})
	}
	for name, data := range map[string]string{"empty": "", "html": "<html>", "another table": "a,b,c\n1,2,3\n", "json": "[]"} {
		if list, _, err := catalog.ReadKeywords(strings.NewReader(data), "en"); domain.CodeOf(err) != domain.CodeMalformed {
			t.Errorf("%s: got %v, %v, want malformed", name, list, err)
		}
	}
}

// utf16LE is text with a byte order mark, as the planner exports it.
func utf16LE(s string) []byte {
	b := []byte{0xFF, 0xFE}
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func FuzzReadLists(f *testing.F) {
	f.Add([]byte("advertiser_id,name,commission_percent\n1,One,4.5\n"))
	f.Add([]byte(`[{"advertiser_id":1,"name":"x","commission_percent":"100"}]`))
	f.Add([]byte("Keyword\tAvg. monthly searches\n\"a\t1,000\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		programs, _, err := catalog.ReadPrograms(bytes.NewReader(data))
		if err != nil && (len(programs) > 0 || domain.CodeOf(err) != domain.CodeMalformed) {
			t.Errorf("%d programs with error %v", len(programs), err)
		}
		seen := map[string]bool{}
		for _, p := range programs {
			if key := p.Network + " " + p.AdvertiserID; p.AdvertiserID == "" || p.Name == "" || seen[key] {
				t.Errorf("program %+v", p)
			} else {
				seen[key] = true
			}
			if c := p.CommissionBasisPoints; c != nil && (*c < 0 || *c > 10000) {
				t.Errorf("commission %d", *c)
			}
		}
		keywords, _, err := catalog.ReadKeywords(bytes.NewReader(data), "en")
		if err != nil && (len(keywords) > 0 || domain.CodeOf(err) != domain.CodeMalformed) {
			t.Errorf("%d keywords with error %v", len(keywords), err)
		}
		for _, k := range keywords {
			if k.Phrase == "" || k.MonthlySearches != nil && *k.MonthlySearches < 0 {
				t.Errorf("keyword %+v", k)
			}
		}
	})
}
