package analytics

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"empire/internal/accesslog"
	"empire/internal/domain"
)

const (
	maxLogLine    = 64 << 10 // bytes; longer lines are malformed
	maxLogPaths   = 100_000  // different pages of one log; further ones count as otherPath
	maxLogPath    = 512      // bytes of a path that are kept
	maxLogPages   = 1000     // in the summary
	maxLogSamples = 10
	otherPath     = "(other)"
)

// LogConfig says how an access log is counted.
type LogConfig struct {
	WebsiteID   domain.WebsiteID
	Name        string // of the file
	OwnNetworks []netip.Prefix
	After       time.Time // views before it are not returned: sums are not kept as long
}

// ReadLog counts an access log in the combined format of Apache and nginx, plain or
// gzip. It returns a summary and the views by hour, page and class. Lines that are no
// requests are counted, not refused; a file without a single request is a CodeInvalid
// error.
func ReadLog(ctx context.Context, r io.Reader, cfg LogConfig) (*domain.AccessImport, []domain.ServedCount, error) {
	in := bufio.NewReaderSize(r, maxLogLine)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, domain.Invalid("file", "The file is damaged: it is no gzip.")
		}
		in = bufio.NewReaderSize(z, maxLogLine)
	}
	sum := sha256.New()
	l := &logReader{
		cfg: cfg, judge: newJudge(cfg.OwnNetworks), counts: map[tallyKey]int{}, pages: map[string]int{}, lines: bufio.NewReaderSize(io.TeeReader(in, sum), maxLogLine),
		out: &domain.AccessImport{WebsiteID: cfg.WebsiteID, Name: cfg.Name, Statuses: map[int]int{}, Pages: []domain.AccessPage{}, Samples: []domain.RowProblem{}},
	}
	if err := l.read(ctx); err != nil {
		return nil, nil, err
	}
	if l.out.Requests == 0 {
		return nil, nil, domain.Invalid("file", "No line of the file is a request in the combined log format.")
	}
	l.out.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return l.out, l.finish(), nil
}

type logReader struct {
	cfg    LogConfig
	judge  *judge
	lines  *bufio.Reader
	out    *domain.AccessImport
	counts map[tallyKey]int
	pages  map[string]int
}

func (l *logReader) read(ctx context.Context) error {
	for {
		line, err := l.lines.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.lines.ReadSlice('\n')
		}
		if len(line) > 0 {
			l.out.Lines++
			l.line(trimEnd(line), long)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return domain.Invalid("file", "The file is damaged after line %d: it cannot be read to its end.", l.out.Lines)
		}
		if l.out.Lines%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func trimEnd(line []byte) string {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return string(line)
}

// line counts one line.
func (l *logReader) line(text string, long bool) {
	e, err := accesslog.Parse(text)
	if long || err != nil {
		l.out.Malformed++
		if len(l.out.Samples) < maxLogSamples {
			reason := "no request"
			if long {
				reason = "too long"
			}
			l.out.Samples = append(l.out.Samples, domain.RowProblem{Line: l.out.Lines, Reason: reason})
		}
		return
	}
	o := l.out
	o.Requests++
	o.Bytes += e.Bytes
	o.Statuses[e.Status]++
	if e.Status >= 400 {
		o.Errors++
	}
	at := e.At.UTC()
	if o.From.IsZero() || at.Before(o.From) {
		o.From = at
	}
	if at.After(o.To) {
		o.To = at
	}
	class := l.judge.class(&domain.Hit{IP: e.IP, Agent: e.Agent})
	switch class {
	case domain.ClassBot:
		o.Bots++
	case domain.ClassOwn:
		o.Own++
	}
	if path, ok := accesslog.View(&e); ok {
		l.view(path, at, class)
	}
}

func (l *logReader) view(path string, at time.Time, class domain.HitClass) {
	switch class {
	case domain.ClassPerson:
		l.out.Views.People++
	case domain.ClassBot:
		l.out.Views.Bots++
	case domain.ClassOwn:
		l.out.Views.Own++
	}
	if len(path) > maxLogPath {
		path = strings.ToValidUTF8(path[:maxLogPath], "") // no half of a character
	}
	if _, known := l.pages[path]; !known && len(l.pages) >= maxLogPaths {
		path = otherPath
	}
	if class == domain.ClassPerson {
		l.pages[path]++
	} else {
		l.pages[path] += 0
	}
	if at.Before(l.cfg.After) {
		l.out.TooOld++
		return
	}
	l.counts[tallyKey{l.cfg.WebsiteID, domain.HoursSince1970(at), path, class}]++
}

// finish fills in the pages and returns the views.
func (l *logReader) finish() []domain.ServedCount {
	for path, n := range l.pages {
		if n > 0 {
			l.out.Pages = append(l.out.Pages, domain.AccessPage{Path: path, Views: n})
		}
	}
	slices.SortFunc(l.out.Pages, func(a, b domain.AccessPage) int {
		return cmp.Or(cmp.Compare(b.Views, a.Views), cmp.Compare(a.Path, b.Path))
	})
	l.out.Pages = l.out.Pages[:min(len(l.out.Pages), maxLogPages)]
	rows := make([]domain.ServedCount, 0, len(l.counts))
	for k, n := range l.counts {
		rows = append(rows, domain.ServedCount{WebsiteID: k.website, Hour: k.hour, Path: k.path, Class: k.class, Source: domain.SourceLog, Views: n})
	}
	return rows
}
