package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"empire/internal/domain"
)

// maxDesign bounds a design file in bytes.
const maxDesign = 64 << 10

// design returns what the operator chose for the look of a site: the file
// DOMAIN.json in the folder designs.dir, or nil without one. It is read when a draft
// is written and kept in it.
func (a *App) design(site *domain.Website) (*domain.Design, error) {
	dir := a.cfg.Designs.Dir
	if dir == "" {
		dir = filepath.Join(a.cfg.Data, "designs")
	}
	raw, err := os.ReadFile(filepath.Join(dir, filepath.Base(site.Domain)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read design: %w", plain(err))
	}
	if len(raw) > maxDesign {
		return nil, domain.Invalid("design", "The design of %s has more than %d bytes.", site.Domain, maxDesign)
	}
	var d domain.Design
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, domain.Invalid("design", "The design of %s cannot be read: %v.", site.Domain, err)
	}
	return &d, nil
}
