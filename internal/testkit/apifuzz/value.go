package apifuzz

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maker makes values that fit schemas.
type maker struct {
	r     *rand.Rand
	pool  *Pool
	about map[string]any // the thing that the request is about; may be nil
}

// value returns a value for a property of a name that fits s.
func (m *maker) value(name string, s *Schema, depth int) any {
	s = s.end()
	if slices.Contains(s.Type, "null") && m.r.IntN(4) == 0 {
		return nil
	}
	if len(s.Enum) > 0 {
		return s.Enum[m.r.IntN(len(s.Enum))]
	}
	if v := m.about[name]; v != nil && m.r.IntN(3) > 0 && len(s.Faults(v)) == 0 {
		return v
	}
	if name != "" && m.r.IntN(4) > 0 {
		if v := m.pool.pick(m.r, name); v != nil && len(s.Faults(v)) == 0 {
			return v
		}
	}
	if len(s.Examples) > 0 && m.r.IntN(2) == 0 {
		if v := plain(s.Examples[0]); len(s.Faults(v)) == 0 {
			return v
		}
	}
	switch s.kind() {
	case "string":
		return m.text(s)
	case "integer":
		return m.integer(s)
	case "number":
		return m.number(s)
	case "boolean":
		return m.r.IntN(2) == 0
	case "array":
		return m.list(name, s, depth)
	}
	return m.object(s, depth)
}

func (m *maker) list(name string, s *Schema, depth int) any {
	least, most := 0, 3
	if s.MinItems != nil {
		least = *s.MinItems
	}
	if s.MaxItems != nil {
		most = min(most, *s.MaxItems)
	}
	out := []any{}
	for range least + m.r.IntN(max(most-least, 0)+1) {
		item := any("x")
		if s.Items != nil {
			item = m.value(strings.TrimSuffix(name, "s"), s.Items, depth+1)
		}
		if s.Unique && slices.ContainsFunc(out, func(o any) bool { return brief(o) == brief(item) }) {
			continue
		}
		out = append(out, item)
	}
	return out
}

func (m *maker) object(s *Schema, depth int) any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || depth < 6 && m.r.IntN(2) == 0 {
			out[name] = m.value(name, s.Properties[name], depth+1)
		}
	}
	if len(s.Properties) == 0 && !s.Additional.refused && depth < 6 {
		for range m.r.IntN(3) {
			value := any(m.word())
			if s.Additional.schema != nil {
				value = m.value("", s.Additional.schema, depth+1)
			}
			out[[]string{"topic", "niche", "a", "ö"}[m.r.IntN(4)]] = value
		}
	}
	return out
}

// number is one of a few usual ones that the bounds allow, else a bound.
func (m *maker) number(s *Schema) any {
	var fit []string
	for _, n := range []string{"0", "0.5", "12.25", "1e3"} {
		v, _ := strconv.ParseFloat(n, 64)
		if within(s.Minimum, v, false) && within(s.Maximum, v, true) {
			fit = append(fit, n)
		}
	}
	switch {
	case len(fit) > 0:
		return json.Number(fit[m.r.IntN(len(fit))])
	case s.Minimum != nil:
		return *s.Minimum
	default:
		return *s.Maximum
	}
}

// within reports whether v keeps a bound, if there is one.
func within(bound *json.Number, v float64, upper bool) bool {
	if bound == nil {
		return true
	}
	b, err := bound.Float64()
	return err != nil || v == b || (v < b) == upper
}

func (m *maker) integer(s *Schema) any {
	low, high := int64(0), int64(100)
	if s.Minimum != nil {
		low, _ = s.Minimum.Int64()
		high = max(high, low)
	}
	if s.Maximum != nil {
		if limit, err := s.Maximum.Int64(); err == nil {
			high = min(high, limit)
		}
	}
	return json.Number(itoa(low + m.r.Int64N(max(high-low, 0)+1)))
}

// words are what people write.
var words = []string{"robot vacuums", "Größe", "tea", "x", "Ein längerer Name mit Wörtern", "日本語", "naïve café", "A-1_b", "2026", "true"}

func (m *maker) word() string { return words[m.r.IntN(len(words))] }

func (m *maker) text(s *Schema) any {
	switch {
	case s.re != nil:
		if re, err := syntax.Parse(s.Pattern, syntax.Perl); err == nil {
			return m.matching(re, s)
		}
	case s.Format == "date-time":
		return time.Date(2026, 1, 1+m.r.IntN(300), 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
	case s.Format == "date":
		return time.Date(2026, 1, 1+m.r.IntN(300), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case s.Format == "email":
		return "user" + itoa(m.r.Int64N(1000)) + "@example.com"
	case s.Format == "uri":
		return "https://www.example.com/" + itoa(m.r.Int64N(1000))
	}
	out := m.word()
	if m.r.IntN(2) == 0 {
		out = "n" + itoa(m.r.Int64N(1_000_000)) + ".example"
	}
	for s.MinLength != nil && len([]rune(out)) < *s.MinLength {
		out += out
	}
	if s.MaxLength != nil {
		out = string([]rune(out)[:min(len([]rune(out)), *s.MaxLength)])
	}
	return out
}

// matching returns a text that a pattern matches and whose length s allows, if one comes up
// in a hundred tries. Behind a pattern without an end any text may follow.
func (m *maker) matching(re *syntax.Regexp, s *Schema) string {
	var out string
	for range 100 {
		out = m.match(re)
		if !strings.HasSuffix(s.Pattern, "$") {
			out += "n" + itoa(m.r.Int64N(1000))
		}
		n := utf8.RuneCountInString(out)
		if (s.MinLength == nil || n >= *s.MinLength) && (s.MaxLength == nil || n <= *s.MaxLength) {
			break
		}
	}
	return out
}

// match returns a text that a pattern matches.
func (m *maker) match(re *syntax.Regexp) string {
	var b strings.Builder
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		i := m.r.IntN(len(re.Rune)/2) * 2
		b.WriteRune(re.Rune[i] + rune(m.r.IntN(int(re.Rune[i+1]-re.Rune[i])+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a')
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			b.WriteString(m.match(sub))
		}
	case syntax.OpAlternate:
		b.WriteString(m.match(re.Sub[m.r.IntN(len(re.Sub))]))
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		least, most := map[syntax.Op]int{syntax.OpPlus: 1}[re.Op], 4
		if re.Op == syntax.OpRepeat {
			least, most = re.Min, max(re.Min, re.Max)
		} else if re.Op == syntax.OpQuest {
			most = 1
		}
		for range least + m.r.IntN(min(most-least, 8)+1) {
			b.WriteString(m.match(re.Sub[0]))
		}
	}
	return b.String()
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// plain returns v with numbers in the form of Decode.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	out, err := Decode(raw)
	if err != nil {
		return nil
	}
	return out
}
