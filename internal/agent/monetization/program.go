package monetization

import (
	"cmp"
	"fmt"
	"slices"

	"empire/internal/domain"
)

// network is the affiliate network whose links this package can build.
const network = "awin"

// addProgram indexes a program by its advertiser. Of two programs of one advertiser
// the usable one wins, then the lower ID.
func (p *plan) addProgram(pr domain.Program) {
	if pr.AdvertiserID == "" || cmp.Or(pr.Network, network) != network {
		p.finding("network "+string(pr.ID), domain.Finding{
			Rule: "MO-NETWORK", Message: fmt.Sprintf("Program %q at network %q cannot be linked: its click links are not known.", pr.Name, pr.Network),
			Fix: "Use a program at " + network + " with an advertiser id.",
		})
		return
	}
	have := p.programs[pr.AdvertiserID]
	if have == nil || better(&pr, have) {
		p.programs[pr.AdvertiserID] = &pr
	}
}

func better(a, b *domain.Program) bool {
	if ua, ub := a.Joined && a.Open, b.Joined && b.Open; ua != ub {
		return ua
	}
	return a.ID < b.ID
}

// program returns the program of an advertiser. A merchant that only a feed names
// gets a stand-in that counts as joined: networks give feeds whose links carry the
// publisher's id to joined publishers only.
func (p *plan) program(advertiserID, merchantName string) *domain.Program {
	if pr := p.programs[advertiserID]; pr != nil {
		return pr
	}
	pr := domain.FeedProgram(network, advertiserID, merchantName)
	p.programs[advertiserID] = &pr
	return &pr
}

// expected is the commission of one sale, nil if the program's is unknown.
func expected(pr *domain.Program, price domain.Money) *int64 {
	var sum int64
	known := false
	if bp := pr.CommissionBasisPoints; bp != nil {
		sum, known = (price.Minor*int64(*bp)+5000)/10000, true
	}
	if f := pr.CommissionFixed; f != nil && f.Currency == price.Currency {
		sum, known = sum+f.Minor, true
	}
	if !known {
		return nil
	}
	return &sum
}

// usedPrograms returns the given programs and the stand-ins that offers name,
// sorted by ID.
func (p *plan) usedPrograms() []domain.Program {
	out := slices.Clone(p.in.Programs)
	for _, pr := range p.programs {
		if pr.Source == domain.SourceFeed && p.used[pr.ID] && !slices.ContainsFunc(out, func(o domain.Program) bool { return o.ID == pr.ID }) {
			out = append(out, *pr)
		}
	}
	slices.SortFunc(out, func(a, b domain.Program) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// reportPrograms tells which linked merchants are known from a feed only.
func (p *plan) reportPrograms() {
	for _, pr := range p.usedPrograms() {
		if pr.Source == domain.SourceFeed && p.used[pr.ID] {
			p.finding("", domain.Finding{
				Rule:    "MO-FEED-PROGRAM",
				Message: fmt.Sprintf("Merchant %q (advertiser %s) is known from the feed only; its program counts as joined and its commission is unknown.", pr.Name, pr.AdvertiserID),
				Fix:     "Import the program with its terms and commission.",
				Source:  "AWIN publisher terms: links only to programs that were joined",
			})
		}
	}
}
