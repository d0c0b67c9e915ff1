package research

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

//go:embed prompts/*.tmpl
var promptFiles embed.FS

var prompts = template.Must(template.New("").Funcs(template.FuncMap{"inc": func(i int) int { return i + 1 }}).ParseFS(promptFiles, "prompts/*.tmpl"))

const (
	system        = "You select from what you are given. You never add facts, figures, names or addresses, and you answer with JSON alone."
	maxModelReply = 64 << 10 // bytes; more is not looked at
	planTokens    = 200
	chooseTokens  = 4000
)

// models asks the configured models and keeps account.
type models struct {
	cfg      Config
	byName   map[string]*domain.ModelShare
	order    []string
	answered int // how many models chose claims
	currency string
}

func newModels(cfg Config) *models { return &models{cfg: cfg, byName: map[string]*domain.ModelShare{}} }

func (m *models) shares() []domain.ModelShare {
	out := []domain.ModelShare{}
	for _, name := range m.order {
		out = append(out, *m.byName[name])
	}
	return out
}

func (m *models) share(name string) *domain.ModelShare {
	s := m.byName[name]
	if s == nil {
		s = &domain.ModelShare{Name: name}
		m.byName[name] = s
		m.order = append(m.order, name)
	}
	return s
}

// ask asks one model and books what that cost.
func (m *models) ask(ctx context.Context, name, prompt string, tokens int) (string, error) {
	s := m.share(name)
	a, err := m.cfg.Model.Complete(ctx, domain.ModelPrompt{Model: name, System: system, Prompt: prompt, MaxTokens: tokens})
	if err != nil {
		s.Error = domain.MessageOf(err)
		return "", err
	}
	s.Provider, s.Model, s.Error = a.Provider, a.Model, ""
	s.Calls++
	s.InputTokens += a.InputTokens
	s.OutputTokens += a.OutputTokens
	s.Cost += a.Cost
	m.currency = a.Currency
	return a.Text, nil
}

// down is the error when no model could be asked.
func down(names []string, errs []error) error {
	out := &domain.Error{Code: domain.CodeUnavailable, Message: "No model can be asked: "}
	spent := true
	var parts []string
	for i, err := range errs {
		parts = append(parts, names[i]+": "+domain.MessageOf(err))
		out.Faults = append(out.Faults, domain.Fault{Path: names[i], Message: domain.MessageOf(err)})
		spent = spent && domain.CodeOf(err) == domain.CodeBudgetExhausted
	}
	out.Message += strings.Join(parts, " ")
	out.Err = errors.Join(errs...)
	if spent {
		out.Code = domain.CodeBudgetExhausted
	}
	return out
}

// pick lets the first model that answers choose search phrases by number. An answer
// that is not of that form chooses nothing.
func (m *models) pick(ctx context.Context, p domain.ResearchParams, candidates []string, most int) ([]string, error) {
	prompt, err := render("plan.tmpl", map[string]any{
		"Topic": p.Topic, "Most": most, "Competitors": p.CompetitorAnalysis, "Sentiment": p.MarketSentiment, "Candidates": candidates,
	})
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range m.cfg.Models {
		text, err := m.ask(ctx, name, prompt, planTokens)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var answer struct {
			Queries []int `json:"queries"`
		}
		share := m.share(name)
		if !decode(text, &answer) {
			share.Rejected++
			return nil, nil
		}
		var out []string
		for _, n := range answer.Queries {
			if n < 1 || n > len(candidates) || slices.Contains(out, candidates[n-1]) || len(out) == most {
				share.Rejected++
				continue
			}
			share.Accepted++
			out = append(out, candidates[n-1])
		}
		return out, nil
	}
	return nil, down(m.cfg.Models, errs)
}

// choose lets models choose claims among the drafts that they are shown. It returns
// the chosen ones, those that more models chose first. That no model answers any more
// is no error: the pages were read, and the caller goes on without.
func (m *models) choose(ctx context.Context, p domain.ResearchParams, shown []*draft, most int) ([]*draft, error) {
	type line struct{ ID, Text string }
	lines := make([]line, 0, len(shown))
	byID := map[string]*draft{}
	for i, d := range shown {
		id := fmt.Sprintf("e%d", i+1)
		byID[id] = d
		lines = append(lines, line{id, strings.Join(strings.Fields(d.spans[0].text), " ")})
	}
	prompt, err := render("choose.tmpl", map[string]any{
		"Topic": p.Topic, "Most": most, "Competitors": p.CompetitorAnalysis, "Sentiment": p.MarketSentiment, "Spans": lines,
	})
	if err != nil {
		return nil, err
	}
	var out []*draft
	for _, name := range m.cfg.Models {
		text, err := m.ask(ctx, name, prompt, chooseTokens)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue
		}
		m.answered++
		for _, d := range m.accept(name, text, byID, most) {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
		if !m.cfg.Ensemble {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b *draft) int { return len(b.chosenBy) - len(a.chosenBy) })
	return out, nil
}

// accept takes from an answer what the model was shown, and counts the rest.
func (m *models) accept(name, text string, byID map[string]*draft, most int) []*draft {
	share := m.share(name)
	var answer struct {
		Claims []struct {
			Span      string `json:"span"`
			Statement string `json:"statement"`
		} `json:"claims"`
	}
	if !decode(text, &answer) {
		share.Rejected++
		return nil
	}
	var out []*draft
	for _, c := range answer.Claims {
		d := byID[c.Span]
		if d == nil || slices.Contains(out, d) || len(out) == most {
			share.Rejected++
			continue
		}
		share.Accepted++
		out = append(out, d)
		d.chosenBy = append(d.chosenBy, name)
		switch statement := strings.TrimSpace(c.Statement); {
		case statement == "" || statement == d.spans[0].text:
		case Shortens(statement, d.spans[0].text):
			d.statement = statement
		default:
			share.Rejected++
		}
	}
	return out
}

// decode reads an answer as JSON of exactly one form.
func decode(text string, v any) bool {
	if len(text) > maxModelReply {
		return false
	}
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "```"); ok {
		if _, body, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(rest), "```"), "\n"); ok {
			text = body
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}

func render(name string, data any) (string, error) {
	var b bytes.Buffer
	if err := prompts.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render prompt %s: %w", name, err)
	}
	return b.String(), nil
}

// minStatement is how many words a statement has at least.
const minStatement = 4

// weighty are words whose loss turns what a sentence says around or makes it bolder.
var weighty = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`not no never neither nor without hardly barely except unless only if may might could would should can cannot can't don't doesn't didn't isn't aren't wasn't won't
		up less fewer more than about around almost nearly roughly approximately under over least most some few often sometimes usually rarely
		claims claimed says said denies denied alleged allegedly reportedly supposedly according myth false wrong unlikely
		nicht kein keine keinen keiner keines nie niemals weder ohne kaum außer nur falls wenn kann könnte können würde sollte soll bis weniger mehr als etwa rund fast knapp circa ca unter über
		mindestens höchstens einige wenige oft manchmal meist selten angeblich laut behauptet behaupten bestreitet falsch irrtum unwahrscheinlich`) {
		out[w] = true
	}
	return out
}()

// Shortens reports whether a statement is a span with words left out at its begin or
// end only: one run of its words, none of them changed, and with all words that turn
// or weaken its meaning. So a statement holds nothing that its span does not.
func Shortens(statement, span string) bool {
	got, all := nlp.Words(statement), nlp.Words(span)
	if len(got) < minStatement || len(got) > len(all) || len(statement) > len(span)+2 || !plainSigns(statement, span) {
		return false
	}
	for i := 0; i+len(got) <= len(all); i++ {
		if slices.Equal(all[i:i+len(got)], got) {
			rest := slices.Concat(all[:i], all[i+len(got):])
			return !slices.ContainsFunc(rest, func(w string) bool { return weighty[w] })
		}
	}
	return false
}

// plainSigns reports whether a statement has no sign that its span lacks, but for the
// full stop at its end.
func plainSigns(statement, span string) bool {
	for _, r := range strings.TrimSuffix(statement, ".") {
		if !strings.ContainsRune(span, r) && !strings.ContainsRune(strings.ToLower(span), r) && !strings.ContainsRune(strings.ToUpper(span), r) {
			return false
		}
	}
	return true
}
