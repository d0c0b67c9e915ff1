package shipped

import (
	"context"

	"empire/internal/domain"
)

// Check runs the gates of a launch over a draft, which it changes.
func (l *Launch) Check(ctx context.Context, d *domain.Draft, m *domain.Market) (*domain.Draft, []domain.File, []domain.Gate, bool, error) {
	c, err := l.check(ctx, d, m)
	if err != nil {
		return nil, nil, nil, false, err
	}
	return c.draft, c.files, c.gates.Gates, c.held, nil
}
