package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

type auditService interface {
	List(ctx context.Context, f domain.AuditFilter, w domain.Window) ([]domain.AuditEntry, int, error)
	Before(ctx context.Context, f domain.AuditFilter, seq int64, limit int) ([]domain.AuditEntry, error)
	Export(ctx context.Context, f domain.AuditFilter, fn func([]domain.AuditEntry) error) error
}

type auditEntryBody struct {
	Seq       int64          `json:"seq" doc:"Grows with every entry"`
	At        time.Time      `json:"at"`
	ActorID   *domain.UserID `json:"actor_id" doc:"Who did it; null for the work of a run"`
	Action    string         `json:"action" doc:"website.created, release.published, approval.approved, …"`
	Object    string         `json:"object" doc:"Id of what was changed"`
	Detail    string         `json:"detail"`
	Before    *string        `json:"before" doc:"SHA-256 of the state before, as canonical JSON; null if there was none"`
	After     *string        `json:"after" doc:"SHA-256 of the state after, as canonical JSON; null if there is none"`
	RequestID string         `json:"request_id"`
}

// AuditQuery selects entries of the log. It is embedded in inputs.
type AuditQuery struct {
	Actor  domain.UserID `query:"actor" maxLength:"100" doc:"Only what this user did"`
	Action string        `query:"action" maxLength:"100" doc:"Only this action, or all that begin with this part: website for website.created and others"`
	Object string        `query:"object" maxLength:"100" doc:"Only changes of the thing with this id"`
	Since  time.Time     `query:"since" doc:"Only from this time on"`
	Until  time.Time     `query:"until" doc:"Only before this time"`
}

func (q *AuditQuery) filter() domain.AuditFilter {
	return domain.AuditFilter{Actor: q.Actor, Action: q.Action, Object: q.Object, Since: q.Since, Until: q.Until}
}

type (
	listAuditInput struct {
		Window
		AuditQuery
		Cursor int64 `query:"cursor" minimum:"0" doc:"Only entries with a lesser seq, without X-Total-Count: for walks through a long log. 0 for the newest; Link leads to the next. Not together with offset"`
	}
	listAuditOutput struct {
		Total *int   `header:"X-Total-Count" doc:"How many there are in all; not with a cursor"`
		Link  string `header:"Link" doc:"RFC 8288 links: first, prev, next, last; with a cursor only next"`
		Body  []auditEntryBody
	}
	exportAuditInput struct {
		AuditQuery
		Format string `query:"format" enum:"jsonl,csv" default:"jsonl" doc:"JSON objects, one a line, or CSV with a header (RFC 4180)"`
	}
)

var (
	exampleAfter   = exampleHash
	exampleExports = map[string]any{
		mediaJSONL: `{"seq":42,"at":"2026-03-01T12:00:00Z","actor_id":"user_01k2ja","action":"website.created","object":"site_01k2ja",` +
			`"detail":"keyboards.example","before":null,"after":"` + exampleHash + `","request_id":"req_01k2ja"}` + "\n",
		mediaCSV: "seq,at,actor_id,action,object,detail,before,after,request_id\r\n" +
			"42,2026-03-01T12:00:00Z,user_01k2ja,website.created,site_01k2ja,keyboards.example,," + exampleHash + ",req_01k2ja\r\n",
	}
)

func registerAudit(a *API, audit auditService) {
	actor := exampleUser.ID
	handle(a, operation{
		id: "list-audit", method: http.MethodGet, path: "/audit", tag: "system", permission: domain.AdminFull,
		summary: "List changes of state", text: "Newest first: who changed what, when and in which request.",
		response: []auditEntryBody{{
			Seq: 42, At: exampleTime, ActorID: &actor, Action: "website.created", Object: "site_01k2ja", Detail: "keyboards.example",
			After: &exampleAfter, RequestID: "req_01k2ja",
		}},
	}, func(ctx context.Context, in *listAuditInput) (*listAuditOutput, error) {
		if in.walks() {
			return walkAudit(ctx, audit, in)
		}
		items, total, err := audit.List(ctx, in.filter(), in.domain())
		if err != nil {
			return nil, err
		}
		out := windowOf(&in.Window, items, total, toAuditEntry)
		return &listAuditOutput{&total, out.Link, out.Body}, nil
	})
	handleStream(a, operation{
		id: "export-audit", method: http.MethodGet, path: "/audit/export", tag: "system", permission: domain.AdminFull,
		summary: "Take out the log of changes", text: "Everything that matches, newest first. In CSV, cells that a spreadsheet would compute begin with an apostrophe.",
	}, exampleExports, func(_ context.Context, in *exportAuditInput) (*stream, error) {
		s := &stream{kind: mediaJSONL, name: "audit.jsonl", write: func(ctx context.Context, w io.Writer) error {
			lines := json.NewEncoder(w)
			lines.SetEscapeHTML(false)
			return audit.Export(ctx, in.filter(), each(func(e auditEntryBody) error { return lines.Encode(e) }))
		}}
		if in.Format == "csv" {
			s.kind, s.name = mediaCSV, "audit.csv"
			s.write = func(ctx context.Context, w io.Writer) error { return auditCSV(ctx, audit, in.filter(), w) }
		}
		return s, nil
	})
}

const (
	mediaJSONL = "application/x-ndjson"
	mediaCSV   = "text/csv; charset=utf-8"
)

// walkAudit answers with the entries before a cursor, without counting them all.
func walkAudit(ctx context.Context, audit auditService, in *listAuditInput) (*listAuditOutput, error) {
	if err := in.checkCursor(); err != nil {
		return nil, err
	}
	items, err := audit.Before(ctx, in.filter(), in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listAuditOutput{Body: make([]auditEntryBody, len(items))}
	for i := range items {
		out.Body[i] = toAuditEntry(&items[i])
	}
	if len(items) == in.Limit {
		out.Link = in.nextCursor(strconv.FormatInt(items[len(items)-1].Seq, 10))
	}
	return out, nil
}

// each calls fn for the entries that an export brings a part at a time.
func each(fn func(auditEntryBody) error) func([]domain.AuditEntry) error {
	return func(list []domain.AuditEntry) error {
		for i := range list {
			if err := fn(toAuditEntry(&list[i])); err != nil {
				return err
			}
		}
		return nil
	}
}

func auditCSV(ctx context.Context, audit auditService, f domain.AuditFilter, w io.Writer) error {
	rows := csv.NewWriter(w)
	rows.UseCRLF = true
	head := []string{"seq", "at", "actor_id", "action", "object", "detail", "before", "after", "request_id"}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	// The header waits in the writer until the first entries are there, so that a
	// refusal can still be told.
	if err := rows.Write(head); err != nil {
		return err
	}
	err := audit.Export(ctx, f, each(func(e auditEntryBody) error {
		row := []string{
			strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339Nano), text((*string)(e.ActorID)), e.Action, e.Object, e.Detail,
			text(e.Before), text(e.After), e.RequestID,
		}
		for i := range row {
			row[i] = inert(row[i])
		}
		return rows.Write(row)
	}))
	if err != nil {
		return err
	}
	rows.Flush()
	return rows.Error()
}

// inert keeps a spreadsheet from taking a cell for a formula:
// https://owasp.org/www-community/attacks/CSV_Injection
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func toAuditEntry(e *domain.AuditEntry) auditEntryBody {
	b := auditEntryBody{
		Seq: e.Seq, At: e.At.UTC(), Action: e.Action, Object: e.Object, Detail: e.Detail, RequestID: e.RequestID,
	}
	if e.ActorID != "" {
		b.ActorID = &e.ActorID
	}
	if e.Before != "" {
		b.Before = &e.Before
	}
	if e.After != "" {
		b.After = &e.After
	}
	return b
}
