package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/intelligence/demand"
)

// Sources of keywords.
const (
	sourcePlanner = "keyword_planner"
	sourceTrends  = "google_trends"
)

// longestPhrase is the longest search phrase that is taken, in characters.
const longestPhrase = 200

// ImportKeywords reads search phrases and stores them: an export of Google's Keyword
// Planner or of Google Trends as it really looks, or any table or list of phrases.
// Trends give phrases without a number of searches: their figures are relative to each
// other.
func (a *App) ImportKeywords(ctx context.Context, r io.Reader, language string) (int, []domain.RowProblem, error) {
	data, err := io.ReadAll(io.LimitReader(r, demand.MaxBytes+1))
	if err != nil {
		return 0, nil, fmt.Errorf("read keywords: %w", err)
	}
	list, problems, err := readKeywords(data, language)
	if err != nil {
		return 0, nil, err
	}
	return len(list), problems, a.Catalogue.ImportKeywords(ctx, list)
}

// readKeywords reads an export of Google if the file is one, else a list of phrases.
func readKeywords(data []byte, language string) ([]domain.Keyword, []domain.RowProblem, error) {
	if im, err := demand.Parse(data); err == nil {
		if list, problems := exported(im, language); len(list) > 0 {
			return list, problems, nil
		}
	}
	return catalog.ReadKeywords(bytes.NewReader(data), language)
}

// exported returns the phrases of an export, each once, the first known demand first.
func exported(im *demand.Import, language string) ([]domain.Keyword, []domain.RowProblem) {
	var list []domain.Keyword
	var problems []domain.RowProblem
	at := map[string]int{}
	add := func(phrase, source string, searches *int) {
		phrase = strings.Join(strings.Fields(strings.Trim(phrase, `"[]+`)), " ")
		switch i, twice := at[strings.ToLower(phrase)]; {
		case phrase == "" || utf8.RuneCountInString(phrase) > longestPhrase:
			problems = append(problems, domain.RowProblem{Reason: "no_keyword", Detail: fmt.Sprintf("%.60s", phrase)})
		case twice:
			if list[i].MonthlySearches == nil {
				list[i].MonthlySearches = searches
			}
		default:
			at[strings.ToLower(phrase)] = len(list)
			list = append(list, domain.Keyword{Phrase: phrase, Language: language, MonthlySearches: searches, Source: source})
		}
	}
	for _, v := range im.Volumes {
		var searches *int
		if v.Low != nil && v.High != nil && *v.Low == *v.High { // a range is no number
			searches = new(int(*v.Low))
		} else if v.Low != nil || v.High != nil {
			problems = append(problems, domain.RowProblem{Reason: "searches_are_a_range", Detail: fmt.Sprintf("%.60s", v.Keyword)})
		}
		add(v.Keyword, sourcePlanner, searches)
	}
	for _, s := range im.Series {
		add(s.Keyword, sourceTrends, nil)
	}
	if len(im.Title) > 0 { // without the title of an export, a table of names and numbers is a list of phrases
		for _, r := range im.Regions {
			add(r.Keyword, sourceTrends, nil)
		}
	}
	for _, p := range im.Problems {
		problems = append(problems, domain.RowProblem{Reason: "unreadable", Detail: p})
	}
	return list, problems
}
