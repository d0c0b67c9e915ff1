package apifuzz

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Answer is what came back for a Request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// common are headers that HTTP and the security of browsers ask for on any answer;
// the document does not repeat them.
var common = map[string]bool{
	"Allow": true, "Cache-Control": true, "Connection": true, "Content-Length": true, "Content-Type": true, "Date": true, "Transfer-Encoding": true, "Vary": true,
	"Content-Security-Policy": true, "Cross-Origin-Opener-Policy": true, "Cross-Origin-Resource-Policy": true, "Permissions-Policy": true, "Referrer-Policy": true,
	"X-Content-Type-Options": true, "X-Frame-Options": true, "X-Permitted-Cross-Domain-Policies": true,
}

// telltales are parts of texts that belong into a log, not into an answer.
var telltales = []string{"goroutine ", "panic:", "sql:", "SQLITE", "SQLSTATE", "pq:", "sqlite", "/root/", "/tmp/", ".go:", "runtime error", "unmarshal", "reflect."}

// Faults says how an answer breaks the contract.
func (d *Document) Faults(q *Request, a *Answer) []string {
	if q.Raw != nil && a.Status < 500 && (a.Header.Get("X-Request-Id") == "" || a.Status == http.StatusBadRequest && len(a.Body) == 0) {
		return nil // refused by the server of HTTP itself, or by its mux: GET *
	}
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if a.Status >= 500 {
		add("it failed with %d", a.Status)
	}
	if len(q.Want) > 0 && !slices.Contains(q.Want, a.Status) {
		add("status %d, want one of %v", a.Status, q.Want)
	}
	for _, name := range []string{"X-Request-Id", "X-Process-Time"} {
		if len(a.Header[name]) != 1 {
			add("it has %d headers %s", len(a.Header[name]), name)
		}
	}
	if a.Status >= 400 {
		out = append(out, problemFaults(q, a)...)
	}
	if q.Operation == nil {
		if a.Status < 400 && q.Raw == nil && q.Method != http.MethodOptions {
			add("status %d where nothing is", a.Status)
		}
		return out
	}
	documented := q.Operation.answers[a.Status]
	if documented == nil {
		add("status %d is not in the document", a.Status)
		return out
	}
	return append(append(out, documented.headerFaults(a)...), documented.bodyFaults(q, a)...)
}

// problemFaults checks what holds for every problem, of an operation or not.
func problemFaults(q *Request, a *Answer) []string {
	var out []string
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if kind != "application/problem+json" {
		out = append(out, fmt.Sprintf("content type %q is no problem", kind))
	}
	for _, t := range telltales {
		if strings.Contains(string(a.Body), t) {
			out = append(out, fmt.Sprintf("it tells %q", t))
		}
	}
	if q.Method == http.MethodHead {
		return out
	}
	var p struct {
		Status    int    `json:"status"`
		RequestID string `json:"request_id"`
		Detail    string `json:"detail"`
	}
	replayed := a.Header.Get("Idempotency-Replayed") != "" // then it names the first request
	if err := json.Unmarshal(a.Body, &p); err != nil || p.Status != a.Status || p.RequestID == "" || p.RequestID != a.Header.Get("X-Request-Id") && !replayed || p.Detail == "" {
		out = append(out, fmt.Sprintf("the problem does not fit its answer (%v)", err))
	}
	return out
}

// headerFaults checks that headers are in the document and look as it says.
func (d *answer) headerFaults(a *Answer) []string {
	var out []string
	for name, values := range a.Header {
		s := d.headers[name]
		switch {
		case s == nil && !common[name]:
			out = append(out, fmt.Sprintf("header %s is not in the document", name))
		case s != nil && len(values) == 1:
			for _, fault := range s.Faults(headerValue(s, values[0])) {
				out = append(out, "header "+name+" "+fault)
			}
		case s != nil:
			out = append(out, fmt.Sprintf("header %s is there %d times", name, len(values)))
		}
	}
	return out
}

func headerValue(s *Schema, text string) any {
	switch s.end().kind() {
	case "integer", "number":
		return json.Number(text)
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}

func (d *answer) bodyFaults(q *Request, a *Answer) []string {
	if q.Method == http.MethodHead || len(d.bodies) == 0 {
		if len(a.Body) > 0 {
			return []string{fmt.Sprintf("it has a body of %d bytes", len(a.Body))}
		}
		return nil
	}
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	s := d.bodies[kind]
	if s == nil {
		return []string{fmt.Sprintf("content type %q is not in the document", kind)}
	}
	if kind != "application/json" && kind != "application/problem+json" {
		return nil
	}
	v, err := Decode(a.Body)
	if err != nil {
		return []string{"the body is not JSON: " + err.Error()}
	}
	return s.Faults(v)
}
