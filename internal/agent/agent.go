// Package agent holds what all agents share: the shape of a task and the list of
// the agents that come with the program. Each agent lives in its own package as a
// typed function; this package only says who they are and what they take.
package agent

import (
	"encoding/json"
	"slices"

	"empire/internal/domain"
)

// The identifiers of the agents that come with the program.
const (
	Scanner    domain.AgentID = "opportunity_scanner"
	Generator  domain.AgentID = "content_generator"
	Builder    domain.AgentID = "website_generator"
	Optimizer  domain.AgentID = "seo_optimization_agent"
	Monetizing domain.AgentID = "monetization_agent"
)

// Task is one piece of work for an agent. Context holds earlier results by stage
// name.
type Task struct {
	Type    string                     `json:"type"`
	Params  json.RawMessage            `json:"params"`
	Context map[string]json.RawMessage `json:"context,omitempty"`
}

// Spec says who an agent is. Aliases are other identifiers that it answers to.
type Spec struct {
	ID           domain.AgentID   `json:"id"`
	Aliases      []domain.AgentID `json:"aliases,omitempty"`
	TaskTypes    []string         `json:"task_types"`
	Capabilities []string         `json:"capabilities"`
}

// Takes reports whether the agent takes tasks of this type.
func (s Spec) Takes(taskType string) bool { return slices.Contains(s.TaskTypes, taskType) }

// Specs returns the agents that come with the program. The caller may change the
// result.
func Specs() []Spec {
	scanning := []string{
		"market_analysis", "competitor_research", "trend_detection", "affiliate_program_scanning", "viral_potential_assessment",
	}
	optimizing := []string{
		"audit", "optimize_content", "internal_links", "structured_data", "keyword_map", "content_refresh",
	}
	monetizing := []string{
		"programme_match", "link_placement", "epc_report", "link_health", "offer_swap", "revenue_reconcile",
	}
	return []Spec{
		{ID: Scanner, TaskTypes: append([]string{"market_scan"}, scanning...), Capabilities: scanning},
		{
			ID: Generator, TaskTypes: []string{"generate_content", "refresh_content"},
			Capabilities: []string{
				"article_generation", "product_reviews", "landing_page_copy", "email_sequences", "social_media_content",
			},
		},
		{
			ID: Builder, Aliases: []domain.AgentID{"website_builder"},
			TaskTypes: []string{"generate_website", "plan_website", "build_website", "deploy_website"},
			Capabilities: []string{
				"website_generation", "content_creation", "seo_optimization", "design_automation", "deployment_automation",
			},
		},
		{
			ID: Optimizer, Aliases: []domain.AgentID{"seo_optimizer"},
			TaskTypes: optimizing, Capabilities: slices.Clone(optimizing),
		},
		{
			ID: Monetizing, Aliases: []domain.AgentID{"monetization"},
			TaskTypes: monetizing, Capabilities: slices.Clone(monetizing),
		},
	}
}

// Find returns the agent with this identifier or alias.
func Find(id domain.AgentID) (Spec, bool) {
	for _, s := range Specs() {
		if s.ID == id || slices.Contains(s.Aliases, id) {
			return s, true
		}
	}
	return Spec{}, false
}
