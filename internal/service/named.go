package service

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"empire/internal/domain"
)

// websiteGetter finds the websites that parameters name.
type websiteGetter interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
}

// checkNamed returns CodeNotFound if JSON parameters name a website that does not
// exist for the principal in ctx: an agent reads what its parameters name without
// asking again.
func checkNamed(ctx context.Context, websites websiteGetter, params json.RawMessage) error {
	if len(params) > 0 && !json.Valid(params) {
		return domain.Invalid("params", "The parameters are not JSON.")
	}
	for _, id := range namedWebsites(params) {
		site, err := websites.Get(ctx, id)
		if _, err := visible(ctx, site, err, "Website", string(id)); err != nil {
			return err
		}
	}
	return nil
}

// namedWebsites returns the websites that JSON parameters name, each once: the
// values of every website_id, at any depth and in any case, because that is how
// encoding/json matches names.
func namedWebsites(params json.RawMessage) []domain.WebsiteID {
	var tree any
	if len(params) == 0 || json.Unmarshal(params, &tree) != nil {
		return nil
	}
	var out []domain.WebsiteID
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for name, item := range v {
				if id, ok := item.(string); ok && id != "" && strings.EqualFold(name, "website_id") {
					out = append(out, domain.WebsiteID(id))
				}
				walk(item)
			}
		}
	}
	walk(tree)
	slices.Sort(out)
	return slices.Compact(out)
}
