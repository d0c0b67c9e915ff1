package content

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// Phrases are the sentences of the data writer, one file for each part of a site
// and each language. A file holds keys and, below each, the variants that say the
// same in other words:
//
//	## product.price.low
//	{name} costs {price}; {pct_above} of the {n} {models} cost more.
//	At {price}, {name} undercuts {pct_above} of the {n} {models} here.
//
// {x} stands for a value, {a x} for the value with its English article. Templates
// hold no figures: every figure on a page comes from a value with evidence.
//
//go:embed phrases/*/*.txt
var phraseFiles embed.FS

// PhraseVersion names the phrases that texts are written from: others have another
// name.
func PhraseVersion() string { return phraseVersion() }

var phraseVersion = sync.OnceValue(func() string {
	h := sha256.New()
	_ = fs.WalkDir(phraseFiles, ".", func(path string, d fs.DirEntry, err error) error { // embedded files can be read
		if err != nil || d.IsDir() {
			return err
		}
		b, err := phraseFiles.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:12]
})

// bank holds the variants of one language by key.
type bank map[string][]template

// template is a parsed variant: text and values in turn.
type template struct {
	parts []part
}

// form is the template without its values.
func (t template) form() string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == "" {
			b.WriteString(p.text)
		} else {
			b.WriteByte('|')
		}
	}
	return b.String()
}

type part struct {
	text    string // literal text, if value is empty
	value   string // name of a value
	article bool
}

var banks = sync.OnceValue(func() map[string]bank {
	out := map[string]bank{}
	for _, lang := range []string{"en", "de"} {
		b, err := loadBank(lang)
		if err != nil {
			panic(err) // the files are part of the program
		}
		out[lang] = b
	}
	return out
})

func loadBank(language string) (bank, error) {
	b := bank{}
	files, err := phraseFiles.ReadDir("phrases/" + language)
	if err != nil {
		return nil, fmt.Errorf("read phrases: %w", err)
	}
	for _, f := range files {
		text, err := phraseFiles.ReadFile("phrases/" + language + "/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read phrases: %w", err)
		}
		key := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if rest, ok := strings.CutPrefix(line, "## "); ok {
				key = rest
				continue
			}
			if line == "" || strings.HasPrefix(line, "//") {
				continue
			}
			t, err := parseTemplate(line)
			if err != nil || key == "" {
				return nil, fmt.Errorf("phrase %q in %s/%s: %w", line, language, f.Name(), err)
			}
			b[key] = append(b[key], t)
		}
	}
	return b, nil
}

func parseTemplate(s string) (template, error) {
	var t template
	for s != "" {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			t.parts = append(t.parts, part{text: s})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, part{text: s[:open]})
		}
		end := strings.IndexByte(s, '}')
		if end < open {
			return template{}, fmt.Errorf("unbalanced braces in %q", s)
		}
		name := s[open+1 : end]
		rest, article := strings.CutPrefix(name, "a ")
		t.parts = append(t.parts, part{value: rest, article: article})
		s = s[end+1:]
	}
	return t, nil
}

// value is something that a text shows, with the evidence that carries it.
type value struct {
	text     string
	evidence []domain.EvidenceID
	slug     *string // page that the text links to
	verbatim bool    // never change its case: a product name
	blank    bool    // may be empty: the sentence goes on without it
}

// values are the values of one sentence by name.
type values map[string]value

// with returns a copy of vs with more values.
func (vs values) with(more values) values {
	out := make(values, len(vs)+len(more))
	for k, v := range vs {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// render returns the text of a template and the names of the values it used. ok is
// false if a value is missing.
func (t template) render(vs values) (text string, used []string, ok bool) {
	var b strings.Builder
	omitted := false
	for i, p := range t.parts {
		if p.value == "" {
			b.WriteString(p.text)
			continue
		}
		v, has := vs[p.value]
		if v.text == "" && v.blank {
			omitted = true
			continue
		}
		if !has || v.text == "" {
			return "", nil, false
		}
		s := v.text
		if p.article {
			s = market.WithArticle(s)
		}
		if i == 0 && (!v.verbatim || p.article) {
			s = market.Upper(s)
		}
		b.WriteString(s)
		used = append(used, p.value)
	}
	if omitted {
		return market.Upper(strings.TrimSpace(spaces.Replace(b.String()))), used, true
	}
	return market.Upper(b.String()), used, true
}

// spaces closes the gap that an omitted value leaves.
var spaces = strings.NewReplacer("  ", " ", " .", ".", " ,", ",", " ;", ";", " :", ":", " )", ")")

// productBanks are the phrases for things that nobody calls models, such as food.
var productBanks = sync.OnceValue(func() map[string]bank {
	out := map[string]bank{}
	for lang, b := range banks() {
		words := map[string]*strings.Replacer{
			"de": strings.NewReplacer("Modellen", "Produkten", "Modelle", "Produkte", "Modells", "Produkts", "Modell", "Produkt"),
			"en": strings.NewReplacer("models", "products", "model", "product", "Models", "Products", "Model", "Product"),
		}[lang]
		renamed := make(bank, len(b))
		for key, list := range b {
			for _, t := range list {
				parts := make([]part, len(t.parts))
				for i, x := range t.parts {
					x.text = words.Replace(x.text)
					parts[i] = x
				}
				renamed[key] = append(renamed[key], template{parts})
			}
		}
		out[lang] = renamed
	}
	return out
})
