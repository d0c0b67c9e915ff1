package ws

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

// Metrics is the data of a metrics frame. Parts that the client may not see are
// absent.
type Metrics struct {
	At       time.Time       `json:"at"`
	System   *SystemMetrics  `json:"system,omitempty"`
	Agents   *AgentMetrics   `json:"agents,omitempty"`
	Websites *SiteMetrics    `json:"websites,omitempty"`
	Runs     map[string]int  `json:"runs,omitempty"` // by state
	Revenue  *RevenueMetrics `json:"revenue,omitempty"`
}

// SystemMetrics are of the process that answers.
type SystemMetrics struct {
	Components    map[string]string `json:"components"` // state by name
	UptimeSeconds float64           `json:"uptime_seconds"`
	Goroutines    int               `json:"goroutines"`
	HeapBytes     uint64            `json:"heap_bytes"`
	Clients       int               `json:"clients"` // WebSockets of this process
}

// AgentMetrics count agents by status and list them.
type AgentMetrics struct {
	Total    int                        `json:"total"`
	ByStatus map[domain.AgentStatus]int `json:"by_status"`
	List     []AgentLine                `json:"list"`
}

// AgentLine is one agent.
type AgentLine struct {
	ID          domain.AgentID     `json:"id"`
	Status      domain.AgentStatus `json:"status"`
	Running     int                `json:"running"`
	Completed   int                `json:"tasks_completed"`
	SuccessRate float64            `json:"success_rate"`
}

// SiteMetrics count websites.
type SiteMetrics struct {
	Total   int            `json:"total"`
	ByState map[string]int `json:"by_state"`
}

// RevenueMetrics is what was earned today: null, with the reason, as long as nobody
// knows.
type RevenueMetrics struct {
	AmountMinor *int64 `json:"amount_minor"`
	Currency    string `json:"currency,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// serveDashboard speaks with a dashboard.
func (h *Hub) serveDashboard(w http.ResponseWriter, r *http.Request) {
	p := h.admit(w, r)
	if p == nil {
		return
	}
	token, cookie := h.credential(r)
	q := r.URL.Query()
	topics, err := topicsOf(q.Get("topics"), h.c.MaxTopics)
	if err != nil {
		h.c.Problem(w, r, err)
		return
	}
	c, err := h.accept(w, r, cookie)
	if err != nil {
		return // Accept has answered
	}
	c.name, c.token, c.all, c.html, c.topics = domain.NewID("dash"), token, true, q.Get("format") == "html", topics
	c.who.Store(p)
	if !h.join(c, Hello{Heartbeat: h.c.Heartbeat.Seconds()}, q.Get("last_offset")) {
		c.cut()
		return
	}
	// The request ends here and gives back what it holds. What needs a deep stack is
	// done on one that does not stay.
	h.group.Go(func() { h.sendMetrics(context.Background(), []*client{c}, h.c.MetricsEvery/2) })
	h.group.Go(func() {
		defer h.leave(c)
		defer c.cut()
		c.read(c.dashboardFrame)
	})
}

// topicsOf reads the topics of an address, separated by commas.
func topicsOf(list string, most int) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	topics := strings.Split(list, ",")
	if len(topics) > most {
		return nil, domain.Invalid("topics", "There are too many topics.")
	}
	for _, topic := range topics {
		if !domain.ValidTopic(topic) {
			return nil, domain.Invalid("topics", "%.100q is not a topic. A topic begins with one of the areas of events.", topic)
		}
	}
	return topics, nil
}

// dashboardFrame answers a frame of a dashboard.
func (c *client) dashboardFrame(f Frame) {
	if err := c.common(f, Hello{Heartbeat: c.h.c.Heartbeat.Seconds()}); err != nil {
		c.fail(f.ID, err)
	}
}

// common answers the frames that all clients may send.
func (c *client) common(f Frame, hello Hello) error {
	switch f.Type {
	case TypePing:
		c.send(c.render(encode(TypePing, f.ID, map[string]string{"at": c.h.c.Now().UTC().Format(time.RFC3339Nano)}), nil))
		return nil
	case TypeSubscribe:
		var s Subscription
		if err := decode(f, &s); err != nil {
			return err
		}
		topics, err := c.subscribe(s)
		if err != nil {
			return err
		}
		c.send(c.render(encode(TypeSubscribe, f.ID, Subscription{Topics: topics}), nil))
		return nil
	case TypeHello:
		var o Offer
		if err := decode(f, &o); err != nil {
			return err
		}
		if _, err := c.subscribe(Subscription{Topics: o.Topics}); err != nil {
			return err
		}
		c.h.mu.Lock()
		defer c.h.mu.Unlock()
		c.h.greet(c, f.ID, hello, o.LastOffset)
		return nil
	case "":
		return domain.Invalid("type", "The frame has no type.")
	}
	return domain.Invalid("type", "A frame of type %.50q is not taken here.", f.Type)
}

// pushMetrics sends metrics to all dashboards.
func (h *Hub) pushMetrics(ctx context.Context) {
	list := h.snapshot()
	dashboards := list[:0]
	for _, c := range list {
		if c.all {
			dashboards = append(dashboards, c)
		}
	}
	h.sendMetrics(ctx, dashboards, 0)
}

// view is what clients see that get the same metrics.
type view struct {
	tenant           domain.TenantID
	agents, websites bool
	html             bool
}

// latest are the metrics that were collected last.
type latest struct {
	mu  sync.Mutex // held while they are collected
	all map[domain.TenantID]*Metrics
	at  map[domain.TenantID]time.Time
}

// collected returns the metrics of a tenant that are not older than an age.
func (h *Hub) collected(ctx context.Context, tenant domain.TenantID, age time.Duration) *Metrics {
	h.latest.mu.Lock()
	defer h.latest.mu.Unlock()
	if m := h.latest.all[tenant]; m != nil && time.Since(h.latest.at[tenant]) < age {
		return m
	}
	ctx, cancel := context.WithTimeout(ctx, h.c.MetricsEvery)
	defer cancel()
	m, err := h.c.Collect(ctx, tenant)
	if err != nil {
		h.c.Logger.WarnContext(ctx, "metrics not collected", slog.Any("err", err))
		return nil
	}
	h.latest.all[tenant], h.latest.at[tenant] = m, time.Now()
	return m
}

// sendMetrics collects what the clients' tenants have, once for each unless that was
// done just before, and encodes it once for all that see the same.
func (h *Hub) sendMetrics(ctx context.Context, list []*client, age time.Duration) {
	if h.c.Collect == nil {
		return
	}
	whole := map[domain.TenantID]*Metrics{}
	frames := map[view][]byte{}
	for _, c := range list {
		p := c.who.Load()
		v := view{p.Tenant.OrDefault(), p.Can(domain.AgentsRead), p.Can(domain.WebsitesRead), c.html}
		frame, ok := frames[v]
		if !ok {
			m, known := whole[v.tenant]
			if !known {
				m = h.collected(ctx, v.tenant, age)
				whole[v.tenant] = m
			}
			frame = v.encode(m)
			frames[v] = frame
		}
		if frame != nil {
			c.send(frame)
		}
	}
}

// encode returns the frame of a view; nil if there is nothing to show.
func (v view) encode(m *Metrics) []byte {
	if m == nil {
		return nil
	}
	seen := Metrics{At: m.At}
	if v.agents {
		seen.System, seen.Agents, seen.Runs = m.System, m.Agents, m.Runs
	}
	if v.websites {
		seen.Websites, seen.Revenue = m.Websites, m.Revenue
	}
	if v.html {
		return fragment("metrics.html", seen)
	}
	return encode(TypeMetrics, "", seen)
}
