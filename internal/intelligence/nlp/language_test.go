package nlp_test

import (
	"testing"

	"empire/internal/intelligence/nlp"
)

func TestDetectLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"This keyboard has quiet switches and a solid case.", "en"},
		{"Diese Tastatur hat leise Schalter und ein stabiles Gehäuse.", "de"},
		{"Ce clavier a des touches silencieuses et un boîtier solide.", "fr"},
		{"Dit toetsenbord heeft stille schakelaars en een stevige behuizing.", "nl"},
		{"Esse teclado tem teclas silenciosas e uma caixa sólida.", "pt"},
		{"Tämä näppäimistö on hiljainen ja sen kotelo on tukeva.", "fi"},
		{"Ta klawiatura ma ciche przełączniki i solidną obudowę.", "pl"},
		{"Bu klavyenin sessiz tuşları ve sağlam bir kasası var.", "tr"},
		{"Αυτό το πληκτρολόγιο είναι αθόρυβο.", "el"},
		{"Эта клавиатура очень тихая.", "ru"},
		{"このキーボードは静音です。", "ja"},
		{"这个键盘很安静。", "zh"},
		{"See https://example.org/die-und-der and mail die@der.example for more.", "en"},
		{"", nlp.Undetermined},
		{"12,50 € / 3×4", nlp.Undetermined},
	} {
		got := nlp.DetectLanguage(tt.text)
		if got.Language != tt.want {
			t.Errorf("DetectLanguage(%q) = %+v, want %s", tt.text, got, tt.want)
		}
	}
}

func TestDetectLanguageConfidence(t *testing.T) {
	t.Parallel()
	long := nlp.DetectLanguage("The package arrived late, but the seller answered all of my questions.")
	short := nlp.DetectLanguage("hotel")
	if long.Confidence < 0.99 || short.Confidence > 0.9 {
		t.Errorf("confidence of a sentence %v and of a word that many languages have %v, want above 0.99 and below 0.9", long.Confidence, short.Confidence)
	}
}

func TestSupported(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]bool{"de": true, "en": true, "fr": false, nlp.Undetermined: false, "": false} {
		if got := nlp.Supported(language); got != want {
			t.Errorf("Supported(%q) = %v, want %v", language, got, want)
		}
	}
}

func FuzzDetectLanguage(f *testing.F) {
	f.Add("Größe L – große Auswahl")
	f.Add("a\u0301 日本 \xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := nlp.DetectLanguage(text)
		if got.Language == "" || !(got.Confidence >= 0 && got.Confidence <= 1) {
			t.Errorf("DetectLanguage(%q) = %+v, want a code and a confidence from 0 to 1", text, got)
		}
	})
}

func BenchmarkDetectLanguage(b *testing.B) {
	for b.Loop() {
		nlp.DetectLanguage("Diese Tastatur hat leise Schalter, ein stabiles Gehäuse und eine Beleuchtung, die man abschalten kann.")
	}
}
