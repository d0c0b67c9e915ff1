package service

import (
	"context"

	"empire/internal/domain"
)

// Bulk does one thing to many websites, one after the other and each in a
// transaction of its own: the results, in the order of ids, say for each whether it
// was done. It fails as a whole only if it may not begin.
func (s *Websites) Bulk(ctx context.Context, action domain.BulkAction, ids []domain.WebsiteID) ([]domain.BulkResult, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	do, err := s.bulkStep(action)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > domain.MaxBulk {
		return nil, domain.Invalid("ids", "Between 1 and %d websites can be named, not %d.", domain.MaxBulk, len(ids))
	}
	seen := make(map[domain.WebsiteID]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			return nil, domain.Invalid("ids", "Website %s is named twice.", id)
		}
		seen[id] = true
	}
	out := make([]domain.BulkResult, len(ids))
	for i, id := range ids {
		out[i].ID = id
		if out[i].Err = ctx.Err(); out[i].Err == nil {
			out[i].RunID, out[i].Err = do(ctx, id)
		}
	}
	return out, nil
}

// bulkStep returns what an action does to one website.
func (s *Websites) bulkStep(action domain.BulkAction) (func(context.Context, domain.WebsiteID) (domain.RunID, error), error) {
	switch action {
	case domain.BulkPublish:
		return func(ctx context.Context, id domain.WebsiteID) (domain.RunID, error) {
			_, err := s.Publish(ctx, id, "")
			return "", err
		}, nil
	case domain.BulkRollback:
		return func(ctx context.Context, id domain.WebsiteID) (domain.RunID, error) {
			_, err := s.Rollback(ctx, id, "")
			return "", err
		}, nil
	case domain.BulkArchive:
		archived := domain.WebsiteArchived
		return func(ctx context.Context, id domain.WebsiteID) (domain.RunID, error) {
			_, err := s.Update(ctx, id, domain.WebsitePatch{State: &archived})
			return "", err
		}, nil
	case domain.BulkRebuild:
		return func(ctx context.Context, id domain.WebsiteID) (domain.RunID, error) {
			run, err := s.Rebuild(ctx, id)
			if err != nil {
				return "", err
			}
			return run.ID, nil
		}, nil
	}
	return nil, domain.Invalid("action", "Action %.20q does not exist.", action)
}
