package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type edgeService interface {
	Hosts(ctx context.Context) ([]domain.HostStats, error)
}

type edgeInput struct{ Window }

type hostBody struct {
	WebsiteID domain.WebsiteID  `json:"website_id"`
	Domain    string            `json:"domain"`
	ReleaseID domain.ReleaseID  `json:"release_id"`
	Loaded    bool              `json:"loaded" doc:"Its manifest is in memory: it was asked for"`
	Requests  uint64            `json:"requests"`
	Classes   map[string]uint64 `json:"classes" doc:"Requests by class of status, such as 2xx"`
	Bytes     uint64            `json:"bytes" doc:"Of bodies"`
	P50MS     float64           `json:"p50_ms" doc:"At most twice the true time"`
	P99MS     float64           `json:"p99_ms" doc:"At most twice the true time"`

	Certificate *certificateBody `json:"certificate,omitempty" doc:"Absent: TLS is off, or nobody asked for the host yet"`
}

type certificateBody struct {
	ValidUntil *time.Time `json:"valid_until,omitempty" doc:"Absent: there is none"`
	Issuer     string     `json:"issuer"`
	Error      string     `json:"error" doc:"Why the last attempt to get one failed; empty: it did not"`
	FailedAt   *time.Time `json:"failed_at,omitempty"`
	NextTry    *time.Time `json:"next_try,omitempty" doc:"From when on a visitor makes the next attempt"`
}

func registerEdge(a *API, e edgeService) {
	handle(a, operation{
		id: "list-edge-hosts", method: http.MethodGet, path: "/system/edge", tag: "system", permission: domain.WebsitesRead,
		summary: "List what the edge served of each website", text: "By the process that answers, since it began; those with the most requests first.",
		response: []hostBody{{
			WebsiteID: "site_01k2ja", Domain: "keyboards.example", ReleaseID: exampleRelease, Loaded: true, Requests: 40, Classes: map[string]uint64{"2xx": 39, "4xx": 1},
			Bytes: 81_000, P50MS: 0.016, P99MS: 0.128, Certificate: &certificateBody{ValidUntil: &exampleTime, Issuer: "E7"},
		}},
	}, func(ctx context.Context, in *edgeInput) (*listOutput[hostBody], error) {
		all, err := e.Hosts(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toHost), nil
	})
}

func toHost(h *domain.HostStats) hostBody {
	millis := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b := hostBody{
		WebsiteID: h.WebsiteID, Domain: h.Domain, ReleaseID: h.ReleaseID, Loaded: h.Loaded, Requests: h.Requests, Classes: map[string]uint64{}, Bytes: h.Bytes,
		P50MS: millis(h.P50), P99MS: millis(h.P99),
	}
	for class, n := range h.Classes {
		name := string(rune('0'+class)) + "xx"
		if class == 0 {
			name = "other"
		}
		if n > 0 {
			b.Classes[name] = n
		}
	}
	if c := h.Certificate; c != nil {
		b.Certificate = &certificateBody{unlessZero(c.ValidUntil), c.Issuer, c.Error, unlessZero(c.FailedAt), unlessZero(c.NextTry)}
	}
	return b
}

// unlessZero returns nil for a time that is not known.
func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
