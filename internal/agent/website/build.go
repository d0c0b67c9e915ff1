package website

import (
	"context"
	"fmt"

	"empire/internal/domain"
	"empire/internal/sitegen"
)

// Build renders a draft to the files of a site. Equal drafts give equal bytes.
func (b *Builder) Build(ctx context.Context, d *domain.Draft) ([]domain.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	files, err := sitegen.Render(d, sitegen.Options{Analytics: !d.Website.NoAnalytics})
	if err != nil {
		return nil, fmt.Errorf("build site %s: %w", d.Website.Domain, err)
	}
	return files, nil
}
