package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type secondFactorService interface {
	BeginTOTP(ctx context.Context, password string) (domain.TOTPSetup, error)
	ConfirmTOTP(ctx context.Context, code string) error
	DisableTOTP(ctx context.Context, password, code string) error
	RemoveTOTP(ctx context.Context, id domain.UserID) error
}

type (
	beginTOTPInput struct {
		Body struct {
			Password string `json:"password" minLength:"1" maxLength:"1024" doc:"The current password"`
		}
	}
	confirmTOTPInput struct {
		Body struct {
			Code string `json:"code" minLength:"1" maxLength:"10" doc:"What the authenticator shows"`
		}
	}
	disableTOTPInput struct {
		Body struct {
			Password string `json:"password" minLength:"1" maxLength:"1024"`
			Code     string `json:"code" minLength:"1" maxLength:"10"`
		}
	}
	totpOutput struct {
		Body totpBody
	}
)

type totpBody struct {
	Secret string `json:"secret" doc:"Base 32; shown once"`
	URI    string `json:"uri" doc:"The same for a QR code; shown once"`
}

func registerTOTP(a *API, users secondFactorService) {
	refused := []int{http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests}
	handle(a, operation{
		id: "begin-totp", method: http.MethodPost, path: "/auth/totp", tag: "auth",
		summary: "Begin a second factor", text: "It does not count before it is confirmed with a first code. Needs a person who signed in.", problems: refused,
		request:  map[string]any{"password": "correct horse battery staple"},
		response: totpBody{"JBSWY3DPEHPK3PXP", "otpauth://totp/empire:admin@localhost?secret=JBSWY3DPEHPK3PXP&issuer=empire&algorithm=SHA1&digits=6&period=30"},
	}, func(ctx context.Context, in *beginTOTPInput) (*totpOutput, error) {
		setup, err := users.BeginTOTP(ctx, in.Body.Password)
		if err != nil {
			return nil, err
		}
		return &totpOutput{totpBody{setup.Secret, setup.URI}}, nil
	})
	handle(a, operation{
		id: "confirm-totp", method: http.MethodPost, path: "/auth/totp/confirm", tag: "auth", status: http.StatusNoContent,
		summary: "Confirm a second factor", text: "From now on signing in needs a code. Needs a person who signed in.",
		problems: []int{http.StatusForbidden, http.StatusConflict}, request: map[string]any{"code": "492039"},
	}, func(ctx context.Context, in *confirmTOTPInput) (*struct{}, error) {
		return nil, users.ConfirmTOTP(ctx, in.Body.Code)
	})
	handle(a, operation{
		id: "disable-totp", method: http.MethodDelete, path: "/auth/totp", tag: "auth", status: http.StatusNoContent,
		summary: "Remove the own second factor", text: "Needs a person who signed in.",
		problems: refused, request: map[string]any{"password": "correct horse battery staple", "code": "492039"},
	}, func(ctx context.Context, in *disableTOTPInput) (*struct{}, error) {
		return nil, users.DisableTOTP(ctx, in.Body.Password, in.Body.Code)
	})
	handle(a, operation{
		id: "remove-user-totp", method: http.MethodDelete, path: "/users/{user_id}/totp", tag: "users", permission: domain.AdminFull,
		status: http.StatusNoContent, summary: "Remove the second factor of a user", text: "For someone whose authenticator is lost. The own one goes with `DELETE /auth/totp`.",
		problems: []int{http.StatusConflict},
	}, func(ctx context.Context, in *userInput) (*struct{}, error) {
		return nil, users.RemoveTOTP(ctx, in.ID)
	})
}
