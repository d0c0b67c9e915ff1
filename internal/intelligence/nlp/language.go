package nlp

import (
	"bufio"
	"bytes"
	"embed"
	"math"
	"strings"
	"sync"
	"unicode"
)

//go:embed language/*.txt
var languageFiles embed.FS

// The languages in which texts are analyzed.
const (
	English = "en"
	German  = "de"
)

// Guess is the language that a text is written in.
type Guess struct {
	// Language is a BCP 47 code such as de or da, or Undetermined.
	Language string
	// Confidence is the probability of Language among all that are known, 0 to 1.
	Confidence float64
}

// Undetermined is the code of a text that is in none of the known languages, or too
// short to tell.
const Undetermined = "und"

// Supported reports whether texts of the language can be analyzed: English and
// German can.
func Supported(language string) bool { return language == English || language == German }

// DetectLanguage tells the language of a text. It knows 25 languages in Latin script
// and those that have a script of their own (Greek, Korean, …); of other scripts
// that several languages share it knows the commonest one.
//
// A language is a statistical model of which letter follows which four letters,
// counted from the Universal Declaration of Human Rights, whose translations are
// free of copyright (orders are mixed as in I. Witten, T. Bell, "The zero-frequency
// problem", 1991), and the common short words of that language. Only the first
// maxSample characters are looked at.
func DetectLanguage(text string) Guess {
	letters, names, script := foldLetters(text)
	if script != "" {
		return Guess{script, 1}
	}
	if len(letters) < minLetters {
		return Guess{Undetermined, 0}
	}
	m := languages()
	scores := m.score(letters, names)
	best := 0
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	total := 0.0
	for _, s := range scores {
		total += math.Exp(s - scores[best])
	}
	return Guess{m.codes[best], 1 / total}
}

const (
	minLetters = 3 // two blanks around one letter say nothing
	maxSample  = 1000
	maxOrder   = 5 // letters that are counted together
	wordBonus  = 3 // most that a common word counts, in natural logarithms
)

// scriptLanguages are the scripts that tell the language.
var scriptLanguages = []struct {
	table *unicode.RangeTable
	code  string
}{
	{unicode.Hiragana, "ja"}, {unicode.Katakana, "ja"}, {unicode.Hangul, "ko"}, {unicode.Greek, "el"}, {unicode.Cyrillic, "ru"},
	{unicode.Arabic, "ar"}, {unicode.Hebrew, "he"}, {unicode.Thai, "th"}, {unicode.Devanagari, "hi"}, {unicode.Han, "zh"},
	{unicode.Armenian, "hy"}, {unicode.Georgian, "ka"}, {unicode.Tamil, "ta"}, {unicode.Bengali, "bn"},
}

// foldLetters returns the lower-case letters of text with one blank between words
// and around all, and for each of them whether it is in a word with a capital that
// does not begin the text, which may be a foreign name; for a text that is mostly in another script than Latin, it returns
// that script's language instead. Addresses, tags and numbers are left out.
func foldLetters(text string) (folded []rune, names []bool, script string) {
	counts := make([]int, len(scriptLanguages))
	latin := 0
	out := make([]rune, 1, min(len(text), maxSample)+2)
	out[0], names = ' ', append(names, false)
	for _, field := range strings.Fields(text) {
		if strings.Contains(field, "://") || strings.HasPrefix(field, "www.") || strings.Contains(field, "@") {
			continue
		}
		name := false
		for _, r := range field {
			switch {
			case unicode.Is(unicode.Latin, r):
				latin++
				if out[len(out)-1] == ' ' {
					name = len(out) > 1 && unicode.IsUpper(r)
				}
				out, names = append(out, unicode.ToLower(r)), append(names, name)
				continue
			case unicode.IsLetter(r):
				for i, s := range scriptLanguages {
					if unicode.Is(s.table, r) {
						counts[i]++
						break
					}
				}
			case unicode.IsMark(r):
				continue
			}
			if out[len(out)-1] != ' ' {
				out, names = append(out, ' '), append(names, name)
			}
		}
		if out[len(out)-1] != ' ' {
			out, names = append(out, ' '), append(names, name)
		}
		if len(out) > maxSample {
			break
		}
	}
	most, others := 0, 0
	for i, n := range counts {
		others += n
		if n > counts[most] {
			most = i
		}
	}
	if others > latin {
		if counts[0]+counts[1] > 0 && scriptLanguages[most].code == "zh" {
			most = 0 // Japanese writes Chinese signs between its own
		}
		return nil, nil, scriptLanguages[most].code
	}
	return out, names, ""
}

// languageModel holds the counts of letter sequences of up to maxOrder letters and
// the common words of all languages.
type languageModel struct {
	codes  []string
	index  map[uint64]int32 // by hash of the sequence, its row in counts
	counts []uint16         // rows of one count for each language
	total  []float64        // letters by language
	words  map[string]wordUse
}

// wordUse says which languages have a word and what it counts for them.
type wordUse struct {
	in    []bool
	bonus float64
}

var languages = sync.OnceValue(func() *languageModel {
	m := &languageModel{index: map[uint64]int32{}, words: map[string]wordUse{}}
	list, err := languageFiles.ReadFile("language/words.txt")
	if err != nil {
		panic("nlp: embedded words are missing: " + err.Error())
	}
	lines := map[string]string{}
	sc := bufio.NewScanner(bytes.NewReader(list))
	for sc.Scan() {
		if code, words, ok := strings.Cut(sc.Text(), ": "); ok && !strings.HasPrefix(code, "#") {
			m.codes = append(m.codes, code)
			lines[code] = words
		}
	}
	m.total = make([]float64, len(m.codes))
	for i, code := range m.codes {
		text, err := languageFiles.ReadFile("language/" + code + ".txt")
		if err != nil {
			panic("nlp: an embedded text is missing: " + err.Error())
		}
		m.learn(i, string(text)+"\n"+lines[code])
		m.learnWords(i, lines[code])
	}
	for w, use := range m.words {
		n := 0
		for _, in := range use.in {
			if in {
				n++
			}
		}
		use.bonus = min(wordBonus, math.Log(float64(len(m.codes))/float64(n)))
		m.words[w] = use
	}
	return m
})

func (m *languageModel) learnWords(language int, words string) {
	for _, w := range strings.Fields(words) {
		use, ok := m.words[w]
		if !ok {
			use.in = make([]bool, len(m.codes))
		}
		use.in[language] = true
		m.words[w] = use
	}
}

func (m *languageModel) learn(language int, text string) {
	for line := range strings.Lines(text) {
		letters, _, _ := foldLetters(line)
		for i := range letters {
			m.total[language]++
			for n := 1; n <= maxOrder && i-n+1 >= 0; n++ {
				h := hashRunes(letters[i-n+1 : i+1])
				row, ok := m.index[h]
				if !ok {
					row = int32(len(m.index)) //nolint:gosec // a few hundred thousand
					m.index[h] = row
					m.counts = append(m.counts, make([]uint16, len(m.codes))...)
				}
				m.counts[int(row)*len(m.codes)+language]++
			}
		}
	}
}

// hashRunes is FNV-1a over the runes.
func hashRunes(letters []rune) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range letters {
		h = (h ^ uint64(r)) * 1099511628211 //nolint:gosec // a rune is not negative
	}
	return h
}

// row returns the counts of a sequence by language, nil if no text has it.
func (m *languageModel) row(letters []rune) []uint16 {
	r, ok := m.index[hashRunes(letters)]
	if !ok {
		return nil
	}
	n := len(m.codes)
	return m.counts[int(r)*n : int(r)*n+n]
}

// mixing is how often a context must have been seen for its own counts to weigh as
// much as those of the shorter context.
const mixing = 4

// score returns for each language the logarithm of the probability of the letters,
// damped because neighboring letters are not independent, with the words' bonus.
func (m *languageModel) score(letters []rune, names []bool) []float64 {
	out := make([]float64, len(m.codes))
	p := make([]float64, len(m.codes))
	var before, rows [maxOrder + 1][]uint16 // by length, the sequences that end at the letter before and at this one
	before[1] = m.row(letters[:1])
	for i := 1; i < len(letters); i++ {
		for l := range p {
			p[l] = 1.0 / 60
		}
		clear(rows[:])
		for n := 1; n <= maxOrder && i-n+1 >= 0; n++ {
			context := before[n-1]
			if n > 1 && context == nil {
				break
			}
			rows[n] = m.row(letters[i-n+1 : i+1])
			for l := range p {
				c, all := 0.0, m.total[l]
				if rows[n] != nil {
					c = float64(rows[n][l])
				}
				if n > 1 {
					all = float64(context[l])
				}
				p[l] = (c + mixing*p[l]) / (all + mixing)
			}
		}
		before = rows
		weight := damping
		if names[i] {
			weight *= nameWeight
		}
		for l := range out {
			out[l] += weight * math.Log(p[l])
		}
	}
	for _, w := range strings.Fields(string(letters)) {
		use, ok := m.words[w]
		if !ok {
			continue
		}
		for l, in := range use.in {
			if in {
				out[l] += use.bonus
			}
		}
	}
	return out
}

const (
	damping    = 0.7
	nameWeight = 0.3 // of the letters in what may be a foreign name
)
