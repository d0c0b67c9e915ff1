package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestImportBroken reads every damaged feed with the built program.
func TestImportBroken(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(testkit.Data(t, "products/broken/EXPECTED.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []struct {
		File string `json:"file"`
		Rows int    `json:"rows_in_source"`
		Note string `json:"note"`
	}
	if err := json.Unmarshal(raw, &files); err != nil {
		t.Fatal(err)
	}
	if len(files) != 26 {
		t.Fatalf("%d files, want 26", len(files))
	}
	dir := t.TempDir()
	for _, f := range files {
		o := start(t, "import", "feed", testkit.Data(t, "products/broken/"+f.File), "--data", dir, "--json").finish()
		var r domain.ImportReport
		o.decode(t, &r)
		status, code := domain.ImportComplete, exitDone
		switch {
		case f.Rows == 0:
			status, code = domain.ImportRefused, exitFailed
		case f.File == "truncated.csv.gz" || f.File == "stray_quote.csv.gz":
			status = domain.ImportPartial
		}
		if r.Status != status || o.code != code {
			t.Errorf("%s (%s): %s with exit code %d, want %s with %d", f.File, f.Note, r.Status, o.code, status, code)
		}
		if whole := r.RowsRead == f.Rows; whole != (f.File != "truncated.csv.gz") {
			t.Errorf("%s: %d rows read of %d", f.File, r.RowsRead, f.Rows)
		}
		if (r.Error == "") != (status == domain.ImportComplete) || strings.Contains(o.errs, "goroutine ") {
			t.Errorf("%s: error %q\n%s", f.File, r.Error, o.errs)
		}
	}
	// The program still works on that directory, and refused feeds left no products.
	var sites []siteView
	command(t, "site", "list", "--json", "--data", dir).done(t).decode(t, &sites)
}

const smallFeed = `aw_product_id,product_name,aw_deep_link,search_price,currency,merchant_name,merchant_id
1,Chair A,https://www.awin1.com/pclick.php?p=1,10.00,EUR,Shop,7
2,Chair B,https://www.awin1.com/pclick.php?p=2,20.00,EUR,Shop,7
,Chair without key,https://www.awin1.com/pclick.php?p=3,30.00,EUR,Shop,7
`

func TestImportFeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, "chairs.csv", smallFeed)
	o := command(t, "import", "feed", file, "--data", dir).done(t)
	for _, want := range []string{"feed chairs.csv: ", "3 rows read: 2 new", "1 rejected", "line 4: "} {
		if !strings.Contains(o.out, want) {
			t.Errorf("the report lacks %q:\n%s", want, o.out)
		}
	}
	o = command(t, "import", "feed", file, "--data", dir, "--json").done(t)
	var report map[string]any
	o.decode(t, &report)
	for _, key := range []string{"status", "rows_read", "imported", "updated", "unchanged", "rejected", "reasons"} {
		if _, ok := report[key]; !ok {
			t.Errorf("the report lacks %s; it has %v", key, slices.Sorted(maps.Keys(report)))
		}
	}
	if report["unchanged"] != 2.0 || report["imported"] != 0.0 {
		t.Errorf("the second import: %v", report)
	}
}

func TestImportNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct{ name, file, want string }{
		{"missing", "/nowhere/feed.csv", "File /nowhere/feed.csv cannot be read: no such file or directory."},
		{"directory", dir, dir + " is a directory"},
		{"not a feed", write(t, "notes.txt", "hello\n"), "names no column"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := command(t, "import", "feed", tt.file, "--data", t.TempDir())
			if o.code != exitFailed || !strings.Contains(o.out+o.errs, tt.want) {
				t.Errorf("code %d: %s%s", o.code, o.out, o.errs)
			}
			o = command(t, "import", "feed", tt.file, "--data", t.TempDir(), "--json")
			var r domain.ImportReport
			o.decode(t, &r)
			if o.code != exitFailed || r.Status != domain.ImportRefused || !strings.Contains(r.Error, tt.want) {
				t.Errorf("code %d: %+v", o.code, r)
			}
			for _, kind := range []string{"programs", "keywords"} {
				if tt.name == "not a feed" {
					continue // a line of words is a list of phrases
				}
				if o := command(t, "import", kind, tt.file, "--data", t.TempDir()); o.code != exitFailed || !strings.Contains(o.errs, tt.want) {
					t.Errorf("%s: code %d: %s", kind, o.code, o.errs)
				}
			}
		})
	}
}

func TestImportLists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct{ kind, text, want string }{
		{"programs", "network,advertiser_id,name,commission_percent\nawin,7,Shop,5\n", domain.ImportComplete},
		{"programs", "network,advertiser_id,name,commission_percent\nawin,7,Shop,5\nawin,,Nobody,5\n", domain.ImportPartial},
		{"programs", "network,advertiser_id,name,commission_percent\nawin,,Nobody,5\n", domain.ImportRefused},
		{"keywords", "keyword,volume\noffice chair,1000\n", domain.ImportComplete},
	} {
		t.Run(tt.kind+"/"+tt.want, func(t *testing.T) { // one directory: one after the other
			o := command(t, "import", tt.kind, write(t, "list.csv", tt.text), "--data", dir, "--json")
			var r listReport
			o.decode(t, &r)
			if r.Status != tt.want || (o.code == exitDone) != (tt.want != domain.ImportRefused) || len(r.Problems) != r.Rejected {
				t.Errorf("code %d, %+v; want %s", o.code, r, tt.want)
			}
		})
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
