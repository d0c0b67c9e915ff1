package api_test

import (
	"context"

	"empire/internal/domain"
)

type healing struct{ *fakes }

func (f healing) health(id domain.LinkID) (*domain.LinkHealth, error) {
	if id != "link_1" {
		return nil, missing("Link", string(id))
	}
	return &domain.LinkHealth{LinkID: id, State: domain.LookGone, Dead: true, DeadAs: domain.LookGone}, f.fail
}

func (f healing) List(_ context.Context, _ domain.HealthFilter, w domain.Window) ([]domain.LinkHealth, int, error) {
	f.note(func() { f.window = w })
	h, err := f.health("link_1")
	if err != nil {
		return nil, 0, err
	}
	return []domain.LinkHealth{*h}, 1, nil
}

func (f healing) Check(_ context.Context, id domain.LinkID) (*domain.LinkHealth, error) {
	return f.health(id)
}

func (f healing) Swaps(_ context.Context, _ domain.SwapState, w domain.Window) ([]domain.LinkSwap, int, error) {
	f.note(func() { f.window = w })
	return []domain.LinkSwap{{ID: "swap_1", LinkID: "link_1", State: domain.SwapApplied}}, 1, f.fail
}

func (f healing) Undo(_ context.Context, id domain.SwapID) (*domain.LinkSwap, error) {
	if id != "swap_1" {
		return nil, missing("Swap", string(id))
	}
	return &domain.LinkSwap{ID: id, LinkID: "link_1", State: domain.SwapUndone}, f.fail
}
