package service

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

// TestIllegalMoveIsRefused: a change of status that is none of the legal ones changes
// nothing, and the log says so.
func TestIllegalMoveIsRefused(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := NewAgents(AgentsConfig{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))}) // without a store
	a := &domain.AgentRecord{Agent: domain.Agent{ID: "helper"}}
	ok, err := s.move(t.Context(), a, domain.AgentOffline, domain.AgentWorking)
	if ok || domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("offline to working: %v, %v, want a conflict", ok, err)
	}
	if got := log.String(); !strings.Contains(got, "illegal change of status refused") || !strings.Contains(got, "agent_id=helper from=offline to=working") {
		t.Errorf("log = %q", got)
	}
}
