package service

import (
	"context"

	"empire/internal/domain"
)

type edgeHosts interface {
	Hosts(tenant domain.TenantID) []domain.HostStats
}

// Edge shows what the edge of this process served.
type Edge struct{ hosts edgeHosts }

// NewEdge returns the service. hosts may be nil: this process serves no sites.
func NewEdge(hosts edgeHosts) *Edge { return &Edge{hosts} }

// Hosts returns what was served of the websites of the principal's tenant since the
// process began, those with the most requests first.
func (s *Edge) Hosts(ctx context.Context) ([]domain.HostStats, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	if s.hosts == nil {
		return []domain.HostStats{}, nil
	}
	return s.hosts.Hosts(scope(ctx)), nil
}
