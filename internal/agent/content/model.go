package content

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	texttemplate "text/template"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

//go:embed prompts/*.tmpl
var promptFiles embed.FS

var retellPrompt = texttemplate.Must(texttemplate.ParseFS(promptFiles, "prompts/*.tmpl"))

// PromptVersion is recorded with what a model wrote; a changed prompt gets a new one.
const PromptVersion = "retell/2"

const (
	modelSystem    = "You retell facts that you are given. You never add facts, figures, names, addresses or judgements, and you answer with JSON alone."
	maxModelReply  = 96 << 10 // bytes; more is not looked at
	maxRepairs     = 2
	maxRefusals    = 3  // pages in a row that no model answered; then the rest is not asked for
	sentenceWords  = 32 // that a sentence may have
	tokensForWord  = 4  // of an answer, with its JSON
	fewestAnswered = 256
)

// Completer asks a model and pays for it.
type Completer interface {
	Complete(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error)
}

// ModelConfig lets a model retell what the data writer wrote.
type ModelConfig struct {
	Model Completer
	Name  string // of the model in the configuration; empty: the default one
}

// NewModel returns a Generator whose prose is retold by a model. The data writer
// decides what is said, with its evidence, and stays what a part falls back to: a part
// that fails its checks after two repairs is published as the data writer wrote it.
func NewModel(cfg ModelConfig) *Generator { return &Generator{model: &cfg} }

// Telling says how the parts of a page came to be.
type Telling struct {
	Provider string   `json:"provider,omitempty"`
	Model    string   `json:"model,omitempty"`  // the vendor's name
	Prompt   string   `json:"prompt,omitempty"` // version
	Parts    int      `json:"parts"`            // that a model was asked for
	Told     int      `json:"told"`             // that passed the checks
	Repairs  int      `json:"repairs"`
	Faults   []string `json:"faults,omitempty"` // why the others are the data writer's
}

// reteller asks for the pages of one site.
type reteller struct {
	cfg      *ModelConfig
	s        *siteWriter
	known    *vocabulary
	refusals int
}

// retell lets the model retell all pages whose words are not law.
func (s *siteWriter) retell(ctx context.Context, cfg *ModelConfig) error {
	r := &reteller{cfg: cfg, s: s, known: newVocabulary(s)}
	for i, w := range s.drafts {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("retell page %d of %d: %w", i+1, len(s.drafts), err)
		}
		if !w.plan.Kind.Legal() && w.plan.Kind != domain.PageMethod && r.refusals < maxRefusals {
			if err := r.page(ctx, w); err != nil {
				return err
			}
		}
		if s.in.Progress != nil {
			s.in.Progress(len(s.drafts)+i+1, 2*len(s.drafts), w.plan.NavLabel)
		}
	}
	if r.refusals >= maxRefusals {
		s.warnings = append(s.warnings, "No model answered any more: the other pages are the data writer's.")
	}
	return nil
}

// page retells one page. A model that cannot be reached leaves it as it is; a spent
// budget is an error, because a cheaper page was not asked for.
func (r *reteller) page(ctx context.Context, w *pageWriter) error {
	open := unitsOf(&w.page)
	if len(open) == 0 {
		return nil
	}
	t := &Telling{Prompt: PromptVersion, Parts: len(open)}
	before := w.page
	var faults []string
	for try := 0; len(open) > 0 && try <= maxRepairs; try++ {
		answer, err := r.ask(ctx, open, faults)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case domain.CodeOf(err) == domain.CodeBudgetExhausted || domain.CodeOf(err) == domain.CodeForbidden:
			return fmt.Errorf("retell %s: %w", w.page.Path(), err)
		case err != nil:
			r.refusals++
			t.Faults = append(t.Faults, "No model answered: "+domain.MessageOf(err))
			w.told = t
			return r.settle(w, t, &before)
		}
		r.refusals = 0
		t.Provider, t.Model = answer.Provider, answer.Model
		if try > 0 {
			t.Repairs++
		}
		open, faults = r.take(w, open, answer.Text, t)
	}
	t.Faults = append(t.Faults, faults...)
	return r.settle(w, t, &before)
}

// settle keeps what was told, unless the page came too close to another one.
func (r *reteller) settle(w *pageWriter, t *Telling, before *domain.Page) error {
	w.told = t
	if t.Told == 0 {
		return nil
	}
	own := nlp.Shingles(MainText(&w.page), shingleWords)
	for _, o := range r.s.drafts {
		if o != w && nlp.Overlap(own, nlp.Shingles(MainText(&o.page), shingleWords)) > maxOverlap {
			w.page = *before
			t.Faults, t.Told = append(t.Faults, "The page came too close to "+o.page.Path()+"."), 0
			return nil
		}
	}
	w.page.Writer = "model/" + PromptVersion + " " + t.Provider + "/" + t.Model
	return nil
}

func (r *reteller) ask(ctx context.Context, open []*unit, faults []string) (*domain.ModelAnswer, error) {
	words := 0
	for _, u := range open {
		words += u.words()
	}
	var b bytes.Buffer
	err := retellPrompt.ExecuteTemplate(&b, "retell.tmpl", map[string]any{"Language": r.s.lang, "Parts": open, "Faults": faults, "MaxWords": sentenceWords})
	if err != nil {
		return nil, fmt.Errorf("render prompt: %w", err)
	}
	return r.cfg.Model.Complete(ctx, domain.ModelPrompt{
		Model: r.cfg.Name, System: modelSystem, Prompt: b.String(), MaxTokens: max(fewestAnswered, words*tokensForWord),
	})
}

// told is an answer of a model.
type told struct {
	Parts []struct {
		ID        string         `json:"id"`
		Sentences []toldSentence `json:"sentences"`
	} `json:"parts"`
}

type toldSentence struct {
	Text  string   `json:"text"`
	Facts []string `json:"facts"`
}

// take puts the parts of an answer that pass their checks into the page, and returns
// the others with what is wrong with them.
func (r *reteller) take(w *pageWriter, open []*unit, text string, t *Telling) (left []*unit, faults []string) {
	var answer told
	if err := decodeTold(text, &answer); err != nil {
		return open, []string{"The answer is not the JSON that was asked for."}
	}
	for _, u := range open {
		var list []toldSentence
		for _, p := range answer.Parts {
			if p.ID == u.ID {
				list = p.Sentences
			}
		}
		sentences, fault := r.check(u, list)
		if fault != "" {
			left, faults = append(left, u), append(faults, u.ID+": "+fault)
			continue
		}
		u.set(sentences)
		t.Told++
	}
	return left, faults
}

// decodeTold reads JSON alone, at most in a fence.
func decodeTold(text string, v any) error {
	if len(text) > maxModelReply {
		return errors.New("too long")
	}
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "```"); ok {
		if _, body, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(rest), "```"), "\n"); ok {
			text = body
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
