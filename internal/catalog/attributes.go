package catalog

import "empire/internal/domain"

// Attributes returns what can be told about a product from its fields.
func Attributes(p *domain.Product) []domain.Attribute { return nil }
