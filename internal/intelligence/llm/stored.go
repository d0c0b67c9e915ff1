package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

// turnText is how an answer with calls of tools is stored in the place of its text.
type turnText struct {
	Text   string     `json:"text,omitempty"`
	Calls  []ToolCall `json:"calls"`
	Native *Native    `json:"native,omitempty"`
}

// stored is what the ledger keeps of an answer: its text, or, of one that ends with
// calls of tools, all that the next request needs.
func stored(res *Response) string {
	if res.Finish != FinishTools {
		return res.Text
	}
	raw, err := json.Marshal(turnText{res.Text, res.Calls, res.Native})
	if err != nil { // not reached: providers make arguments JSON
		return res.Text
	}
	return string(raw)
}

func unstored(text string, finish Finish) (*Response, error) {
	res := &Response{Text: text, Finish: finish}
	if finish != FinishTools {
		return res, nil
	}
	var t turnText
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return nil, fmt.Errorf("read a stored answer: %w", err)
	}
	res.Text, res.Calls, res.Native = t.Text, t.Calls, t.Native
	return res, nil
}

// resultCache keeps answers for a time. It may forget.
type resultCache interface {
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// WithCache makes m answer equal requests of one tenant from a cache for some time,
// at no cost. Requests are equal if every part of them is, by their hash. Answers
// that were cut off or blocked are not kept.
func (m *Metered) WithCache(c resultCache, keep time.Duration) *Metered {
	m.cache, m.keep = c, keep
	return m
}

// cachedAnswer is what the cache holds.
type cachedAnswer struct {
	Finish   Finish        `json:"finish"`
	Text     string        `json:"text"` // as in the ledger
	Provider string        `json:"provider"`
	Model    string        `json:"model"`
	Currency string        `json:"currency"`
	Usage    *domain.Usage `json:"usage,omitempty"`
}

func (m *Metered) cacheKey(ctx context.Context, tenant domain.TenantID, hash string) string {
	if p := domain.PrincipalFrom(ctx); tenant == "" && p != nil {
		tenant = p.Tenant
	}
	return "model-answer:" + string(tenant.OrDefault()) + ":" + hash
}

// recollect returns an answer of the cache, or nil. A cache that is down holds none.
func (m *Metered) recollect(ctx context.Context, tenant domain.TenantID, hash string) *Response {
	if m.cache == nil {
		return nil
	}
	raw, ok, err := m.cache.Get(ctx, m.cacheKey(ctx, tenant, hash))
	var a cachedAnswer
	if err != nil || !ok || json.Unmarshal(raw, &a) != nil {
		return nil
	}
	res, err := unstored(a.Text, a.Finish)
	if err != nil {
		return nil
	}
	res.Usage, res.Receipt = a.Usage, Receipt{Provider: a.Provider, Model: a.Model, Currency: a.Currency, Cached: true}
	return res
}

func (m *Metered) remember(ctx context.Context, tenant domain.TenantID, hash string, res *Response) {
	if m.cache == nil || res.Finish != FinishStop && res.Finish != FinishTools {
		return
	}
	raw, err := json.Marshal(cachedAnswer{res.Finish, stored(res), res.Receipt.Provider, res.Receipt.Model, res.Receipt.Currency, res.Usage})
	if err != nil {
		return
	}
	_ = m.cache.Set(ctx, m.cacheKey(ctx, tenant, hash), raw, m.keep) // without it the next one pays
}
