package analytics_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/analytics"
	"empire/internal/analytics/bot"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// awkCounts counts a log independently: by fields between quotes and spaces.
const awkCounts = `
BEGIN { FS = "\"" }
{
	lines++
	split($2, request, " ")
	split($3, answer, " ")
	status[answer[1]]++
	if (answer[1] >= 400) errors++
	if (answer[2] != "-") bytes += answer[2]
	path = request[2]; sub(/\?.*/, "", path)
	last = path; sub(/.*\//, "", last)
	part = tolower(last) ~ /\.(css|js|mjs|map|json|xml|txt|png|jpe?g|gif|webp|avif|svg|ico|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg|pdf|zip|t?gz|bz2|xz|tar|swf|webmanifest|rss|atom)$/
	if (request[1] == "GET" && (answer[1] == 200 || answer[1] == 304) && path ~ /^\// && !part) { agents[$6]++; views++ }
}
END {
	printf "%d %d %d %d\n", lines, errors, bytes, views
	for (a in agents) printf "%d %s\n", agents[a], a
}`

// TestReadLog counts a real access log, and awk does, too. Which agents are bots is
// asked for each of awk's agents.
func TestReadLog(t *testing.T) {
	t.Parallel()
	name := testkit.Data(t, "analytics/apache_combined.log.gz")
	awk := testkit.Look(t, "awk")
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, counts, err := analytics.ReadLog(t.Context(), f, analytics.LogConfig{WebsiteID: "site_1", Name: "access.log"})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), awk, awkCounts)
	cmd.Stdin = strings.NewReader(unpacked(t, name))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	head, agents, _ := strings.Cut(string(out), "\n")
	var lines, errs, size, views, people, bots int
	if _, err := fmt.Sscan(head, &lines, &errs, &size, &views); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(agents) {
		n, agent := 0, ""
		count, agent, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if _, err := fmt.Sscan(count, &n); err != nil {
			t.Fatal(err)
		}
		if agent == "-" {
			agent = ""
		}
		if bot.Is(agent) {
			bots += n
		} else {
			people += n
		}
	}
	if got.Lines != lines || got.Requests != lines || got.Malformed != 0 || got.Errors != errs || got.Bytes != int64(size) {
		t.Errorf("counted %+v; awk counts %d lines, %d errors, %d bytes", got, lines, errs, size)
	}
	if v := got.Views; v.People != people || v.Bots != bots || v.People+v.Bots != views || people == 0 || bots == 0 {
		t.Errorf("views %+v; awk has %d to people and %d to bots of %d", v, people, bots, views)
	}
	sum, pages := 0, 0
	for _, c := range counts {
		sum += c.Views
		if c.Source != domain.SourceLog || c.WebsiteID != "site_1" {
			t.Fatalf("count %+v", c)
		}
	}
	for _, p := range got.Pages {
		pages += p.Views
	}
	if sum != views || pages != people {
		t.Errorf("%d views by hour, %d of pages; want %d and %d", sum, pages, views, people)
	}
	t.Logf("%d lines: %d pages to people, %d to bots, %d errors", lines, people, bots, errs)
}

func unpacked(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReadOddLog: bad lines are counted, long ones too, and what is too old is left out
// of the counts alone.
func TestReadOddLog(t *testing.T) {
	t.Parallel()
	line := func(ip, at, path, agent string) string {
		return fmt.Sprintf("%s - - [%s +0000] \"GET %s HTTP/1.1\" 200 10 \"-\" \"%s\"\n", ip, at, path, agent)
	}
	text := "nonsense\n" + line("192.0.2.1", "14/Mar/2026:12:00:00", "/", browser) + line("192.0.2.1", "14/Mar/2020:12:00:00", "/old/", browser) +
		line("198.51.100.7", "14/Mar/2026:12:00:00", "/", browser) + line("192.0.2.1", "14/Mar/2026:13:00:00", "/"+strings.Repeat("a", 100_000), browser) +
		line("192.0.2.1", "14/Mar/2026:13:00:00", "/", "Examplebot/1.0 (+https://bot.example/)") + strings.TrimSuffix(line("192.0.2.1", "14/Mar/2026:13:30:00", "/a/", browser), "\n")
	cfg := analytics.LogConfig{WebsiteID: "site_1", OwnNetworks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, After: noon.Add(-time.Hour)}
	got, counts, err := analytics.ReadLog(t.Context(), strings.NewReader(text), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines != 7 || got.Malformed != 2 || got.Requests != 5 || got.TooOld != 1 || got.Views != (domain.AccessViews{People: 3, Bots: 1, Own: 1}) || len(got.Samples) != 2 || got.Samples[0].Line != 1 {
		t.Errorf("got %+v", got)
	}
	if len(counts) != 4 {
		t.Errorf("counts = %+v, want 4", counts)
	}
	for _, bad := range []string{"", "nothing\nof use\n", "\x1f\x8bnot a gzip"} {
		if _, _, err := analytics.ReadLog(t.Context(), strings.NewReader(bad), cfg); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%q: %v, want it refused", bad, err)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	again, _, err := analytics.ReadLog(t.Context(), bytes.NewReader(packed.Bytes()), cfg)
	if err != nil || again.SHA256 != got.SHA256 {
		t.Errorf("packed: %v, want the same content", err)
	}
	if _, _, err := analytics.ReadLog(t.Context(), bytes.NewReader(packed.Bytes()[:packed.Len()-20]), cfg); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("cut off: %v, want it refused", err)
	}
}

// TestLongPath: a long path is cut between characters, because databases take text alone.
func TestLongPath(t *testing.T) {
	t.Parallel()
	line := `192.0.2.1 - - [14/Mar/2026:12:00:00 +0000] "GET /` + strings.Repeat("a", 510) + `ü HTTP/1.1" 200 1 "-" "` + browser + `"`
	_, counts, err := analytics.ReadLog(t.Context(), strings.NewReader(line), analytics.LogConfig{WebsiteID: "site_1"})
	if err != nil || len(counts) != 1 || counts[0].Path != "/"+strings.Repeat("a", 510) {
		t.Errorf("counts = %+v, %v", counts, err)
	}
}

// servedShelf keeps counts in memory.
type servedShelf struct {
	mu     sync.Mutex
	fail   bool
	adding func() // is called while counts are added; nil: nothing is
	counts map[domain.ServedCount]int
}

func (s *servedShelf) AddServed(_ context.Context, counts []domain.ServedCount) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.adding != nil {
		s.adding()
	}
	if s.fail {
		return io.ErrUnexpectedEOF
	}
	for _, c := range counts {
		n := c.Views
		c.Views = 0
		s.counts[c] += n
	}
	return nil
}

// TestTally: pages count by hour and class, from many goroutines, and none is lost while
// the store is down.
func TestTally(t *testing.T) {
	t.Parallel()
	s := &servedShelf{fail: true, counts: map[domain.ServedCount]int{}}
	tally, err := analytics.NewTally(analytics.TallyConfig{
		Store: s, Logger: slog.New(slog.DiscardHandler), OwnNetworks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, Pause: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tally.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 250 {
				person, machine, own := view("192.0.2.1", noon), view("192.0.2.1", noon.Add(time.Hour)), view("198.51.100.1", noon)
				machine.Agent = "Examplebot/2.1 (+https://bot.example/)"
				tally.Sent(&person)
				tally.Sent(&machine)
				tally.Sent(&own)
			}
		})
	}
	wg.Wait()
	s.mu.Lock()
	s.fail = false
	s.mu.Unlock()
	if err := tally.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	hour := domain.HoursSince1970(noon)
	for _, want := range []domain.ServedCount{
		{WebsiteID: "site_1", Hour: hour, Path: "/", Class: domain.ClassPerson, Source: domain.SourceServer}, {WebsiteID: "site_1", Hour: hour + 1, Path: "/", Class: domain.ClassBot, Source: domain.SourceServer},
		{WebsiteID: "site_1", Hour: hour, Path: "/", Class: domain.ClassOwn, Source: domain.SourceServer},
	} {
		if s.counts[want] != 1000 {
			t.Errorf("%+v: %d, want 1000", want, s.counts[want])
		}
	}
	if len(s.counts) != 3 {
		t.Errorf("counts = %v", s.counts)
	}
}

// TestTallyBound: pages that are sent while the store fails do not fill the memory.
func TestTallyBound(t *testing.T) {
	t.Parallel()
	s := &servedShelf{fail: true, counts: map[domain.ServedCount]int{}}
	tally, err := analytics.NewTally(analytics.TallyConfig{Store: s, Logger: slog.New(slog.DiscardHandler), Pause: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	send := func(below string) {
		h := view("192.0.2.1", noon)
		for i := range 150_000 {
			h.Path = fmt.Sprint(below, i)
			tally.Sent(&h)
		}
	}
	stop := func() error {
		if err := tally.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return tally.Stop(t.Context())
	}
	send("/a/")
	s.adding = func() { send("/b/") }
	if err := stop(); err == nil {
		t.Fatal("stored in a store that fails")
	}
	s.fail, s.adding = false, nil
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if len(s.counts) != 200_000 {
		t.Errorf("%d counts were kept, want 200,000", len(s.counts))
	}
}
