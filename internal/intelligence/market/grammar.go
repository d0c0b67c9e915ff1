package market

import (
	"strings"
	"unicode"
)

// Is returns the verb that goes with the attribute's name: is or are, ist or sind.
func (t *Term) Is(language string) string {
	plural := t.In(language).Plural || t.In(language).Gender == "p"
	switch {
	case language == "de" && plural:
		return "sind"
	case language == "de":
		return "ist"
	case plural:
		return "are"
	default:
		return "is"
	}
}

// The returns the attribute's name with the definite article in the nominative:
// "the refresh rate", "die Bildrate".
func (t *Term) The(language string) string {
	if language != "de" {
		return "the " + t.Low(language)
	}
	article := map[string]string{"m": "der", "f": "die", "n": "das", "p": "die"}[t.DE.Gender]
	if article == "" {
		return "„" + t.Low(language) + "“"
	}
	return article + " " + weak(t.Low(language), t.DE.Gender)
}

// weak gives an adjective that begins a name the ending that it has behind an article in
// the nominative: "durchgehende" for "durchgehender", "gesättigten" for "gesättigte".
func weak(name, gender string) string {
	adjective, rest, two := strings.Cut(name, " ")
	first := []rune(adjective)[0]
	if !two || !unicode.IsLower(first) {
		return name
	}
	switch gender {
	case "m":
		adjective = strings.TrimSuffix(adjective, "r")
	case "n":
		adjective = strings.TrimSuffix(adjective, "s")
	case "p":
		adjective += "n"
	}
	return adjective + " " + rest
}

// At says "in the attribute": "in refresh rate", "bei der Bildrate".
func (t *Term) At(language string) string {
	if language != "de" {
		return "in " + t.Low(language)
	}
	switch t.DE.Gender {
	case "m", "n":
		return "beim " + t.dative()
	case "f":
		return "bei der " + t.dative()
	case "p":
		return "bei den " + t.dative()
	default:
		return "beim Punkt „" + t.Low(language) + "“"
	}
}

// On says "on the attribute": "on the refresh rate", "zur Bildrate".
func (t *Term) On(language string) string {
	if language != "de" {
		return "on " + t.The(language)
	}
	switch t.DE.Gender {
	case "m", "n":
		return "zum " + t.dative()
	case "f":
		return "zur " + t.dative()
	case "p":
		return "zu den " + t.dative()
	default:
		return "zum Punkt „" + t.Low(language) + "“"
	}
}

// dative returns the German name of the attribute in the dative.
func (t *Term) dative() string {
	switch {
	case t.DE.Dative != "":
		return t.DE.Dative
	case t.DE.Gender == "p":
		return DativePlural(t.Low("de"))
	default:
		return t.Low("de")
	}
}

// DativePlural returns the German dative of a plural noun: Monitore, Monitoren.
func DativePlural(noun string) string {
	if noun == "" {
		return noun
	}
	last := []rune(noun)[len([]rune(noun))-1]
	if unicode.ToLower(last) == 'n' || unicode.ToLower(last) == 's' {
		return noun
	}
	return noun + "n"
}
