package sitegen

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// offerView is an affiliate link as the theme shows it.
type offerView struct {
	W        *words
	Slot     string
	Product  string
	Program  string
	URL      template.URL // checked to be http or https
	Merchant string
	Label    string // text of the link, without the marker
	Aria     string // the visible text and the product, for lists of links
	Price    string
	Tax      string
	At       *moment
	Lower    string // where the least price of the product stands, if not here
}

// offers are the affiliate links of one page by slot.
type offers struct {
	words  *words
	bySlot map[string]*domain.Offer
	shown  int
}

func newOffers(p *domain.Page, w *words) (*offers, error) {
	o := &offers{words: w, bySlot: make(map[string]*domain.Offer, len(p.Offers))}
	for i := range p.Offers {
		offer := &p.Offers[i]
		if err := checkAddress(offer.URL); err != nil {
			return nil, err
		}
		if o.bySlot[offer.Slot] != nil {
			return nil, domain.Invalid("offers", "Two offers are in slot %q.", offer.Slot)
		}
		o.bySlot[offer.Slot] = offer
	}
	return o, nil
}

// checkAddress accepts absolute http and https addresses with a host, and paths of the
// site that lead on to merchants.
func checkAddress(address string) error {
	if path, ok := strings.CutPrefix(address, domain.GoPrefix); ok && strings.Trim(strings.ToLower(path), "abcdefghijklmnopqrstuvwxyz0123456789-_/") == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return domain.Invalid("offers", "Offer address %.60q is not an http or https address.", address)
	}
	return nil
}

// view returns the offer in a slot, or nil if there is none.
func (o *offers) view(slot, name string) *offerView {
	offer := o.bySlot[slot]
	if slot == "" || offer == nil {
		return nil
	}
	o.shown++
	w := o.words
	v := &offerView{
		W: w, Slot: offer.Slot, Product: offer.Product, Program: string(offer.ProgramID),
		URL:      template.URL(offer.URL), // newOffers has checked the scheme
		Merchant: offer.MerchantName, Label: w.ButtonShort,
	}
	if v.Merchant != "" {
		v.Label = w.Button + " " + v.Merchant
	}
	v.Aria = name
	if priced(offer) {
		v.Price, v.Tax, v.At = offer.PriceText, w.tax(offer.Price), newMoment(w, *offer.PriceAt)
		v.Lower = w.lower(offer)
	}
	return v
}

// lower says where the product costs less than in the linked offer.
func (w *words) lower(o *domain.Offer) string {
	if o.Lower == "" {
		return ""
	}
	text := w.LowerFrom + " " + o.Lower + " " + w.LowerAt + " " + o.LowerAt
	if o.LowerSoldOut {
		text += " (" + w.SoldOut + ")"
	}
	return text
}

// priced reports whether the price may be shown: with currency, text and time.
func priced(o *domain.Offer) bool {
	return o.PriceText != "" && o.Price != nil && o.Price.Validate() == nil && o.PriceAt != nil && !o.PriceAt.IsZero()
}

// priceNote is what a table says once about the prices of its offers.
type priceNote struct {
	Tax      string
	From, To *moment // To is nil if all are of one day
}

func (o *offers) note(slots []string) *priceNote {
	var times []time.Time
	var n priceNote
	for _, slot := range slots {
		offer := o.bySlot[slot]
		if offer == nil || !priced(offer) {
			continue
		}
		times = append(times, offer.PriceAt.UTC())
		n.Tax = o.words.tax(offer.Price)
	}
	if len(times) == 0 {
		return nil
	}
	first, last := slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	n.From = newMoment(o.words, first)
	if m := newMoment(o.words, last); m.ISO != n.From.ISO {
		n.To = m
	}
	return &n
}
