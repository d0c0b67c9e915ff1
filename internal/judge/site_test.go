package judge_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"empire/internal/testkit"
)

// order is a site to build: a niche of a feed of the shared data, or the sample.
type order struct{ feed, niche, domain, language string }

// orders are the sites of the long form. The first is the short form's.
var orders = []order{
	{"", "", "", ""},
	{"feed_pcparts_en_usd", "mechanical keyboards", "keyboards.example", "en"},
	{"feed_pcparts_en_usd", "computer monitors", "monitors.example", "en"},
	{"feed_pcparts_en_usd", "power supplies", "power.example", "en"},
	{"feed_pcparts_en_usd", "graphics cards", "graphics.example", "en"},
	{"feed_pcparts_en_usd", "cpu coolers", "coolers.example", "en"},
	{"feed_luma_apparel_en_usd", "jackets", "jackets.example", "en"},
	{"feed_food_de_noprice", "Schokoladen", "schokolade.example", "de"},
}

// site is a built site, served.
type site struct {
	Domain string `json:"domain"`
	Status string `json:"status"`
	Dir    string `json:"site_dir"`
	URL    string `json:"base_url"`
	pages  []page
}

// page is one HTML file of a site.
type page struct {
	path, file, kind string
	bytes            int
}

var bodyKind = regexp.MustCompile(`<body class="?k-([a-z_]+)`)

// build makes the ordered sites in a data directory, serves them and returns them.
func build(t *testing.T, list []order) []site {
	t.Helper()
	dir := os.Getenv("EMPIRE_TEST_JUDGE_DATA")
	if dir == "" {
		dir = t.TempDir()
	}
	var sites []site
	for _, o := range list {
		sites = append(sites, buildOne(t, dir, o))
	}
	edge := serve(t, dir)
	for i := range sites {
		sites[i].find(t, edge)
	}
	return sites
}

// buildOne builds one site.
func buildOne(t *testing.T, dir string, o order) site {
	t.Helper()
	var s site
	args := []string{"demo", "--once", "--json", "--data", dir, "--listen", "127.0.0.1:0", "--listen-edge", "127.0.0.1:0"}
	if o.feed != "" {
		args = append(args, "--feed", testkit.Data(t, "products/"+o.feed+".csv.gz"), "--niche", o.niche, "--domain", o.domain, "--language", o.language)
	}
	cmd := exec.CommandContext(t.Context(), testkit.Binary(t), args...)
	log := &strings.Builder{}
	cmd.Stderr = log
	out, err := cmd.Output()
	if jerr := json.Unmarshal(out, &s); err != nil || jerr != nil || s.Status != "completed" {
		t.Fatalf("build the site about %q: %v %v\n%s\n%.2000s", o.niche, err, jerr, log, out)
	}
	return s
}

// serve runs the program on the data directory and returns the host and port of its edge.
func serve(t *testing.T, dir string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, testkit.Binary(t), "serve", "--json", "--data", dir, "--listen", "127.0.0.1:0", "--listen-edge", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	var got struct {
		Edge string `json:"edge"`
	}
	if err := json.NewDecoder(out).Decode(&got); err != nil || got.Edge == "" {
		t.Fatalf("the program does not serve: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if u, err := url.Parse(got.Edge); err == nil && u.Host != "" {
		return u.Host
	}
	return got.Edge
}

// find lists the pages of the site and sets its address on an edge.
func (s *site) find(t *testing.T, edge string) {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = u.Hostname() + edge[strings.LastIndexByte(edge, ':'):]
	s.URL = strings.TrimSuffix(u.String(), "/")
	err = filepath.WalkDir(s.Dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.Dir, name)
		if err != nil {
			return err
		}
		p := page{path: "/" + strings.TrimSuffix(filepath.ToSlash(rel), "index.html"), file: name, bytes: len(body)}
		if m := bodyKind.FindSubmatch(body); m != nil {
			p.kind = string(m[1])
		}
		s.pages = append(s.pages, p)
		return nil
	})
	if err != nil || len(s.pages) < 5 {
		t.Fatalf("%d pages in %s, %v", len(s.pages), s.Dir, err)
	}
}

// longest returns the longest page of each of these kinds that the site has; all
// kinds if none is named.
func (s *site) longest(kinds ...string) []page {
	best := map[string]page{}
	var order []string
	for _, p := range s.pages {
		if best[p.kind].path == "" {
			order = append(order, p.kind)
		}
		if p.bytes > best[p.kind].bytes {
			best[p.kind] = p
		}
	}
	if len(kinds) == 0 {
		kinds = order
	}
	var out []page
	for _, k := range kinds {
		if best[k].path != "" {
			out = append(out, best[k])
		}
	}
	return out
}
