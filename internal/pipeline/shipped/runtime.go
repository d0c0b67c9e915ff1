package shipped

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/agent"
	"empire/internal/agent/seo"
	"empire/internal/agent/website"
	"empire/internal/domain"
)

// Runtime hands single tasks to the agents: those that clients ask for over the API
// and the stages of inline pipelines.
type Runtime struct {
	Launch *Launch
	Market *Analyst
	// Latest returns the draft that the newest release of a website was built from,
	// with the market behind it.
	Latest func(ctx context.Context, id domain.WebsiteID) (*domain.Draft, *domain.Market, error)
	// Keywords returns what the pages of a website are for, and for what they compete.
	Keywords func(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error)
	// Stale returns what pages of a website rest on that changed since they were
	// published.
	Stale func(ctx context.Context, id domain.WebsiteID) ([]domain.GraphStale, error)
	// Compare says what differs between the pages of two drafts.
	Compare func(before, after *domain.Draft) []domain.PageDiff
	// Clicks returns how often links of each program were followed on a website.
	Clicks func(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) ([]domain.ProgramTraffic, error)
	// Health returns what is known of those of the links that were looked at.
	Health func(ctx context.Context, ids []domain.LinkID) ([]domain.LinkHealth, error)
	Now    func() time.Time
}

type taskFunc func(r *Runtime, ctx context.Context, params json.RawMessage) (any, error)

// tasks lists what each agent can do by itself, by task type.
var tasks = map[domain.AgentID]map[string]taskFunc{
	"opportunity_scanner": {
		"market_scan":                (*Runtime).marketScan,
		"market_analysis":            (*Runtime).marketAnalysis,
		"competitor_research":        (*Runtime).competitorResearch,
		"trend_detection":            (*Runtime).trendDetection,
		"affiliate_program_scanning": (*Runtime).programScan,
		"viral_potential_assessment": (*Runtime).viralPotential,
	},
	"website_generator": {"plan_website": (*Runtime).planWebsite},
	"content_generator": {"generate_content": (*Runtime).generateContent},
	"seo_optimization_agent": {
		"audit":            (*Runtime).seoAudit,
		"optimize_content": (*Runtime).optimizeContent,
		"internal_links":   (*Runtime).internalLinks,
		"structured_data":  (*Runtime).structuredData,
		"keyword_map":      (*Runtime).keywordMap,
		"content_refresh":  (*Runtime).contentRefresh,
	},
	"monetization_agent": {
		"programme_match": (*Runtime).programMatch,
		"link_placement":  (*Runtime).linkPlacement,
		"epc_report":      (*Runtime).epcReport,
		"link_health":     (*Runtime).linkHealth,
		"offer_swap":      (*Runtime).offerSwap,
	},
}

// Agents returns the five agents with the task types that they take.
func Agents() []domain.Agent {
	var out []domain.Agent
	for _, s := range agent.Specs() {
		a := domain.Agent{ID: s.ID, Aliases: s.Aliases, Capabilities: s.Capabilities}
		for t := range tasks[s.ID] {
			a.TaskTypes = append(a.TaskTypes, t)
		}
		slices.Sort(a.TaskTypes)
		out = append(out, a)
	}
	return out
}

// Check implements pipeline.Dispatcher.
func (r *Runtime) Check(id domain.AgentID, taskType string) error {
	_, err := r.task(id, taskType)
	return err
}

func (r *Runtime) task(id domain.AgentID, taskType string) (taskFunc, error) {
	for _, a := range Agents() {
		if a.ID != id && !slices.Contains(a.Aliases, id) {
			continue
		}
		if fn, ok := tasks[a.ID][taskType]; ok {
			return fn, nil
		}
		return nil, &domain.Error{Code: domain.CodeUnsupportedTaskType, Field: "type",
			Message: fmt.Sprintf("Agent %s does not take task type %q; it takes %s.", a.ID, taskType, strings.Join(a.TaskTypes, ", "))}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
}

// External implements pipeline.Dispatcher: all agents of the runtime are part of the
// program.
func (r *Runtime) External(domain.AgentID) bool { return false }

// Hand implements pipeline.Dispatcher; there is nobody to hand a task to.
func (r *Runtime) Hand(_ context.Context, _ *domain.Run, _ *domain.Step, id domain.AgentID, _ domain.TaskSpec, _ map[string]json.RawMessage) error {
	return domain.Errorf(domain.CodeConflict, "Agent %s does not work outside this program.", id)
}

// Do implements pipeline.Dispatcher. Parameters that are missing are taken from the
// results of earlier stages where these name a topic or a website.
func (r *Runtime) Do(ctx context.Context, id domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	fn, err := r.task(id, task.Type)
	if err != nil {
		return nil, err
	}
	out, err := fn(r, ctx, withContext(task.Params, results))
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode result of %s: %w", task.Type, err)
	}
	return raw, nil
}

// withContext fills topic and website_id from earlier results.
func withContext(params json.RawMessage, results map[string]json.RawMessage) json.RawMessage {
	own := map[string]any{}
	if json.Unmarshal(params, &own) != nil && len(params) > 0 {
		return params
	}
	for _, raw := range results {
		var earlier struct {
			Topic     string `json:"topic"`
			WebsiteID string `json:"website_id"`
		}
		if json.Unmarshal(raw, &earlier) != nil {
			continue
		}
		if _, has := own["topic"]; !has && earlier.Topic != "" {
			own["topic"] = earlier.Topic
		}
		if _, has := own["website_id"]; !has && earlier.WebsiteID != "" {
			own["website_id"] = earlier.WebsiteID
		}
	}
	raw, err := json.Marshal(own)
	if err != nil {
		return params
	}
	return raw
}

// decode reads parameters strictly: an unknown name is CodeInvalid.
func decode(params json.RawMessage, v any) error {
	if len(params) == 0 {
		params = json.RawMessage(`{}`)
	}
	d := json.NewDecoder(strings.NewReader(string(params)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return domain.Invalid("params", "The task's parameters do not fit: %s.", err)
	}
	return nil
}

// topicParams ask about a market.
type topicParams struct {
	Topic     string          `json:"topic"`
	Language  string          `json:"language"`
	Feeds     []domain.FeedID `json:"feeds"`
	WebsiteID string          `json:"website_id"` // ignored: comes from earlier stages
}

func (r *Runtime) market(ctx context.Context, params json.RawMessage) (*domain.Market, string, error) {
	var p topicParams
	if err := decode(params, &p); err != nil {
		return nil, "", err
	}
	if p.Language == "" {
		p.Language = "en"
	}
	m, err := r.Launch.Markets.Build(ctx, p.Topic, p.Language, p.Feeds, r.Now().UTC(), func(int, int, string) {})
	return m, p.Language, err
}

func (r *Runtime) planWebsite(ctx context.Context, params json.RawMessage) (any, error) {
	m, language, err := r.market(ctx, params)
	if err != nil {
		return nil, err
	}
	site := domain.Website{Domain: "plan.example", Niche: m.Niche, Language: language}
	plan, err := r.Launch.Builder.Plan(ctx, website.PlanInput{Market: m, Website: site, Seed: seed(&site)})
	return map[string]any{"topic": m.Niche, "structure": plan}, err
}

// siteParams name a website.
type siteParams struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Topic     string           `json:"topic"` // ignored: comes from earlier stages
}

func (p siteParams) check() error {
	if p.WebsiteID == "" {
		return domain.Invalid("website_id", "A website is needed.")
	}
	return nil
}

func (r *Runtime) latest(ctx context.Context, params json.RawMessage) (domain.WebsiteID, *domain.Draft, *domain.Market, error) {
	var p siteParams
	if err := decode(params, &p); err != nil {
		return "", nil, nil, err
	}
	if err := p.check(); err != nil {
		return "", nil, nil, err
	}
	d, m, err := r.Latest(ctx, p.WebsiteID)
	return p.WebsiteID, d, m, err
}

func (r *Runtime) seoAudit(ctx context.Context, params json.RawMessage) (any, error) {
	id, d, _, err := r.latest(ctx, params)
	if err != nil {
		return nil, err
	}
	files, err := r.Launch.Builder.Build(ctx, d)
	if err != nil {
		return nil, err
	}
	score, findings := seo.Score(d, files)
	return map[string]any{"website_id": id, "score": score, "findings": findings}, nil
}

func (r *Runtime) structuredData(ctx context.Context, params json.RawMessage) (any, error) {
	id, d, _, err := r.latest(ctx, params)
	if err != nil {
		return nil, err
	}
	pages := map[string][]domain.Schema{}
	for _, p := range seo.StructuredData(d) {
		pages[p.Path()] = p.Schema
	}
	return map[string]any{"website_id": id, "pages": pages}, nil
}

func (r *Runtime) programMatch(ctx context.Context, params json.RawMessage) (any, error) {
	id, d, m, err := r.latest(ctx, params)
	if err != nil {
		return nil, err
	}
	res, err := r.Launch.offers(ctx, d, m, r.Now().UTC())
	if err != nil {
		return nil, err
	}
	offers := map[string][]domain.Offer{}
	for i := range res.Pages {
		if len(res.Pages[i].Offers) > 0 {
			offers[res.Pages[i].Path()] = res.Pages[i].Offers
		}
	}
	return map[string]any{"website_id": id, "links_placed": res.Placed, "slots_without_offer": res.Skipped, "offers": offers, "findings": res.Findings}, nil
}
