package domain

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Event is news for people and agents that watch. It travels over the bus and may
// be missed: nothing relies on one for correctness.
type Event struct {
	// Topic is the area and what happened, joined by dots: pipeline.step.completed.
	Topic  string          `json:"topic"`
	Tenant TenantID        `json:"tenant,omitempty"` // whose it is; empty: everybody may see it
	Object string          `json:"object,omitempty"` // id of what it is about
	Data   json.RawMessage `json:"data,omitempty"`
	At     time.Time       `json:"at"`
}

// Areas of events: the first part of every topic.
const (
	EventAgent        = "agent"        // agent.status, agent.created, agent.deleted
	EventApproval     = "approval"     // approval.opened, approval.approved, approval.rejected, approval.void, approval.expired
	EventBudget       = "budget"       // budget.degraded, budget.exhausted, budget.raised
	EventIntelligence = "intelligence" // intelligence.research.<state>, intelligence.scan.<state>, …progress
	EventMessage      = "message"      // message.sent, message.handled, message.dead
	EventPipeline     = "pipeline"     // pipeline.run.<state>, pipeline.step.<state>, pipeline.step.progress
	EventSystem       = "system"       // system.component
	EventTask         = "task"         // task.<state>, task.progress
	EventWebsite      = "website"      // website.published, …
)

// EventAreas returns all areas in order.
func EventAreas() []string {
	return []string{EventAgent, EventApproval, EventBudget, EventIntelligence, EventMessage, EventPipeline, EventSystem, EventTask, EventWebsite}
}

// Area returns the first part of the event's topic.
func (e *Event) Area() string {
	area, _, _ := strings.Cut(e.Topic, ".")
	return area
}

// EventPermission returns the right that one needs to see the events of an area.
func EventPermission(area string) Permission {
	switch area {
	case EventApproval, EventWebsite, EventBudget:
		return WebsitesRead
	case EventIntelligence:
		return IntelligenceUse
	default:
		return AgentsRead
	}
}

// ValidTopic reports whether a pattern can be subscribed to: an area, then parts of
// lower-case letters, digits and underscores, where * stands for one part and a > at the end
// for all that follow; "pipeline.*" also matches deeper topics, because people mean
// that.
func ValidTopic(pattern string) bool {
	parts := strings.Split(pattern, ".")
	if len(pattern) > 100 || !slices.Contains(EventAreas(), parts[0]) {
		return false
	}
	for i, p := range parts[1:] {
		last := i == len(parts)-2
		if p == "*" || p == ">" && last {
			continue
		}
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
	}
	return true
}

// MatchTopic reports whether a topic is one of those that a valid pattern stands
// for.
func MatchTopic(pattern, topic string) bool {
	want, have := strings.Split(pattern, "."), strings.Split(topic, ".")
	for i, p := range want {
		last := i == len(want)-1
		if last && (p == "*" || p == ">") {
			return len(have) > i
		}
		if i >= len(have) || p != "*" && p != have[i] {
			return false
		}
	}
	return len(want) == 1 || len(have) == len(want)
}
