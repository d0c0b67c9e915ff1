package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"empire/internal/domain"
)

// makeNamesUnique appends to names that several families have what tells the
// families apart, and leaves out the less complete of those that stay alike.
func makeNamesUnique(families []domain.Family) ([]domain.Family, int) {
	byName := map[string][]int{}
	for i := range families {
		n := normalName(families[i].Name)
		byName[n] = append(byName[n], i)
	}
	for _, members := range byName {
		if len(members) > 1 {
			distinguish(families, members)
		}
	}
	slices.SortFunc(families, func(a, b domain.Family) int {
		return cmp.Or(
			boolRank(a.PriceMin != nil)-boolRank(b.PriceMin != nil),
			cmp.Compare(len(b.Attributes), len(a.Attributes)), strings.Compare(a.Key, b.Key),
		)
	})
	taken := map[string]bool{}
	var out []domain.Family
	for _, f := range families {
		n := normalName(f.Name)
		if !taken[n] {
			taken[n] = true
			out = append(out, f)
		}
	}
	return out, len(families) - len(out)
}

func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// maxSuffixParts bounds how many specifications a name takes on.
const maxSuffixParts = 4

// distinguish appends to the names of families, which are the same, the fewest
// specifications that tell them apart: one after the other, the one that leaves the
// fewest alike, and one that people ask for as long as it helps.
func distinguish(families []domain.Family, members []int) {
	labels := suffixLabels(families, members)
	suffix := func(i int, names []string) string {
		var parts []string
		for _, n := range names {
			if l := labels[n][i]; l != "" {
				parts = append(parts, l)
			}
		}
		return strings.Join(parts, ", ")
	}
	distinct := func(names []string) int {
		seen := map[string]bool{}
		for _, i := range members {
			seen[normalName(suffix(i, names))] = true
		}
		return len(seen)
	}
	chosen := chooseSuffix(sortedByPreference(labels), len(members), distinct)
	for _, i := range members {
		if s := suffix(i, chosen); s != "" {
			families[i].Name += " (" + s + ")"
			families[i].NameFrom = slices.DeleteFunc(slices.Clone(chosen), func(n string) bool { return labels[n][i] == "" })
		}
	}
}

// suffixLabels returns the labels of attributes by name and by family.
func suffixLabels(families []domain.Family, members []int) map[string]map[int]string {
	labels := map[string]map[int]string{}
	for _, i := range members {
		for _, a := range families[i].Attributes {
			l := suffixLabel(a)
			if l == "" {
				continue
			}
			if labels[a.Name] == nil {
				labels[a.Name] = map[int]string{}
			}
			labels[a.Name][i] = l
		}
	}
	return labels
}

// chooseSuffix picks from names, ordered by preference, until all families differ:
// distinct counts the suffixes that a choice gives.
func chooseSuffix(names []string, families int, distinct func(names []string) int) []string {
	var chosen []string
	have := 1
	for len(chosen) < maxSuffixParts && have < families {
		best, bestCount := "", have
		for _, n := range names {
			if best != "" && preference(n) == len(preferredSuffixes) && preference(best) < preference(n) {
				break
			}
			if c := distinct(append(slices.Clone(chosen), n)); c > bestCount {
				best, bestCount = n, c
			}
		}
		if best == "" {
			break
		}
		chosen, have = append(chosen, best), bestCount
	}
	return chosen
}

// preferredSuffixes come before other attributes, in this order where they tell
// equally many apart: they are what people ask for.
var preferredSuffixes = []string{
	"capacity", "wattage", "screen_size", "size", "memory_generation", "memory_speed", "module_count", "cas_latency",
	"switches", "connection_type", "form_factor", "interface", "cache", "refresh_rate", "resolution", "backlit", "type",
}

func sortedByPreference(labels map[string]map[int]string) []string {
	names := make([]string, 0, len(labels))
	for n := range labels {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(preference(a)-preference(b), strings.Compare(a, b))
	})
	return names
}

func preference(attribute string) int {
	if i := slices.Index(preferredSuffixes, attribute); i >= 0 {
		return i
	}
	return len(preferredSuffixes)
}

// suffixFormats write values that have a customary form or mean nothing alone.
var suffixFormats = map[string]string{
	"cas_latency": "CL%s", "memory_generation": "DDR%s", "modular": "%s modular", "backlit": "%s backlit",
}

// suffixLabel is an attribute as part of a name: "850 W", "Cherry MX Red",
// "2 modules". It is empty for what makes no name.
func suffixLabel(a domain.Attribute) string {
	if isOption(a) || strings.HasPrefix(a.Name, "price") || strings.HasSuffix(a.Name, "_option") || a.Name == attrBrand ||
		strings.HasPrefix(a.Name, "available_") || a.Field == "description" {
		return ""
	}
	words := strings.ReplaceAll(a.Name, "_", " ")
	switch a.Kind {
	case domain.AttributeNumber:
		return numberLabel(a.Name, words, plainNumberText(a.Number), a.Unit)
	case domain.AttributeFlag:
		if a.Flag {
			return words
		}
		return "not " + words
	case domain.AttributeList:
		return shortLabel(strings.Join(a.List, " + "))
	case domain.AttributeSize:
		return sizeLabel(a)
	default:
		if format, ok := suffixFormats[a.Name]; ok {
			return shortLabel(fmt.Sprintf(format, a.Text))
		}
		if strings.IndexFunc(a.Text, unicode.IsLetter) < 0 {
			return shortLabel(words + " " + a.Text)
		}
		return shortLabel(a.Text)
	}
}

func numberLabel(name, words, number, unit string) string {
	if format, ok := suffixFormats[name]; ok {
		return fmt.Sprintf(format, number)
	}
	counted, isCount := strings.CutSuffix(words, " count")
	switch {
	case isCount && number == "1":
		return "1 " + counted
	case isCount:
		return number + " " + englishPlural(counted)
	case unit == "":
		return words + " " + number
	case unit == "\"" || unit == "%" || unit == "°":
		return number + unit
	}
	return number + " " + unit
}

// sizeLabel writes "2560 × 1440 px" for lengths and "500–1500 rpm" for ranges.
func sizeLabel(a domain.Attribute) string {
	join := "–"
	switch a.Unit {
	case "px", "mm", "cm", "m", "in", "":
		join = " × "
	}
	low, high, mixed := strings.Cut(a.Unit, "–") // Hz–kHz
	var parts []string
	for i, n := range a.Numbers {
		part := plainNumberText(n)
		if mixed && i == 0 {
			part += " " + low
		}
		parts = append(parts, part)
	}
	if mixed {
		return strings.Join(parts, "–") + " " + high
	}
	return strings.TrimSpace(strings.Join(parts, join) + " " + a.Unit)
}

func plainNumberText(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// shortLabel refuses text that is too long for a name.
func shortLabel(s string) string {
	if len(s) > 40 {
		return ""
	}
	return s
}
