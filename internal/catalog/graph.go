package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// What the catalogue says to the knowledge graph. Ids of nodes:
//
//	product   FEED_ID:ROW_KEY, and gtin:GTIN for what rows of several feeds share
//	brand     its name in lower case
//	merchant  the network's id of the advertiser
//	program   NETWORK:ADVERTISER_ID
//	keyword   LANGUAGE:phrase in lower case
//	niche     its words in the singular: "mechanical keyboard"

// ProductNode returns the node of a row of a feed.
func ProductNode(feed domain.FeedID, key string) domain.GraphRef {
	return domain.GraphRef{Type: domain.NodeProduct, ID: string(feed) + ":" + key}
}

// KeywordNode returns the node of a search phrase.
func KeywordNode(language, phrase string) domain.GraphRef {
	return domain.GraphRef{Type: domain.NodeKeyword, ID: language + ":" + strings.ToLower(strings.Join(strings.Fields(phrase), " "))}
}

// ProgramNode returns the node of a program.
func ProgramNode(network, advertiser string) domain.GraphRef {
	return domain.GraphRef{Type: domain.NodeProgram, ID: network + ":" + advertiser}
}

// NicheNode returns the node of a niche, such as a category or what a website is about;
// ok is false if the text has no words.
func NicheNode(text, language string) (ref domain.GraphRef, ok bool) {
	id := strings.Join(lemmas(text, language), " ")
	return domain.GraphRef{Type: domain.NodeNiche, ID: id}, id != "" && len(id) <= maxNodeID
}

// maxNodeID bounds the ids that are made of texts, in bytes.
const maxNodeID = 500

// statements collects contributions of one document.
type statements []domain.GraphContribution

func (s *statements) named(ref domain.GraphRef, attribute, value string) {
	if value != "" {
		*s = append(*s, domain.GraphContribution{Node: ref, Attribute: attribute, Value: shorten(value, maxNodeID), Weight: domain.GraphOne})
	}
}

func (s *statements) exists(ref domain.GraphRef) {
	*s = append(*s, domain.GraphContribution{Node: ref, Weight: domain.GraphOne})
}

// relate adds a relation once.
func (s *statements) relate(from domain.GraphRef, r domain.Relation, to domain.GraphRef) {
	twice := func(c domain.GraphContribution) bool {
		return c.Node == from && c.Relation == r && c.To == to && c.Attribute == ""
	}
	if from != to && from.ID != "" && to.ID != "" && !slices.ContainsFunc(*s, twice) {
		*s = append(*s, domain.GraphContribution{Node: from, Relation: r, To: to, Weight: domain.GraphOne})
	}
}

// within places something in the niches that its words name: the noun, the noun with
// each word that narrows it, and those in the noun.
func (s *statements) within(from domain.GraphRef, r domain.Relation, text, language string) {
	n, err := ParseNiche(text, language)
	if err != nil {
		return
	}
	for _, p := range n.phrases {
		head := domain.GraphRef{Type: domain.NodeNiche, ID: p.head}
		s.relate(from, r, head)
		for _, m := range p.modifiers {
			narrow := domain.GraphRef{Type: domain.NodeNiche, ID: strings.Join(m.lemmas, " ") + " " + p.head}
			s.relate(from, r, narrow)
			s.relate(narrow, domain.RelationPartOf, head)
		}
	}
}

// SayProduct returns what a row of a feed says: that the product is there, who makes
// and sells it, what it is, and its GTIN if that holds everywhere.
func SayProduct(p *domain.Product) []domain.GraphContribution {
	var s statements
	node := ProductNode(p.FeedID, p.Key)
	s.named(node, "name", p.Name)
	if len(s) == 0 {
		s.exists(node)
	}
	if brand := strings.ToLower(strings.Join(strings.Fields(p.Brand), " ")); brand != "" && len(brand) <= maxNodeID {
		s.relate(domain.GraphRef{Type: domain.NodeBrand, ID: brand}, domain.RelationMakes, node)
	}
	if p.MerchantID != "" {
		s.relate(domain.GraphRef{Type: domain.NodeMerchant, ID: p.MerchantID}, domain.RelationSells, node)
	}
	if segments := categorySegments(p); len(segments) > 0 {
		if niche, ok := NicheNode(segments[len(segments)-1], supportedLanguage(p.Language)); ok {
			s.relate(node, domain.RelationPartOf, niche)
		}
	}
	if globalEAN(p.EAN) {
		gtin := strings.Repeat("0", max(14-len(p.EAN), 0)) + p.EAN
		s.relate(node, domain.RelationSameAs, domain.GraphRef{Type: domain.NodeProduct, ID: "gtin:" + gtin})
	}
	return s
}

func supportedLanguage(s string) string {
	if strings.HasPrefix(strings.ToLower(s), "de") {
		return "de"
	}
	return "en"
}

// SayMerchants returns the names of the merchants of a feed.
func SayMerchants(names map[string]string) []domain.GraphContribution {
	var s statements
	for _, id := range slices.Sorted(maps.Keys(names)) {
		s.named(domain.GraphRef{Type: domain.NodeMerchant, ID: id}, "name", names[id])
	}
	return s
}

// SayProgram returns what an affiliate program says: that its merchant runs it.
func SayProgram(p *domain.Program) []domain.GraphContribution {
	var s statements
	node := ProgramNode(p.Network, p.AdvertiserID)
	s.named(node, "name", p.Name)
	s.named(node, "open", strconv.FormatBool(p.Joined && p.Open))
	s.relate(domain.GraphRef{Type: domain.NodeMerchant, ID: p.AdvertiserID}, domain.RelationRuns, node)
	return s
}

// SayKeyword returns what a search phrase says: how often it is searched and which
// niches its words name.
func SayKeyword(k *domain.Keyword) []domain.GraphContribution {
	var s statements
	node := KeywordNode(k.Language, k.Phrase)
	if s.named(node, "name", k.Phrase); len(s) == 0 {
		s.exists(node)
	}
	if k.MonthlySearches != nil {
		s.named(node, "monthly_searches", strconv.Itoa(*k.MonthlySearches))
	}
	s.within(node, domain.RelationServes, k.Phrase, supportedLanguage(k.Language))
	return s
}
