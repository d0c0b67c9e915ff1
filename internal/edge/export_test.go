package edge

import (
	"context"
	"time"
)

// ForceResync makes the next refresh read the whole table.
func (s *Server) ForceResync() {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	s.resyncAt = time.Time{}
}

// Refresh takes over what changed now.
func (s *Server) Refresh(ctx context.Context) error { return s.refresh(ctx) }
