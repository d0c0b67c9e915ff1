package gateway

import (
	"context"
	"net/http"
)

// tracer makes the span of a request, which continues the trace that its header
// names. The function that it returns ends the span; route is a template.
type tracer interface {
	Request(ctx context.Context, header http.Header, method string) (context.Context, func(route string, status int))
}

// trace begins the span of a request. Probes and what the edge serves have none:
// they are many and lead nowhere.
func (g *Gateway) trace(listener string, x *exchange) {
	if g.c.Tracer == nil || listener != "api" || isProbe(x.r) || x.r.URL.Path == "/metrics" {
		return
	}
	x.ctx.parent, x.traced = g.c.Tracer.Request(x.ctx.parent, x.r.Header, methodLabel(x.r.Method))
}
