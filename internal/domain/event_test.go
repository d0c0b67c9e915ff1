package domain_test

import (
	"testing"

	"empire/internal/domain"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, topic string
		valid, match   bool
	}{
		{"pipeline", "pipeline.run.completed", true, true}, // an area alone means all of it
		{"pipeline.*", "pipeline.run.completed", true, true},
		{"pipeline.>", "pipeline.run", true, true},
		{"pipeline.*", "pipeline", true, false},
		{"pipeline.*.completed", "pipeline.step.completed", true, true},
		{"pipeline.*.completed", "pipeline.step.failed", true, false},
		{"pipeline.run.completed", "pipeline.run.completed", true, true},
		{"pipeline.run", "pipeline.run.completed", true, false},
		{"pipeline.*", "agent.status", true, false},
		{"*", "agent.status", false, true},
		{"pipelines.*", "", false, false},
		{"pipeline..x", "", false, false},
		{"pipeline.>.x", "", false, false},
		{"pipeline.RUN", "", false, false},
		{"", "", false, false},
	} {
		if got := domain.ValidTopic(tt.pattern); got != tt.valid {
			t.Errorf("ValidTopic(%q) = %v, want %v", tt.pattern, got, tt.valid)
		}
		if tt.topic == "" {
			continue
		}
		if got := domain.MatchTopic(tt.pattern, tt.topic); got != tt.match {
			t.Errorf("MatchTopic(%q, %q) = %v, want %v", tt.pattern, tt.topic, got, tt.match)
		}
	}
}
