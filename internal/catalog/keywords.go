package catalog

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
)

// maxPhraseLen is the longest phrase in characters that anyone searches for.
const maxPhraseLen = 200

// keywordColumn knows the columns of keyword tools, the export of Google's Keyword
// Planner in English and German among them.
func keywordColumn(cell string) string {
	switch name := strings.ToLower(strings.TrimSpace(cell)); {
	case name == "keyword", name == "keywords", name == "phrase", name == "query", name == "search term", name == "suchbegriff",
		name == "schlüsselwort", name == "keyword-idee", name == "keyword idea":
		return "keyword"
	case strings.HasPrefix(name, "avg. monthly searches"), strings.HasPrefix(name, "durchschnittl"), name == "monthly_searches", name == "monthly searches",
		name == "search volume", name == "search_volume", name == "volume", name == "suchvolumen", name == "searches", name == "suchanfragen":
		return "monthly_searches"
	}
	return ""
}

// ReadKeywords reads search phrases with their monthly searches from a CSV or TSV
// file, such as an export of a keyword planner: UTF-8 or UTF-16, with or without
// titles before the header. A file without header is read as phrases, one a line,
// or as phrases with counts.
//
// A count that is a range ("1K – 10K") or cannot be read leaves the demand unknown;
// a phrase that comes twice counts once, with the first known demand. Both are
// returned as problems. The error is of CodeMalformed.
func ReadKeywords(r io.Reader, language string) ([]domain.Keyword, []domain.RowProblem, error) {
	data, err := readWhole(r)
	if err != nil {
		return nil, nil, err
	}
	t := openTable(data, keywordColumn, "keyword")
	if t == nil {
		if t = plainKeywords(data); t == nil {
			return nil, nil, domain.Errorf(domain.CodeMalformed, "The file has no header with the column keyword, and it is no list of phrases either.")
		}
	}
	var out []domain.Keyword
	var problems []domain.RowProblem
	byPhrase := map[string]int{}
	for {
		problem, ok := t.next()
		if !ok {
			return out, problems, nil
		}
		k := domain.Keyword{Language: language, Source: "file"}
		if problem == nil {
			problem = t.keyword(&k)
		}
		if problem != nil {
			problems = append(problems, *problem)
		}
		if k.Phrase == "" {
			continue
		}
		if i, twice := byPhrase[strings.ToLower(k.Phrase)]; twice {
			problems = append(problems, *t.problem(noteDuplicate, k.Phrase))
			if out[i].MonthlySearches == nil {
				out[i].MonthlySearches = k.MonthlySearches
			}
			continue
		}
		byPhrase[strings.ToLower(k.Phrase)] = len(out)
		out = append(out, k)
	}
}

// keyword reads the current row into k, whose phrase stays empty if there is none.
func (t *table) keyword(k *domain.Keyword) *domain.RowProblem {
	phrase := strings.TrimSpace(strings.Trim(t.get("keyword"), `"[]+`)) // marks of the match type
	switch n := utf8.RuneCountInString(phrase); {
	case n == 0:
		if strings.Join(t.row, "") == "" {
			return nil
		}
		return t.problem("no_keyword", "")
	case n > maxPhraseLen:
		return t.problem("keyword_too_long", shorten(phrase, 60))
	}
	k.Phrase = phrase
	count := t.get("monthly_searches")
	if strings.Trim(count, "-–— ") == "" {
		return nil
	}
	n, ok := wholeNumber(count)
	if !ok {
		return t.problem("searches_unreadable", shorten(count, 60))
	}
	k.MonthlySearches = &n
	return nil
}

// plainKeywords reads a file without header: one column of phrases, or phrases and
// counts. It returns nil if the first lines do not look like that.
func plainKeywords(data []byte) *table {
	if foreignFormat(data) != nil {
		return nil
	}
	for _, d := range []byte("\t;,|") {
		counted := func(cells []string) bool {
			if len(cells) != 2 || strings.TrimSpace(cells[0]) == "" {
				return false
			}
			_, ok := wholeNumber(strings.TrimSpace(cells[1]))
			return ok
		}
		if looksLike(data, d, counted) {
			lay := &layout{delim: d, names: []string{"keyword", "monthly_searches"}, at: map[string]int{"keyword": 0, "monthly_searches": 1}}
			return newTable(lay, data, 0)
		}
		if looksLike(data, d, func(cells []string) bool { return len(cells) > 1 }) {
			return nil // a table of something else
		}
	}
	phrases := func(cells []string) bool {
		text := strings.TrimSpace(cells[0])
		return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxPhraseLen && !strings.ContainsAny(text, "\x00{}<>")
	}
	if looksLike(data, '\t', phrases) {
		return newTable(&layout{delim: '\t', names: []string{"keyword"}, at: map[string]int{"keyword": 0}}, data, 0)
	}
	return nil
}

// looksLike reports whether each of the first lines passes the test, and there is
// one.
func looksLike(data []byte, delim byte, test func(cells []string) bool) bool {
	lines := 0
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !test(splitLine(line, delim)) {
			return false
		}
		if lines++; lines == headerSearch {
			break
		}
	}
	return lines > 0
}
