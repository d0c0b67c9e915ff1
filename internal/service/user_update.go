package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Update changes an account. Everyone may change the own name and, with the current
// password, the own password; permissions and other accounts need admin.full. A new
// password ends all other sign-ins.
func (s *Users) Update(ctx context.Context, id domain.UserID, p domain.UserPatch) (*domain.User, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.mayUpdate(ctx, actor, u, p); err != nil {
		return nil, err
	}
	hash := ""
	if p.Password != nil {
		if hash, err = s.c.Passwords.Hash(ctx, *p.Password); err != nil {
			return nil, fmt.Errorf("hash password: %w", err)
		}
	}
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if p.Permissions != nil && !slices.Contains(*p.Permissions, domain.AdminFull) {
			if err := s.keepAnAdmin(ctx, u); err != nil {
				return err
			}
		}
		u, err = s.apply(ctx, id, p, hash)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("update user %s: %w", id, err)
	}
	s.changed(ctx, id)
	return u, nil
}

// mayUpdate checks the right to a change, and the current password where it counts.
func (s *Users) mayUpdate(ctx context.Context, actor *domain.Principal, u *domain.User, p domain.UserPatch) error {
	if !actor.Can(domain.AdminFull) {
		if p.Permissions != nil {
			return domain.Errorf(domain.CodeForbidden, "Changing permissions needs the permission %s.", domain.AdminFull)
		}
		if _, err := person(ctx); err != nil {
			return err
		}
	}
	if p.Password == nil {
		return nil
	}
	if err := checkNewPassword(*p.Password); err != nil {
		return err
	}
	if actor.UserID != u.ID {
		return nil
	}
	if _, err := person(ctx); err != nil {
		return err
	}
	return s.confirmPassword(ctx, u, p.CurrentPassword, "current_password")
}

// apply changes the account in the transaction of ctx. hash is that of a new
// password.
func (s *Users) apply(ctx context.Context, id domain.UserID, p domain.UserPatch, hash string) (*domain.User, error) {
	before, err := s.c.Store.Lock(ctx, id)
	if err != nil {
		return nil, err
	}
	u := *before
	var what []string
	if p.Name != nil {
		u.Name, what = strings.TrimSpace(*p.Name), append(what, "name")
	}
	if p.Permissions != nil {
		u.Permissions = unique(*p.Permissions)
		what = append(what, "permissions: "+joinPermissions(u.Permissions))
	}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	if len(what) == 0 && hash == "" {
		return before, nil
	}
	u.UpdatedAt = s.journal.stamp()
	if hash != "" {
		err = s.setPassword(ctx, before, &u, hash)
	} else {
		err = s.c.Store.Update(ctx, &u)
	}
	if err == nil && len(what) > 0 {
		err = s.journal.changed(ctx, "user.updated", string(id), strings.Join(what, "; "), before, &u)
	}
	return &u, err
}

func joinPermissions(list []domain.Permission) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = string(p)
	}
	return strings.Join(texts, ", ")
}
