package nlp_test

import (
	"testing"

	"empire/internal/intelligence/nlp"
)

func TestSentiment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ language, text, want string }{
		{"en", "The keyboard is great.", "pos"},
		{"en", "The keyboard is not great.", "neg"},
		{"en", "It isn't reliable at all.", "neg"},
		{"en", "It is n't bad .", "pos"},
		{"en", "Pretty bad sound.", "neg"},
		{"en", "It looks nice, but the hinge broke and the motor is noisy.", "neg"},
		{"en", "Although it is a bit heavy, I love it.", "pos"},
		{"en", "It lacks quality.", "neg"},
		{"en", "It weighs 2 kg.", "neutral"},
		{"de", "Die Tastatur ist hervorragend.", "pos"},
		{"de", "Die Tastatur ist nicht gut.", "neg"},
		{"de", "Das Gehäuse gefällt mir nicht.", "neg"},
		{"de", "Schönes Design, aber leider nach einer Woche kaputt.", "neg"},
		{"de", "Obwohl er teuer war, bin ich sehr zufrieden.", "pos"},
		{"de", "Er wiegt zwei Kilogramm.", "neutral"},
		{"fr", "Ce clavier est excellent.", "neutral"},
	} {
		if got := nlp.Sentiment(tt.language, tt.text); got.Label() != tt.want {
			t.Errorf("Sentiment(%s, %q) = %+v, want %s", tt.language, tt.text, got, tt.want)
		}
	}
}

func TestSentimentDegree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ language, more, less string }{
		{"en", "It is very good.", "It is good."},
		{"en", "It is good.", "It is somewhat good."},
		{"en", "It is excellent.", "It is good."},
		{"en", "It is good!", "It is good."},
		{"de", "Es ist sehr gut.", "Es ist gut."},
		{"de", "Es ist gut.", "Es ist einigermaßen gut."},
	} {
		more, less := nlp.Sentiment(tt.language, tt.more).Score, nlp.Sentiment(tt.language, tt.less).Score
		if more <= less || more > 1 {
			t.Errorf("%q scores %v and %q %v, want more for the first, at most 1", tt.more, more, tt.less, less)
		}
	}
}

func TestNewLexicon(t *testing.T) {
	t.Parallel()
	l := nlp.NewLexicon("en", []string{"Zippy"}, []string{"gloopy"})
	got := l.Judge("Zippy but gloopy. Never gloopy.")
	if got.Positive != 2 || got.Negative != 1 {
		t.Errorf("opinion = %+v, want 2 positive words (one negated) and 1 negative", got)
	}
	var none *nlp.Lexicon
	if got := none.Judge("great"); got.Score != 0 {
		t.Errorf("without a lexicon: %+v, want zero", got)
	}
}

func FuzzSentiment(f *testing.F) {
	f.Add("not! very, (good) but n't -- …")
	f.Fuzz(func(t *testing.T, text string) {
		for _, language := range []string{"en", "de"} {
			if got := nlp.Sentiment(language, text); !(got.Score >= -1 && got.Score <= 1) || got.Positive < 0 || got.Negative < 0 {
				t.Errorf("%s: Sentiment(%q) = %+v, want a score from -1 to 1", language, text, got)
			}
		}
	})
}
