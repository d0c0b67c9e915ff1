package edge

import "time"

// ForceResync makes the next refresh read the whole table.
func (s *Server) ForceResync() {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	s.resyncAt = time.Time{}
}
