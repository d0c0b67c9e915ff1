package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type accountService interface {
	List(ctx context.Context, w domain.Window) ([]domain.User, int, error)
	Get(ctx context.Context, id domain.UserID) (*domain.User, error)
	Create(ctx context.Context, p domain.UserParams) (*domain.User, error)
	Update(ctx context.Context, id domain.UserID, p domain.UserPatch) (*domain.User, error)
	Delete(ctx context.Context, id domain.UserID) error
}

type userBody struct {
	ID           domain.UserID       `json:"id"`
	Tenant       domain.TenantID     `json:"tenant"`
	Email        string              `json:"email"`
	Name         string              `json:"name"`
	Permissions  []domain.Permission `json:"permissions"`
	SecondFactor bool                `json:"second_factor" doc:"Signing in needs a code"`
	CreatedAt    time.Time           `json:"created_at"`
	UpdatedAt    time.Time           `json:"updated_at"`
}

type (
	userInput struct {
		ID domain.UserID `path:"user_id"`
	}
	listUsersInput  struct{ Window }
	createUserInput struct {
		Body struct {
			Email       string              `json:"email" minLength:"3" maxLength:"254" doc:"Unique regardless of case"`
			Name        string              `json:"name,omitempty" maxLength:"200"`
			Password    string              `json:"password" minLength:"12" maxLength:"1024"`
			Permissions []domain.Permission `json:"permissions" maxItems:"20" doc:"Names of GET /auth/permissions"`
		}
	}
	updateUserInput struct {
		ID   domain.UserID `path:"user_id"`
		Body struct {
			Name            *string              `json:"name,omitempty" maxLength:"200"`
			Permissions     *[]domain.Permission `json:"permissions,omitempty" maxItems:"20" doc:"All that the user may do from now on"`
			Password        *string              `json:"password,omitempty" minLength:"12" maxLength:"1024"`
			CurrentPassword string               `json:"current_password,omitempty" maxLength:"1024" doc:"Needed to change the own password"`
		}
	}
	userOutput        struct{ Body userBody }
	createdUserOutput struct {
		Location string `header:"Location" doc:"Address of the user"`
		Body     userBody
	}
)

var exampleUser = userBody{
	ID: "user_01k2ja", Tenant: domain.DefaultTenant, Email: "admin@localhost", Name: "Administrator",
	Permissions: []domain.Permission{domain.AdminFull}, CreatedAt: exampleTime, UpdatedAt: exampleTime,
}

func toUser(u *domain.User) userBody {
	return userBody{
		u.ID, u.Tenant.OrDefault(), u.Email, u.Name, list(u.Permissions), len(u.TOTP) > 0, u.CreatedAt.UTC(), u.UpdatedAt.UTC(),
	}
}

func registerUsers(a *API, users userService) {
	handle(a, operation{
		id: "list-users", method: http.MethodGet, path: "/users", tag: "users", permission: domain.AdminFull,
		summary: "List users", text: "In the order of their ids.", response: []userBody{exampleUser},
	}, func(ctx context.Context, in *listUsersInput) (*listOutput[userBody], error) {
		items, total, err := users.List(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toUser), nil
	})
	handle(a, operation{
		id: "create-user", method: http.MethodPost, path: "/users", tag: "users", permission: domain.AdminFull, status: http.StatusCreated,
		summary: "Add a user", problems: []int{http.StatusConflict},
		request:  map[string]any{"email": "editor@shop.example", "name": "Editor", "password": "correct horse battery staple", "permissions": []string{"websites.manage"}},
		response: exampleUser,
	}, func(ctx context.Context, in *createUserInput) (*createdUserOutput, error) {
		b := in.Body
		u, err := users.Create(ctx, domain.UserParams{Email: b.Email, Name: b.Name, Password: b.Password, Permissions: b.Permissions})
		if err != nil {
			return nil, err
		}
		return &createdUserOutput{Base + "/users/" + string(u.ID), toUser(u)}, nil
	})
	handle(a, operation{
		id: "get-user", method: http.MethodGet, path: "/users/{user_id}", tag: "users",
		summary: "Show a user", text: "The own account, or any with `admin.full`.", response: exampleUser,
	}, func(ctx context.Context, in *userInput) (*userOutput, error) {
		u, err := users.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &userOutput{toUser(u)}, nil
	})
	registerUserChanges(a, users)
	registerTOTP(a, users)
}

func registerUserChanges(a *API, users accountService) {
	handle(a, operation{
		id: "update-user", method: http.MethodPatch, path: "/users/{user_id}", tag: "users",
		summary: "Change a user", text: "What is left out stays. Everyone may change the own name and, with the current password, the own password, " +
			"which ends all other sign-ins; everything else needs `admin.full`. The last administrator stays one.",
		problems: []int{http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests},
		request:  map[string]any{"name": "Chief editor", "permissions": []string{"websites.manage", "agents.read"}}, response: exampleUser,
	}, func(ctx context.Context, in *updateUserInput) (*userOutput, error) {
		b := in.Body
		u, err := users.Update(ctx, in.ID, domain.UserPatch{
			Name: b.Name, Permissions: b.Permissions, Password: b.Password, CurrentPassword: b.CurrentPassword,
		})
		if err != nil {
			return nil, err
		}
		return &userOutput{toUser(u)}, nil
	})
	handle(a, operation{
		id: "delete-user", method: http.MethodDelete, path: "/users/{user_id}", tag: "users", permission: domain.AdminFull, status: http.StatusNoContent,
		summary: "Remove a user", text: "With all sign-ins and API keys, at once; what the user made stays. The last administrator cannot be removed.",
		problems: []int{http.StatusConflict},
	}, func(ctx context.Context, in *userInput) (*struct{}, error) {
		return nil, users.Delete(ctx, in.ID)
	})
}
