package service

import (
	"context"
	"fmt"
	"time"

	"empire/internal/domain"
)

type secondFactorStore interface {
	SetTOTP(ctx context.Context, u *domain.User) error
	UseTOTP(ctx context.Context, id domain.UserID, step int64) (first bool, err error)
}

// secondFactor makes secrets and knows the codes that they yield.
type secondFactor interface {
	Generate(account string) (secret, uri string)
	Check(secret, code string, now time.Time) (step int64, ok bool)
}

// vault keeps secrets unreadable for who reads the database.
type vault interface {
	Seal(purpose string, plain []byte) []byte
	Open(purpose string, sealed []byte) ([]byte, error)
}

func totpPurpose(id domain.UserID) string { return "totp " + string(id) }

// checkCode checks the code of the second factor of a locked account, if it has one,
// and uses it up. It joins the transaction of ctx.
func (s *Users) checkCode(ctx context.Context, u *domain.User, code string) error {
	if len(u.TOTP) == 0 {
		return nil
	}
	refuse := func(format string, args ...any) error {
		e := domain.Errorf(domain.CodeUnauthenticated, format, args...)
		e.Field = "otp"
		return e
	}
	if code == "" {
		return refuse("This account has a second factor. Enter the code that your authenticator shows.")
	}
	step, ok, err := s.stepOf(u, u.TOTP, code)
	if err == nil && ok {
		ok, err = s.c.Store.UseTOTP(ctx, u.ID, step)
	}
	if err != nil {
		return err
	}
	if !ok {
		return refuse("The code is wrong or was used before. Wait for the next one.")
	}
	return nil
}

// stepOf returns the time step whose code this is for a sealed secret.
func (s *Users) stepOf(u *domain.User, sealed []byte, code string) (step int64, ok bool, err error) {
	secret, err := s.c.Vault.Open(totpPurpose(u.ID), sealed)
	if err != nil {
		return 0, false, &domain.Error{Code: domain.CodeUnavailable, Message: "The second factor cannot be checked at the moment. Tell the operator.", Err: err}
	}
	step, ok = s.c.TOTP.Check(string(secret), code, s.c.Now())
	return step, ok, nil
}

// BeginTOTP makes a second factor for the own account, which does not count before
// ConfirmTOTP. It needs the password, so that a stolen token cannot lock its owner
// out.
func (s *Users) BeginTOTP(ctx context.Context, password string) (domain.TOTPSetup, error) {
	u, err := s.self(ctx)
	if err != nil {
		return domain.TOTPSetup{}, err
	}
	if err := s.confirmPassword(ctx, u, password, "password"); err != nil {
		return domain.TOTPSetup{}, err
	}
	secret, uri := s.c.TOTP.Generate(u.Email)
	err = s.changeTOTP(ctx, u.ID, "", func(_ context.Context, u *domain.User) error {
		if len(u.TOTP) > 0 {
			return domain.Errorf(domain.CodeConflict, "The account has a second factor already; remove it first.")
		}
		u.TOTPPending = s.c.Vault.Seal(totpPurpose(u.ID), []byte(secret))
		return nil
	})
	if err != nil {
		return domain.TOTPSetup{}, fmt.Errorf("begin second factor: %w", err)
	}
	return domain.TOTPSetup{Secret: secret, URI: uri}, nil
}

// ConfirmTOTP makes the second factor count from now on. Its first code shows that
// the authenticator has it.
func (s *Users) ConfirmTOTP(ctx context.Context, code string) error {
	u, err := s.self(ctx)
	if err != nil {
		return err
	}
	err = s.changeTOTP(ctx, u.ID, "totp.enabled", func(_ context.Context, u *domain.User) error {
		if len(u.TOTPPending) == 0 {
			return domain.Errorf(domain.CodeConflict, "There is no second factor to confirm; begin with a new one.")
		}
		step, ok, err := s.stepOf(u, u.TOTPPending, code)
		if err != nil {
			return err
		}
		if !ok {
			return domain.Invalid("code", "The code is wrong. Check the clock of the authenticator and try again.")
		}
		u.TOTP, u.TOTPPending, u.TOTPStep = u.TOTPPending, nil, step
		return nil
	})
	if err != nil {
		return fmt.Errorf("confirm second factor: %w", err)
	}
	s.changed(ctx, u.ID)
	return nil
}

// DisableTOTP removes the second factor of the own account. It needs password and
// code, and counts like a sign-in.
func (s *Users) DisableTOTP(ctx context.Context, password, code string) error {
	u, err := s.self(ctx)
	if err != nil {
		return err
	}
	account := accountName(u.Email)
	if err := s.guarded(account); err != nil {
		return err
	}
	ok, err := s.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok {
		return domain.Invalid("password", "The password is wrong.")
	}
	err = s.changeTOTP(ctx, u.ID, "totp.disabled", func(ctx context.Context, u *domain.User) error {
		if len(u.TOTP) == 0 {
			return domain.Errorf(domain.CodeConflict, "The account has no second factor.")
		}
		step, ok, err := s.stepOf(u, u.TOTP, code)
		if err == nil && ok {
			ok, err = s.c.Store.UseTOTP(ctx, u.ID, step)
		}
		if err != nil {
			return err
		}
		if !ok {
			return domain.Invalid("code", "The code is wrong or was used before. Wait for the next one.")
		}
		u.TOTP, u.TOTPPending = nil, nil
		u.TOTPStep = step // a new factor starts after the codes of this one
		return nil
	})
	if err != nil {
		return fmt.Errorf("disable second factor: %w", err)
	}
	s.c.Guard.Succeeded(account)
	s.changed(ctx, u.ID)
	return nil
}

// RemoveTOTP removes the second factor of an account of the tenant whose
// authenticator is lost. It needs admin.full. One's own goes with DisableTOTP, unless
// who acts can read the data directory.
func (s *Users) RemoveTOTP(ctx context.Context, id domain.UserID) error {
	actor, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return err
	}
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	if actor.UserID == id && (actor.Session != "" || actor.Key != "") {
		return domain.Errorf(domain.CodeForbidden, "Removing your own second factor needs your password and a code.")
	}
	err = s.changeTOTP(ctx, id, "totp.disabled", func(_ context.Context, u *domain.User) error {
		if len(u.TOTP) == 0 && len(u.TOTPPending) == 0 {
			return domain.Errorf(domain.CodeConflict, "The account has no second factor.")
		}
		u.TOTP, u.TOTPPending = nil, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove second factor of %s: %w", id, err)
	}
	s.changed(ctx, id)
	return nil
}

// self returns the account of the person who acts in ctx.
func (s *Users) self(ctx context.Context) (*domain.User, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	return s.c.Store.Get(ctx, p.UserID)
}

// changeTOTP changes the second factor of an account that nobody else changes
// meanwhile, and notes the action unless it is empty.
func (s *Users) changeTOTP(ctx context.Context, id domain.UserID, action string, change func(context.Context, *domain.User) error) error {
	return s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.c.Store.Lock(ctx, id)
		if err != nil {
			return err
		}
		u := *before
		if err := change(ctx, &u); err != nil {
			return err
		}
		u.UpdatedAt = s.journal.stamp()
		if err := s.c.Store.SetTOTP(ctx, &u); err != nil || action == "" {
			return err
		}
		return s.journal.changed(ctx, action, string(id), "", before, &u)
	})
}
