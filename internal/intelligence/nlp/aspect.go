package nlp

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Aspect is something that a sentence judges: a part or property of a product.
type Aspect struct {
	Term  string  // as the text has it, in lower case
	Score float64 // what the words next to it say, above 0 for praise
}

// Aspects finds what reviews of one product or kind of product judge. It is safe for
// concurrent use.
type Aspects struct {
	language string
	words    *Lexicon
	nouns    map[string]bool // stems that the texts use as nouns
	terms    map[string]int  // stems of one or two nouns, by the sentences that have them
	support  int             // sentences that make a term frequent
}

// NewAspects learns from the texts of reviews which words they use as nouns and which
// nouns they come back to. It finds frequent nouns and pairs of nouns, as M. Hu and B.
// Liu do ("Mining and summarizing customer reviews", 2004), without a tagger: a noun
// is a word that stands more often behind an article, a possessive or an opinion word
// than behind a pronoun, a modal verb or "to"; in German, one that is written with a
// capital.
func NewAspects(language string, texts []string) *Aspects {
	a := &Aspects{language: language, words: OpinionWords(language), nouns: map[string]bool{}, terms: map[string]int{}}
	uses := map[string][3]int{} // by stem: all, as a noun, as a verb
	sentences := 0
	var parsed [][]aspectToken
	for _, text := range texts {
		for _, s := range Sentences(text) {
			tokens := a.tokens(s)
			parsed = append(parsed, tokens)
			sentences++
			for i, t := range tokens {
				u := uses[t.stem]
				u[0]++
				u[1] += btoi(a.nounPlace(tokens, i))
				u[2] += btoi(i > 0 && verbBefore[language][tokens[i-1].text])
				uses[t.stem] = u
			}
		}
	}
	a.decideNouns(uses)
	for _, tokens := range parsed { // what follows a noun may be its second half
		for i := 1; i < len(tokens); i++ {
			if u := uses[tokens[i].stem]; a.nouns[tokens[i-1].stem] && !a.nounPlace(tokens, i) {
				u[1]++
				uses[tokens[i].stem] = u
			}
		}
	}
	a.decideNouns(uses)
	a.support = max(3, sentences/150)
	for _, tokens := range parsed {
		seen := map[string]bool{}
		for i := range tokens {
			for n := 1; n <= 2; n++ {
				if key, ok := a.phrase(tokens, i, n); ok && !seen[key] {
					seen[key] = true
					a.terms[key]++
				}
			}
		}
	}
	return a
}

// decideNouns takes the stems that stand for nouns at least twice as often as for
// verbs or adjectives, and in a third of all places.
func (a *Aspects) decideNouns(uses map[string][3]int) {
	for stem, u := range uses {
		if u[1] > 2*u[2] && 3*u[1] >= u[0] {
			a.nouns[stem] = true
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// aspectToken is a word of a sentence.
type aspectToken struct {
	text, stem string
	capital    bool // not at the beginning of the sentence
	judges     float64
}

func (a *Aspects) tokens(sentence string) []aspectToken {
	var out []aspectToken
	for _, field := range strings.Fields(strings.ReplaceAll(sentence, "’", "'")) {
		for _, piece := range splitAfter(field) {
			lower := strings.ToLower(piece)
			r, _ := utf8.DecodeRuneInString(piece)
			t := aspectToken{text: lower, stem: Stem(a.language, lower), capital: len(out) > 0 && unicode.IsUpper(r)}
			if a.words != nil {
				t.judges = a.words.strength(lower)
			}
			out = append(out, t)
		}
	}
	return out
}

var (
	nounBefore = map[string]map[string]bool{
		English: wordSet(`the a an this that these those its his her their my your our no any some each every other another same of with`),
		German:  wordSet(`der die das den dem des ein eine einer eines einem einen dieser diese dieses mein meine sein seine ihr ihre kein keine`),
	}
	verbBefore = map[string]map[string]bool{
		English: wordSet(`i you we they he she it to will would can could should may might must n't not don't doesn't didn't can't won't who and
			is are was were be been am 's 're very so too more most really quite as pretty looks seems feels`),
		German: wordSet(`ich du wir zu nicht man`),
	}
	// generic are nouns that are no part of anything.
	generic = map[string]map[string]bool{
		English: wordSet(`thing things time times day days week weeks month months year years hour hours minute minutes way ways lot lots bit people person
			someone anyone everyone everything anything something nothing one ones reason reasons fact case point kind sort type part parts couple number
			review reviews reviewer reviewers opinion money buck bucks world end first second last amazon friend friends wife husband son daughter
			family kid kids man woman guy owner customer customers user users company store purchase job work place home house room hand hands side top
			back front bottom rest kind problem problems issue issues complaint question questions answer experience idea need use uses thanks morning night
			today tomorrow yesterday moment while plus con pro cons pros example instance difference result line all both
			enough around now two three four five six several many few next last whole extra single high low small large big little long short full half different
			regular second third new old early late able due own sure via per plus`),
		German: wordSet(`ding dinge sache sachen zeit tag tage woche wochen monat monate jahr jahre stunde stunden minute minuten mal art weise teil grund
			fall punkt meinung bewertung rezension kunde kunden leute mensch menschen geld euro problem probleme frage fragen anfang ende`),
	}
)

// nounPlace reports whether the word stands where nouns stand.
func (a *Aspects) nounPlace(tokens []aspectToken, i int) bool {
	if a.language == German {
		return tokens[i].capital
	}
	if i == 0 {
		return false
	}
	before := tokens[i-1]
	return nounBefore[a.language][before.text] || before.judges != 0 && !strings.HasSuffix(before.text, "ly")
}

// phrase returns the stems of the n words at i if all of them are nouns that can name
// an aspect.
func (a *Aspects) phrase(tokens []aspectToken, i, n int) (string, bool) {
	if i+n > len(tokens) {
		return "", false
	}
	var stems []string
	for _, t := range tokens[i : i+n] {
		if !a.nouns[t.stem] || t.judges != 0 || StopWord(a.language, t.text) || generic[a.language][t.text] || degrees()[a.language][t.text] != 0 {
			return "", false
		}
		if r, _ := utf8.DecodeRuneInString(t.text); !unicode.IsLetter(r) || utf8.RuneCountInString(t.text) < 3 || strings.HasSuffix(t.text, "ly") {
			return "", false
		}
		stems = append(stems, t.stem)
	}
	return strings.Join(stems, " "), true
}

// opinionReach is how many words away from an aspect its opinion can stand.
const opinionReach = 6

// Find returns the aspects of a sentence about which it has an opinion, in order: the
// frequent terms with an opinion word near them, and other nouns right behind one.
func (a *Aspects) Find(sentence string) []Aspect {
	tokens := a.tokens(sentence)
	var out []Aspect
	for i := 0; i < len(tokens); i++ {
		n := 0
		for k := 2; k >= 1 && n == 0; k-- {
			key, ok := a.phrase(tokens, i, k)
			frequent := a.terms[key] >= a.support || k == 2 && a.terms[key] > 1 && a.frequentPart(tokens[i:i+2])
			if ok && (frequent || i > 0 && tokens[i-1].judges != 0 || a.copula(tokens, i+k)) {
				n = k
			}
		}
		if n == 0 {
			continue
		}
		if score := a.opinion(tokens, i, i+n); score != 0 && a.judged(tokens, i, i+n) {
			out = append(out, Aspect{Term: joinTokens(tokens[i : i+n]), Score: score})
		}
		i += n - 1
	}
	return out
}

// copula reports whether token i is a form of "to be" with an opinion right behind it.
func (a *Aspects) copula(tokens []aspectToken, i int) bool {
	if i >= len(tokens) || !copulas[a.language][tokens[i].text] {
		return false
	}
	for _, t := range tokens[i+1 : min(len(tokens), i+4)] {
		if t.judges != 0 {
			return true
		}
		if !StopWord(a.language, t.text) && degrees()[a.language][t.text] == 0 {
			return false
		}
	}
	return false
}

var copulas = map[string]map[string]bool{
	English: wordSet(`is are was were 's isn't aren't wasn't looks seems feels sounds works`),
	German:  wordSet(`ist sind war waren wirkt scheint klingt funktioniert`),
}

// judged reports whether an opinion is about tokens[from:to] by its place: right before
// it ("sharp screen"), the word for liking it before its article ("love the screen"),
// or behind it after a verb ("screen is sharp", "screen looks very sharp").
func (a *Aspects) judged(tokens []aspectToken, from, to int) bool {
	for i := from - 1; i >= max(0, from-3) && !a.border(tokens[i].text); i-- {
		if tokens[i].judges != 0 {
			return true
		}
	}
	for i := to; i < min(len(tokens), to+5) && !a.border(tokens[i].text); i++ {
		if tokens[i].judges != 0 {
			return true
		}
	}
	return false
}

// frequentPart reports whether one of two words is a frequent term by itself.
func (a *Aspects) frequentPart(pair []aspectToken) bool {
	return a.terms[pair[0].stem] >= a.support || a.terms[pair[1].stem] >= a.support
}

// Polarity returns what a sentence says about one of its terms, 0 when it says
// nothing: what stands near the term and the tendency of the sentence. A term that the sentence does not have, because it means the whole product,
// takes the opinion of the sentence.
func (a *Aspects) Polarity(sentence, term string) float64 {
	tokens := a.tokens(sentence)
	want := a.tokens(term)
	for i := 0; i+len(want) <= len(tokens) && len(want) > 0; i++ {
		if slices.EqualFunc(tokens[i:i+len(want)], want, func(x, y aspectToken) bool { return x.stem == y.stem }) {
			if s := a.opinion(tokens, i, i+len(want)); s != 0 {
				return s + a.words.Judge(sentence).Score
			}
		}
	}
	return a.words.Judge(sentence).Score
}

// opinion adds up the opinion words around tokens[from:to], each divided by how far it
// is, up to the next contrasting word, semicolon or end of sentence on either side.
func (a *Aspects) opinion(tokens []aspectToken, from, to int) float64 {
	if a.words == nil {
		return 0
	}
	lo, hi := from, to
	for lo > 0 && from-lo < opinionReach && !a.border(tokens[lo-1].text) {
		lo--
	}
	for hi < len(tokens) && hi-to < opinionReach && !a.border(tokens[hi].text) {
		hi++
	}
	words := make([]string, 0, hi-lo)
	for _, t := range tokens[lo:hi] {
		words = append(words, t.text)
	}
	sum := 0.0
	for i := lo; i < hi; i++ {
		if tokens[i].judges == 0 || negations[a.language][tokens[i].text] {
			continue
		}
		distance := max(from-i, i-to+1, 1)
		sum += a.words.modified(words, i-lo, tokens[i].judges) / float64(distance)
	}
	return sum
}

func (a *Aspects) border(word string) bool {
	return butWords[a.language][word] || althoughWords[a.language][word] || strings.Trim(word, ";.!?:,") == ""
}

func joinTokens(tokens []aspectToken) string {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.text
	}
	return strings.Join(words, " ")
}

// Frequent returns the terms that the texts come back to with the number of sentences
// that have each, most frequent first, as stems.
func (a *Aspects) Frequent() []Term {
	var out []Term
	for t, n := range a.terms {
		if n >= a.support {
			out = append(out, Term{t, n})
		}
	}
	slices.SortFunc(out, func(x, y Term) int { return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Text, y.Text)) })
	return out
}

// Term is a word or phrase with how often it was counted.
type Term struct {
	Text  string
	Count int
}
