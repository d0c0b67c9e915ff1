package api

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

// Names of the security schemes in the document.
const (
	bearerScheme = "bearer"
	keyScheme    = "api_key"
)

// Names of request headers that all operations of a kind take. They are read in
// front of the API, so no input has them.
const (
	ifNoneMatch    = "If-None-Match"
	idempotencyKey = "Idempotency-Key"
)

// replayed marks answers that were stored under an idempotency key.
const replayed = "Idempotency-Replayed"

// everyAnswer are the headers that every answer has or may have.
var everyAnswer = []string{
	"X-Request-ID", "X-Process-Time", "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
}

// addComponents fills in what the operations refer to: who may ask, the headers, and
// every problem once.
func addComponents(c *huma.Components) {
	c.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearerScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of POST /auth/login, or an API key."},
		keyScheme:    {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "An API key, which begins with mfm_."},
	}
	c.Headers = headers()
	c.Parameters = map[string]*huma.Param{
		ifNoneMatch: {
			Name: ifNoneMatch, In: "header", Description: "The ETag of an earlier answer; while it still fits the answer is 304 without a body",
			Schema: &huma.Schema{Type: huma.TypeString}, Example: `"2f1c0a9d4b7e"`,
		},
		idempotencyKey: {
			Name: idempotencyKey, In: "header", Example: "order-2026-03-01-7",
			Description: "Chosen by the client, unique among its requests. A repeat with the same key gets the first answer again; another request with it is a conflict",
			Schema:      &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(255), Pattern: "^[!-~]+$"},
		},
	}
	problem := c.Schemas.Schema(problemType, true, "Problem")
	c.Responses = map[string]*huma.Response{
		notModified: {Description: "Nothing has changed since the answer with that ETag.", Headers: refs("ETag", "X-Total-Count", "Link")},
	}
	for status, example := range problemExamples {
		c.Responses[responseName(status)] = &huma.Response{
			Description: example.Detail, Headers: refs(problemHeaders(status)...),
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem, Example: example}},
		}
	}
}

func headers() map[string]*huma.Header {
	text, count := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0)}
	return map[string]*huma.Header{
		"X-Request-ID":        {Description: "Names this request in the log", Schema: text, Example: "req_01k2ja"},
		"X-Process-Time":      {Description: "Seconds that the answer took", Schema: &huma.Schema{Type: huma.TypeNumber, Minimum: new(0.0)}, Example: 0.0042},
		"RateLimit-Limit":     {Description: "How many requests of this kind may come at once", Schema: count, Example: 6000},
		"RateLimit-Remaining": {Description: "How many more may come now", Schema: count, Example: 5999},
		"RateLimit-Reset":     {Description: "Seconds until all of them may come at once again", Schema: count, Example: 1},
		"RateLimit":           {Description: "The group of requests, how many more may come now, and seconds until all may (draft-ietf-httpapi-ratelimit-headers)", Schema: text, Example: `"read";r=5999;t=1`},
		"RateLimit-Policy":    {Description: "The group of requests, how many it allows, and in how many seconds", Schema: text, Example: `"read";q=6000;w=60`},
		replayed:              {Description: "true: this is the answer that an earlier request with the same key got", Schema: &huma.Schema{Type: huma.TypeBoolean}, Example: true},
		"X-Total-Count":       {Description: "Of a list: how many there are in all", Schema: count, Example: 1500},
		"Link":                {Description: "Of a list: RFC 8288 links to its other windows", Schema: text, Example: `</api/v1/websites?limit=50&offset=50>; rel="next"`},
		"Content-Disposition": {Description: "The name to save the file under (RFC 6266)", Schema: text, Example: `attachment; filename=audit.csv`},
		"ETag":                {Description: "Names this state of the answer", Schema: text, Example: `"2f1c0a9d4b7e"`},
		"Retry-After":         {Description: "Seconds to wait before the next try", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)}, Example: 1},
		"WWW-Authenticate":    {Description: "How to sign in (RFC 6750)", Schema: text, Example: challenge},
	}
}

// refs refers to headers of the components.
func refs(names ...string) map[string]*huma.Header {
	out := map[string]*huma.Header{}
	for _, name := range append(names, everyAnswer...) {
		out[name] = ref(name)
	}
	return out
}

func ref(name string) *huma.Header { return &huma.Header{Ref: "#/components/headers/" + name} }

func problemHeaders(status int) []string {
	switch status {
	case http.StatusUnauthorized:
		return []string{"WWW-Authenticate"}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return []string{"Retry-After"}
	case http.StatusConflict: // of a key whose first request is under way
		return []string{"Retry-After", replayed}
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return []string{replayed}
	}
	return nil
}

const notModified = "NotModified"

// responseName names the component of a status: RequestTimeout.
func responseName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// problemExamples hold one problem for each status that any operation can answer.
var problemExamples = func() map[int]*Problem {
	out := map[int]*Problem{}
	for _, e := range []struct {
		status int
		code   domain.Code
		detail string
	}{
		{http.StatusBadRequest, domain.CodeMalformed, sentences[http.StatusBadRequest]},
		{http.StatusUnauthorized, domain.CodeUnauthenticated, "Sign in first."},
		{http.StatusForbidden, domain.CodeForbidden, "This needs the permission websites.manage."},
		{http.StatusNotFound, domain.CodeNotFound, "Website site_01k2ja does not exist."},
		{http.StatusRequestTimeout, domain.CodeTimeout, sentences[http.StatusRequestTimeout]},
		{http.StatusConflict, domain.CodeConflict, "Domain keyboards.example is managed already."},
		{http.StatusPreconditionFailed, domain.CodePrecondition, "Website site_01k2ja has changed meanwhile; read it again."},
		{http.StatusRequestEntityTooLarge, domain.CodeTooLarge, sentences[http.StatusRequestEntityTooLarge]},
		{http.StatusUnsupportedMediaType, codeUnsupportedMedia, sentences[http.StatusUnsupportedMediaType]},
		{http.StatusUnprocessableEntity, domain.CodeInvalid, sentences[http.StatusUnprocessableEntity]},
		{http.StatusTooManyRequests, domain.CodeRateLimited, "Too many requests. Try again later."},
		{http.StatusRequestHeaderFieldsTooLarge, codeHeaderTooLarge, "The request line and headers are too large."},
		{http.StatusInternalServerError, domain.CodeInternal, sentences[http.StatusInternalServerError]},
		{http.StatusServiceUnavailable, domain.CodeUnavailable, "The server is busy. Try again."},
		{http.StatusGatewayTimeout, domain.CodeTimeout, sentences[http.StatusGatewayTimeout]},
	} {
		out[e.status] = newProblem(e.status, e.code, e.detail)
		out[e.status].RequestID = "req_01k2ja"
	}
	out[http.StatusUnprocessableEntity].Errors = []Fault{{Location: "body.niche", Message: "expected length >= 1"}}
	return out
}()

// describe completes the entry of an operation in the document, which Register has
// begun: examples, every status that it can answer, and headers.
func (a *API) describe(op operation) {
	doc := a.entry(op)
	if op.request != nil {
		doc.RequestBody.Content["application/json"].Example = op.request
	}
	for status := range doc.Responses {
		if status >= "400" {
			delete(doc.Responses, status)
		}
	}
	for status, answer := range doc.Responses {
		if op.response != nil {
			answer.Content["application/json"].Example = op.response
		}
		if answer.Headers == nil {
			answer.Headers = map[string]*huma.Header{}
		}
		for name, header := range refs(op.successHeaders(status)...) {
			answer.Headers[name] = header
		}
	}
	for _, status := range op.statuses(doc.RequestBody != nil) {
		doc.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + responseName(status)}
	}
	switch {
	case op.conditional():
		doc.Responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Ref: "#/components/responses/" + notModified}
		takeHeader(doc, ifNoneMatch)
	case op.repeatable():
		takeHeader(doc, idempotencyKey)
	}
	a.harvest(doc)
}

// takeHeader says that an operation takes a header that is read in front of the API,
// whether or not its input has it, too.
func takeHeader(doc *huma.Operation, name string) {
	doc.Parameters = slices.DeleteFunc(doc.Parameters, func(p *huma.Param) bool { return p.Name == name })
	doc.Parameters = append(doc.Parameters, &huma.Param{Ref: "#/components/parameters/" + name})
}

// conditional reports whether the operation answers 304 to the ETag that it gave.
func (op operation) conditional() bool { return op.method == http.MethodGet }

// unrepeatable are the beginnings of paths whose answers hold secrets: those are not
// stored, so there are no idempotency keys.
var unrepeatable = []string{"/auth/", "/users"}

// Unrepeatable returns the beginnings of paths that take no idempotency keys.
func Unrepeatable() []string {
	var out []string
	for _, p := range unrepeatable {
		out = append(out, Base+p)
	}
	return out
}

// repeatable reports whether the operation takes an idempotency key.
func (op operation) repeatable() bool {
	return op.method != http.MethodGet && !slices.ContainsFunc(unrepeatable, func(p string) bool { return strings.HasPrefix(op.path, p) })
}

func (op operation) successHeaders(status string) []string {
	if op.conditional() && status == "200" {
		return []string{"ETag"}
	}
	if op.repeatable() {
		return []string{replayed}
	}
	return nil
}

// statuses returns the statuses of all problems that the operation can answer, with
// those that come from what stands in front of it.
func (op operation) statuses(body bool) []int {
	out := append([]int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
		http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}, op.problems...)
	if op.permission != "" {
		out = append(out, http.StatusForbidden)
	}
	if strings.Contains(op.path, "{") {
		out = append(out, http.StatusNotFound)
	}
	if op.method != http.MethodGet { // which a page of another origin may not send
		out = append(out, http.StatusForbidden, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge)
	}
	if op.repeatable() {
		out = append(out, http.StatusConflict)
	}
	if body {
		out = append(out, http.StatusUnsupportedMediaType)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// entry returns the entry of an operation in the document.
func (a *API) entry(op operation) *huma.Operation {
	for method, doc := range operations(a.huma.OpenAPI().Paths[op.path]) {
		if method == op.method {
			return doc
		}
	}
	panic("operation " + op.id + " is not in the document") // a method that OpenAPI does not know: a bug
}

// operations yields the methods and operations of a path in a fixed order.
func operations(item *huma.PathItem) iter.Seq2[string, *huma.Operation] {
	return func(yield func(string, *huma.Operation) bool) {
		for _, o := range []struct {
			method string
			doc    *huma.Operation
		}{
			{http.MethodGet, item.Get}, {http.MethodPost, item.Post}, {http.MethodPut, item.Put},
			{http.MethodPatch, item.Patch}, {http.MethodDelete, item.Delete},
		} {
			if o.doc != nil && !yield(o.method, o.doc) {
				return
			}
		}
	}
}
