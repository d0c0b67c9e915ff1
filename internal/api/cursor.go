package api

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

// walks reports whether the request asks by cursor rather than by offset.
func (w *Window) walks() bool { return w.url.Query().Has("cursor") }

func (w *Window) checkCursor() error {
	if w.url.Query().Has("offset") {
		return domain.Errorf(domain.CodeInvalid, "Give a cursor or an offset, not both.")
	}
	return nil
}

// nextCursor returns the Link to the window after a cursor.
func (w *Window) nextCursor(cursor string) string {
	q := w.url.Query()
	q.Set("limit", strconv.Itoa(w.Limit))
	q.Set("cursor", cursor)
	u := url.URL{Path: w.url.Path, RawQuery: q.Encode()}
	return "<" + u.String() + `>; rel="next"`
}

// Walk is the part of a list that a request asks for that has cursors alone. It is
// embedded in the inputs of list operations.
type Walk struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"1000" doc:"At most this many"`
	Cursor string `query:"cursor" maxLength:"700" doc:"Only what comes after this; Link leads to the next"`

	url url.URL
}

// Resolve implements huma.Resolver: it keeps the address for the Link header.
func (w *Walk) Resolve(ctx huma.Context) []error {
	w.url = ctx.URL()
	return nil
}

// next returns the Link to the window after a cursor.
func (w *Walk) next(cursor string) string {
	return (&Window{Limit: w.Limit, url: w.url}).nextCursor(cursor)
}

// websiteTag names a state of a website: the form of the answer, and the number
// that every change of a website draws.
func websiteTag(w *domain.Website) string {
	return `"` + websiteTagForm + strconv.FormatInt(w.PointerSeq, 10) + `"`
}

// websiteTagForm changes with the fields of WebsiteDetailBody.
const websiteTagForm = "w1-"

// parseIfMatch returns the states that a request takes: none at all means any. A
// tag that never was one of ours stands for a state that no website has (RFC 9110
// §13.1.1).
func parseIfMatch(header string) []int64 {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return nil
	}
	out := []int64{-1}
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
			continue // weak tags never match
		}
		digits, ours := strings.CutPrefix(tag[1:len(tag)-1], websiteTagForm)
		if n, err := strconv.ParseInt(digits, 10, 64); ours && err == nil && n >= 0 && strconv.FormatInt(n, 10) == digits {
			out = append(out, n)
		}
	}
	return out
}
