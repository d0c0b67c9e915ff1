package sitegen

import "empire/internal/domain"

// drawn is the record of a picture that the theme draws from the site's own colors,
// names and figures: it takes nothing from anyone.
func (s *site) drawn() *domain.ImageRights {
	return &domain.ImageRights{
		Source: "Drawn by the site's own theme.", Author: firstOf(s.draft.Website.Operator.Name, s.Title), License: "All rights with the operator of the site.", Generated: true,
	}
}
