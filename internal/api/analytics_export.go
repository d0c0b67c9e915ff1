package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

type exportAnalyticsInput struct {
	TrafficTime
	Report    string           `query:"report" required:"true" enum:"websites,pages,programs" doc:"What to take out, whole"`
	WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"Of pages: only those of this website"`
	Format    string           `query:"format" enum:"jsonl,csv" doc:"JSON objects, one a line, or CSV with a header (RFC 4180). Left out: what Accept asks for, else jsonl"`
}

// Resolve implements huma.Resolver: without a format the Accept header decides.
func (in *exportAnalyticsInput) Resolve(ctx huma.Context) []error {
	if in.Format == "" && strings.Contains(ctx.Header("Accept"), "text/csv") {
		in.Format = "csv"
	}
	return nil
}

// exportWindow is how many rows of a report are read at a time.
const exportWindow = 1000

var exampleAnalyticsExports = map[string]any{
	mediaJSONL: `{"network":"awin","advertiser_id":"1001","program_id":"prog_01k2ja","name":"Example Shop","clicks":2,"comparison":{"before":1,"absolute":1,"share":1},"websites":1}` + "\n",
	mediaCSV:   "network,advertiser_id,program_id,name,clicks,clicks_before,websites\r\nawin,1001,prog_01k2ja,Example Shop,2,1,1\r\n",
}

func registerAnalyticsExport(a *API, t analyticsService) {
	handleStream(a, operation{
		id: "export-analytics", method: http.MethodGet, path: "/analytics/export", tag: "analytics", permission: domain.WebsitesRead,
		summary: "Take out a report", text: "All of its rows. In CSV, cells that a spreadsheet would compute begin with an apostrophe.", problems: []int{http.StatusNotFound},
	}, exampleAnalyticsExports, func(ctx context.Context, in *exportAnalyticsInput) (*stream, error) {
		if in.WebsiteID != "" && in.Report != "pages" {
			return nil, domain.Invalid("website_id", "Only the report of pages is that of a website.")
		}
		s := &stream{kind: mediaJSONL, name: in.Report + ".jsonl"}
		s.write = func(ctx context.Context, w io.Writer) error {
			lines := json.NewEncoder(w)
			lines.SetEscapeHTML(false)
			return exportRows(ctx, t, in, func(_ []string, body any) error { return lines.Encode(body) })
		}
		if in.Format == "csv" {
			s.kind, s.name = mediaCSV, in.Report+".csv"
			s.write = func(ctx context.Context, w io.Writer) error { return analyticsCSV(ctx, t, in, w) }
		}
		return s, nil
	})
}

// exportRows calls fn for each row of a report, with its cells and its JSON
// type.
func exportRows(ctx context.Context, t analyticsService, in *exportAnalyticsInput, fn func(cells []string, body any) error) error {
	switch in.Report {
	case "pages":
		return exportPages(ctx, t, in, fn)
	case "programs":
		list, _, err := t.Programs(ctx, in.query(), domain.Window{})
		for i := 0; i < len(list) && err == nil; i++ {
			err = fn(programCells(&list[i]), toProgramTraffic(&list[i]))
		}
		return err
	}
	list, _, err := t.Websites(ctx, in.query(), "", domain.Window{})
	for i := 0; i < len(list) && err == nil; i++ {
		err = fn(websiteCells(&list[i]), toWebsiteTraffic(&list[i]))
	}
	return err
}

func exportPages(ctx context.Context, t analyticsService, in *exportAnalyticsInput, fn func(cells []string, body any) error) error {
	for after := (domain.PageCursor{}); ; {
		list, next, err := t.Pages(ctx, in.WebsiteID, in.query(), after, exportWindow)
		if err != nil {
			return err
		}
		for i := range list {
			p := &list[i]
			cells := []string{string(p.WebsiteID), p.Path, strconv.Itoa(p.Views), strconv.Itoa(p.Entries), strconv.Itoa(p.Sessions), strconv.Itoa(p.Clicks)}
			if err := fn(cells, toPageTraffic(p)); err != nil {
				return err
			}
		}
		if next == (domain.PageCursor{}) {
			return nil
		}
		after = next
	}
}

var (
	pageHead    = []string{"website_id", "path", "views", "entries", "sessions", "clicks"}
	programHead = []string{"network", "advertiser_id", "program_id", "name", "clicks", "clicks_before", "websites"}
	websiteHead = []string{
		"website_id", "domain", "views", "visitors", "sessions", "clicks", "views_before", "visitors_before", "sessions_before", "clicks_before", "bot_views", "own_views",
	}
)

func programCells(p *domain.ProgramTraffic) []string {
	before := ""
	if p.Before != nil {
		before = strconv.Itoa(*p.Before)
	}
	return []string{p.Network, p.AdvertiserID, string(p.ProgramID), p.Name, strconv.Itoa(p.Clicks), before, strconv.Itoa(p.Websites)}
}

func websiteCells(w *domain.WebsiteTraffic) []string {
	before := make([]string, 4)
	if b := w.Before; b != nil {
		before = countCells(*b)
	}
	cells := append([]string{string(w.WebsiteID), w.Domain}, countCells(w.People)...)
	return append(append(cells, before...), strconv.Itoa(w.Bots.Views), strconv.Itoa(w.Own.Views))
}

func countCells(c domain.TrafficCount) []string {
	return []string{strconv.Itoa(c.Views), strconv.Itoa(c.Visitors), strconv.Itoa(c.Sessions), strconv.Itoa(c.Clicks)}
}

// analyticsCSV writes a report. The header comes with the first row, so that a refusal
// can still be told, or alone.
func analyticsCSV(ctx context.Context, t analyticsService, in *exportAnalyticsInput, w io.Writer) error {
	rows := csv.NewWriter(w)
	rows.UseCRLF = true
	head := map[string][]string{"pages": pageHead, "programs": programHead, "websites": websiteHead}[in.Report]
	if err := rows.Write(head); err != nil {
		return err
	}
	err := exportRows(ctx, t, in, func(cells []string, _ any) error {
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		return rows.Write(cells)
	})
	if err != nil {
		return err
	}
	rows.Flush()
	return rows.Error()
}
