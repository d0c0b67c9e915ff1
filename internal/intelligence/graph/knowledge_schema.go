package graph

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
)

// The types of nodes.
const (
	NodeNiche    = domain.NodeNiche
	NodeProduct  = domain.NodeProduct
	NodeBrand    = domain.NodeBrand
	NodeMerchant = domain.NodeMerchant
	NodeProgram  = domain.NodeProgram
	NodeKeyword  = domain.NodeKeyword
	NodePage     = domain.NodePage
	NodeSite     = domain.NodeSite
	NodeEntity   = domain.NodeEntity
)

// NodeTypes returns all types of nodes.
func NodeTypes() []NodeType { return domain.NodeTypes() }

// The relations.
const (
	RelationPartOf     = domain.RelationPartOf
	RelationMakes      = domain.RelationMakes
	RelationSells      = domain.RelationSells
	RelationRuns       = domain.RelationRuns
	RelationPromotes   = domain.RelationPromotes
	RelationServes     = domain.RelationServes
	RelationTargets    = domain.RelationTargets
	RelationFinds      = domain.RelationFinds
	RelationMentions   = domain.RelationMentions
	RelationLinksTo    = domain.RelationLinksTo
	RelationSimilarTo  = domain.RelationSimilarTo
	RelationSameAs     = domain.RelationSameAs
	RelationBoughtWith = domain.RelationBoughtWith
	RelationVariantOf  = domain.RelationVariantOf
	RelationRelatedTo  = domain.RelationRelatedTo
)

// relationEnds are the pairs of types that each relation may join.
func relationEnds() map[Relation][][2]NodeType {
	return map[Relation][][2]NodeType{
		RelationPartOf:     {{NodeNiche, NodeNiche}, {NodeProduct, NodeNiche}, {NodePage, NodeSite}},
		RelationMakes:      {{NodeBrand, NodeProduct}},
		RelationSells:      {{NodeMerchant, NodeProduct}, {NodeMerchant, NodeBrand}},
		RelationRuns:       {{NodeMerchant, NodeProgram}},
		RelationPromotes:   {{NodeProgram, NodeProduct}, {NodeProgram, NodeNiche}, {NodePage, NodeProgram}},
		RelationServes:     {{NodeSite, NodeNiche}, {NodePage, NodeNiche}, {NodeKeyword, NodeNiche}},
		RelationTargets:    {{NodePage, NodeKeyword}},
		RelationFinds:      {{NodeKeyword, NodeProduct}, {NodeKeyword, NodeBrand}},
		RelationMentions:   {{NodePage, NodeProduct}, {NodePage, NodeBrand}, {NodePage, NodeMerchant}},
		RelationLinksTo:    {{NodePage, NodePage}},
		RelationSimilarTo:  {{NodeProduct, NodeProduct}, {NodeKeyword, NodeKeyword}, {NodeNiche, NodeNiche}, {NodePage, NodePage}},
		RelationSameAs:     {{NodeProduct, NodeProduct}, {NodeBrand, NodeBrand}},
		RelationBoughtWith: {{NodeProduct, NodeProduct}},
		RelationVariantOf:  {{NodeProduct, NodeProduct}},
		RelationRelatedTo:  anyPair(),
	}
}

// anyPair joins every type with every type.
func anyPair() [][2]NodeType {
	var out [][2]NodeType
	for _, from := range NodeTypes() {
		for _, to := range NodeTypes() {
			out = append(out, [2]NodeType{from, to})
		}
	}
	return out
}

// schema is relationEnds, built once for each graph.
type schema map[Relation][][2]NodeType

// Relations returns all relations, in alphabetical order.
func Relations() []Relation { return slices.Sorted(maps.Keys(relationEnds())) }

// Joins returns the pairs of types that a relation may join, from and to; none if
// there is no such relation.
func Joins(r Relation) [][2]NodeType { return relationEnds()[r] }

// maxText bounds ids and names, and maxValue the values of attributes, in bytes.
const (
	maxText  = 2048
	maxValue = 1 << 20
)

// check refuses a contribution that breaks the rules of the graph.
func (s schema) check(c *Contribution) error {
	if err := checkRef("node", c.Node); err != nil {
		return err
	}
	if c.Relation == "" && c.To != (Ref{}) {
		return domain.Invalid("relation", "A contribution that names a second node must name a relation.")
	}
	if c.Relation != "" {
		if err := checkRef("to", c.To); err != nil {
			return err
		}
		ends, known := s[c.Relation]
		if !known {
			return domain.Invalid("relation", "There is no relation %q.", c.Relation)
		}
		if !slices.Contains(ends, [2]NodeType{c.Node.Type, c.To.Type}) {
			return domain.Invalid("relation", "The relation %q does not lead from a %s to a %s.", c.Relation, c.Node.Type, c.To.Type)
		}
	}
	switch c.Attribute {
	case "id", "key", "relation", "source", "target", "type", "weight":
		return domain.Invalid("attribute", "The name %q is taken; the attribute needs another.", c.Attribute)
	}
	if c.Attribute == "" && c.Value != "" {
		return domain.Invalid("value", "A contribution with a value must name an attribute.")
	}
	if len(c.Attribute) > maxText || !utf8.ValidString(c.Attribute) {
		return domain.Invalid("attribute", "The attribute must be UTF-8 text of at most %d bytes.", maxText)
	}
	if len(c.Value) > maxValue || !utf8.ValidString(c.Value) {
		return domain.Invalid("value", "The value must be UTF-8 text of at most %d bytes.", maxValue)
	}
	if c.Weight <= 0 || c.Weight > MaxWeight {
		return domain.Invalid("weight", "The weight must be above 0 and at most %d, not %g.", MaxWeight/One, c.Weight.Float())
	}
	if !c.From.IsZero() && !c.Until.IsZero() && !c.Until.After(c.From) {
		return domain.Invalid("until", "The end of validity must lie after its beginning.")
	}
	return nil
}

func checkRef(field string, r Ref) error {
	if !slices.Contains(NodeTypes(), r.Type) {
		return domain.Invalid(field+".type", "There is no node type %q.", r.Type)
	}
	if r.ID == "" || len(r.ID) > maxText || !utf8.ValidString(r.ID) || strings.TrimSpace(r.ID) != r.ID {
		return domain.Invalid(field+".id", "The id of a %s must be UTF-8 text of 1 to %d bytes without spaces around it.", r.Type, maxText)
	}
	return nil
}
