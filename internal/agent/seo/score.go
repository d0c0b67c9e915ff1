package seo

import (
	audit "empire/internal/audit/seo"
	"empire/internal/domain"
)

// Score audits a built site and returns its score (0 to 100) with what was found.
func Score(d *domain.Draft, files []domain.File) (float64, []domain.Finding) {
	r := audit.AuditSite(d, files)
	return r.Score, append([]domain.Finding{}, r.Findings...)
}
