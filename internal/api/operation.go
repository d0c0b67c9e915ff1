package api

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

// tags group the operations in the document, in this order.
var tags = []struct{ name, text string }{
	{"auth", "Signing in, API keys, and what one may do."},
	{"users", "The people who may sign in."},
	{"agents", "The agents and the tasks that they do."},
	{"messages", "What is sent to agents, and what became of it."},
	{"pipelines", "Pipelines and their durable runs."},
	{"approvals", "Questions that only a person may answer."},
	{"websites", "Websites, their pages, releases and gates."},
	{"analytics", "Visits and clicks of websites, counted without cookies."},
	{"intelligence", "What is known about markets: opportunities, trends and estimates."},
	{"catalogue", "Product feeds and affiliate programs."},
	{"links", "The registry of affiliate links, and links that earn nothing."},
	{"intelligence", "What the program knows and finds out, with the evidence that it rests on."},
	{"webhooks", "What providers told this installation."},
	{"budgets", "What model calls may cost, what they did cost, and at which prices."},
	{"graph", "The knowledge graph: what feeds, programs, keywords and pages say about each other."},
	{"alerts", "What needs a person now: alerts, the rules that raise them, and whom they reach."},
	{"system", "The state of the parts of the program."},
}

// operation describes one route. A permission is checked before the input is
// read; with an empty one, being signed in is enough.
type operation struct {
	id, method, path string
	tag, summary     string
	text             string // more than the summary, if there is more to say
	permission       domain.Permission
	public           bool  // needs no sign-in
	status           int   // of success; 0 means 200
	problems         []int // beside those that follow from the rest; see statuses
	request          any   // example of the body; an operation with a body needs one
	response         any   // example of the answer; an operation whose answer has a body needs one
}

// handle registers an operation: its route, its entry in the OpenAPI document and
// the mapping of its errors.
func handle[I, O any](a *API, op operation, fn func(context.Context, *I) (*O, error)) {
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag}, Summary: op.summary,
		Description: op.text, DefaultStatus: op.status, Errors: op.problems,
	}
	if op.public {
		h.Security = []map[string][]string{}
	} else {
		h.Security = []map[string][]string{{bearerScheme: {}}, {keyScheme: {}}}
		h.Description = strings.TrimSpace(h.Description + "\n\n" + op.rights())
		h.Extensions = map[string]any{"x-permission": string(op.permission)}
	}
	takesJSON := false // known once it is registered
	h.Middlewares = huma.Middlewares{a.guard(op, &takesJSON)}
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, a.fail(ctx, op.id, err)
		}
		return out, nil
	})
	if body := a.entry(op).RequestBody; body != nil {
		takesJSON = body.Content[mediaJSON] != nil
	}
	a.describe(op)
}

// fail turns an error into a problem, and logs it if a person must know.
func (a *API) fail(ctx context.Context, operation string, err error) error {
	p := problem(ctx, err)
	if p.Status == http.StatusInternalServerError {
		a.log.ErrorContext(ctx, "request failed",
			slog.String("operation", operation), slog.String("request_id", p.RequestID), slog.Any("err", err))
	}
	return p
}

func (op operation) rights() string {
	if op.permission == "" {
		return "Needs a signed-in user."
	}
	return "Needs the permission `" + string(op.permission) + "`."
}

// guard refuses callers without the right, and what cannot be read, before anything
// else is looked at.
func (a *API) guard(op operation, takesJSON *bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := op.allowed(ctx.Context()); err != nil {
			a.refuse(ctx, err)
			return
		}
		u := ctx.URL()
		if !readableQuery(u.RawQuery) {
			a.refuse(ctx, domain.Errorf(domain.CodeMalformed, "The query string cannot be read."))
			return
		}
		if *takesJSON && !isJSON(ctx.Header("Content-Type")) {
			a.refuse(ctx, newProblem(http.StatusUnsupportedMediaType, codeUnsupportedMedia, sentences[http.StatusUnsupportedMediaType]))
			return
		}
		next(ctx)
	}
}

// readableQuery reports whether all of a query string can be read as text.
func readableQuery(raw string) bool {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return false
	}
	for name, values := range query {
		if !isText(name) || slices.ContainsFunc(values, func(v string) bool { return !isText(v) }) {
			return false
		}
	}
	return true
}

// isText reports whether a value can be kept as text everywhere: no database keeps
// a NUL, and PostgreSQL nothing but UTF-8.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// mediaJSON is the media type of bodies.
const mediaJSON = "application/json"

// isJSON reports whether a Content-Type is application/json, or absent.
func isJSON(header string) bool {
	if header == "" || header == mediaJSON {
		return true
	}
	kind, _, err := mime.ParseMediaType(header)
	return err == nil && kind == mediaJSON
}

func (op operation) allowed(ctx context.Context) error {
	switch {
	case op.public:
		return nil
	case op.permission == "" && domain.PrincipalFrom(ctx) == nil:
		return domain.Errorf(domain.CodeUnauthenticated, "Sign in first.")
	case op.permission == "":
		return nil
	}
	_, err := domain.Require(ctx, op.permission)
	return err
}

// refuse answers with the problem for err.
func (a *API) refuse(ctx huma.Context, err error) {
	p := problem(ctx.Context(), err)
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	_ = strictJSON.Marshal(ctx.BodyWriter(), p) // the client is gone if this fails
}
