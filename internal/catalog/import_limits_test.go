package catalog_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/testkit"
)

const header = "aw_product_id,product_name,search_price,currency,aw_deep_link,description\n"

func manyRows(n int) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		fmt.Fprintf(&b, "%d,Product %d,%d.99,EUR,https://www.awin1.com/pclick.php?p=%d,\"Text, with\n\"\"line ends\"\" of %d\"\n", i, i, i%90+1, i, i)
	}
	return b.String()
}

func gzipped(t testing.TB, parts ...io.Reader) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	for _, p := range parts {
		if _, err := io.Copy(z, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// zeros is a reader of n zero bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// newlines is a reader of endless empty lines.
type newlines struct{}

func (newlines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

// A bomb is refused within bounded memory, whatever it is made of. The test
// measures the whole process, so nothing runs beside it.
func TestImportBomb(t *testing.T) {
	bomb := bytes.Repeat(gzipped(t, zeros(16<<20)), 64) // 1 GiB of zeros in a stream of about 1 MiB
	behind := func(text string) []byte { return append(gzipped(t, strings.NewReader(text)), bomb...) }
	for _, tt := range []struct {
		name, status, errorHas string
		data                   []byte
	}{
		{"zeros", domain.ImportRefused, "longer than 1.0 MiB", bomb},
		{"zeros in gzip in gzip", domain.ImportRefused, "longer than 1.0 MiB", gzipped(t, bytes.NewReader(bomb))},
		{"header, then zeros", domain.ImportRefused, "far more bytes", behind(header)},
		{"header, then empty lines", domain.ImportRefused, "far more bytes", gzipped(t, strings.NewReader(header), io.LimitReader(newlines{}, 64<<20))},
		{"quote, then zeros", domain.ImportRefused, "far more bytes", behind(header + "1,\"x")},
		{"rows, then zeros", domain.ImportPartial, "far more bytes", behind(manyRows(3000))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.HasSuffix(tt.name, "lines") { // half a minute with the race detector
				testkit.Unraced(t)
			}
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			peak := make(chan uint64)
			done := make(chan struct{})
			go func() { peak <- watchMemory(done) }()
			s := newSink()
			rep := importBytes(t, s, tt.data)
			close(done)
			if grown := int64(<-peak) - int64(before.HeapInuse); grown > 100<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
			if rep.Status != tt.status || !strings.Contains(rep.Error, tt.errorHas) {
				t.Errorf("got %s %q, want %s %q", rep.Status, rep.Error, tt.status, tt.errorHas)
			}
			if refused := tt.status == domain.ImportRefused; refused != (len(s.rows) == 0) {
				t.Errorf("%s with %d rows stored", rep.Status, len(s.rows))
			}
		})
	}
}

// watchMemory returns the largest heap that it sees until done is closed.
func watchMemory(done <-chan struct{}) (peak uint64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		select {
		case <-done:
			return peak
		case <-tick.C:
		}
	}
}

func TestImportLimits(t *testing.T) {
	t.Parallel()
	long := header + "1,Good,1.00,EUR,,\n2," + strings.Repeat("x", 5000) + ",1.00,EUR,,\n3,Good too,1.00,EUR,,\n"
	for _, tt := range []struct {
		name     string
		params   catalog.ImportParams
		data     []byte
		status   string
		imported int
		reasons  map[string]int
		errorHas string
	}{
		{"long row", catalog.ImportParams{MaxRowBytes: 2000}, []byte(long), domain.ImportPartial, 2, map[string]int{"row_too_long": 1}, "1 of 3 rows"},
		{"many bytes", catalog.ImportParams{MaxBytes: 5000}, gzipped(t, strings.NewReader(manyRows(100))), domain.ImportRefused, 0, nil, "more bytes than the limit"},
		{"long tail", catalog.ImportParams{}, append(gzipped(t, strings.NewReader(manyRows(3))), make([]byte, 100<<10)...), domain.ImportPartial, 3, nil, "many bytes that cannot be read"},
		{"four times packed", catalog.ImportParams{}, pack(t, 4), domain.ImportRefused, 0, nil, "more than three times"},
		{"three times packed", catalog.ImportParams{}, pack(t, 3), domain.ImportComplete, 2, nil, ""},
		{"only a gzip header", catalog.ImportParams{}, []byte{0x1f, 0x8b, 8, 0}, domain.ImportRefused, 0, nil, "breaks off"},
		{"damaged in the middle", catalog.ImportParams{}, damaged(t), domain.ImportPartial, -1, nil, "damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSink()
			rep, err := (&catalog.Importer{}).Import(t.Context(), s, testFeed, bytes.NewReader(tt.data), tt.params)
			if err != nil {
				t.Fatal(err)
			}
			checkSums(t, rep)
			if rep.Status != tt.status || !strings.Contains(rep.Error, tt.errorHas) || tt.imported >= 0 && rep.Imported != tt.imported {
				t.Errorf("got %+v, want %s, %d imported, %q", rep, tt.status, tt.imported, tt.errorHas)
			}
			for reason, n := range tt.reasons {
				if rep.Reasons[reason] != n {
					t.Errorf("%s: %d, want %d", reason, rep.Reasons[reason], n)
				}
			}
		})
	}
}

// pack compresses a feed of two rows several times over.
func pack(t testing.TB, times int) []byte {
	data := []byte(manyRows(2))
	for range times {
		data = gzipped(t, bytes.NewReader(data))
	}
	return data
}

// damaged is a gzip stream with a wrong checksum.
func damaged(t testing.TB) []byte {
	data := gzipped(t, strings.NewReader(manyRows(50)))
	data[len(data)-6] ^= 0xFF
	return data
}

func TestImportArchives(t *testing.T) {
	t.Parallel()
	archive := func(names ...string) []byte {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for _, n := range names {
			w, err := z.Create(n)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(w, manyRows(5))
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	for _, tt := range []struct {
		name, status, errorHas string
		data                   []byte
	}{
		{"one file", domain.ImportComplete, "", archive("datafeed.csv")},
		{"feed beside notes", domain.ImportComplete, "", archive("__MACOSX/._feed.csv", "feed.csv", "LICENSE")},
		{"two feeds", domain.ImportRefused, "holds 2 files", archive("a.csv", "b.csv")},
		{"no file", domain.ImportRefused, "holds no file", archive()},
		{"cut off", domain.ImportRefused, "breaks off", archive("a.csv")[:200]},
		{"inside gzip", domain.ImportComplete, "", gzipped(t, bytes.NewReader(archive("a.csv")))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if rep := importBytes(t, newSink(), tt.data); rep.Status != tt.status || !strings.Contains(rep.Error, tt.errorHas) {
				t.Errorf("got %s %q, want %s %q", rep.Status, rep.Error, tt.status, tt.errorHas)
			}
		})
	}
}

func TestImportUpdates(t *testing.T) {
	t.Parallel()
	s := newSink()
	first := header + "1,One,1.00,EUR,,\n2,Two,2.00,EUR,,\n3,Three,3.00,EUR,,\n"
	if rep := importBytes(t, s, []byte(first)); rep.Imported != 3 {
		t.Fatalf("first: %+v", rep)
	}
	second := header + "1,One,1.00,EUR,,\n2,Two,2.50,EUR,,\n4,Four,4.00,EUR,,\n4,Four again,4.00,EUR,,\n"
	rep := importBytes(t, s, []byte(second))
	if rep.Unchanged != 1 || rep.Updated != 1 || rep.Imported != 1 || rep.Removed != 1 || rep.Reasons["duplicate"] != 1 {
		t.Errorf("second: %+v", rep)
	}
	if s.rows["4"].Name != "Four again" {
		t.Errorf("of two rows with one key the name is %q, want the later one's", s.rows["4"].Name)
	}
	damagedFile := header + "1,One,1.00,EUR,,\n2,\"Two,2.50,EUR,,\n"
	rep = importBytes(t, s, []byte(damagedFile))
	if rep.Status != domain.ImportPartial || rep.Removed != 0 || len(s.rows) != 3 {
		t.Errorf("a damaged file: %+v, %d rows held", rep, len(s.rows))
	}
}

func TestImportBatchesAndProgress(t *testing.T) {
	t.Parallel()
	s := newSink()
	data := []byte(manyRows(5000))
	var calls, last int
	var lastBytes int64
	params := catalog.ImportParams{Size: int64(len(data)), Progress: func(bytesRead, size int64, rows int) {
		if rows < last || bytesRead < lastBytes || size != int64(len(data)) {
			t.Errorf("progress went from %d to %d rows, %d to %d of %d bytes", last, rows, lastBytes, bytesRead, size)
		}
		calls, last, lastBytes = calls+1, rows, bytesRead
	}}
	rep, err := (&catalog.Importer{}).Import(t.Context(), s, testFeed, bytes.NewReader(data), params)
	if err != nil || rep.Imported != 5000 {
		t.Fatal(rep, err)
	}
	if calls != s.batches || s.biggest > 1000 || last != 5000 || lastBytes != int64(len(data)) {
		t.Errorf("%d calls for %d batches of up to %d rows, last %d rows, %d bytes", calls, s.batches, s.biggest, last, lastBytes)
	}
}

func TestImportStops(t *testing.T) {
	t.Parallel()
	data := []byte(manyRows(20000))
	t.Run("sink fails", func(t *testing.T) {
		t.Parallel()
		s := newSink()
		s.fail = errors.New("disk full")
		rep, err := (&catalog.Importer{}).Import(t.Context(), s, testFeed, bytes.NewReader(data), catalog.ImportParams{})
		if !errors.Is(err, s.fail) || rep.Status != domain.ImportRefused || strings.Contains(rep.Error, "disk") {
			t.Errorf("got %v, %+v", err, rep)
		}
	})
	t.Run("context ends", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		s := newSink()
		params := catalog.ImportParams{Progress: func(int64, int64, int) { cancel() }}
		rep, err := (&catalog.Importer{}).Import(ctx, s, testFeed, bytes.NewReader(data), params)
		if !errors.Is(err, context.Canceled) || rep.Status != domain.ImportPartial || s.removals > 0 {
			t.Errorf("got %v, %+v, %d removals", err, rep, s.removals)
		}
	})
	t.Run("source fails", func(t *testing.T) {
		t.Parallel()
		s := newSink()
		r := io.MultiReader(bytes.NewReader(data[:len(data)-10]), failingReader{})
		rep, err := (&catalog.Importer{}).Import(t.Context(), s, testFeed, r, catalog.ImportParams{})
		if err != nil || rep.Status != domain.ImportPartial || strings.Contains(rep.Error, "secret") || s.removals > 0 {
			t.Errorf("got %v, %+v, %d removals", err, rep, s.removals)
		}
		checkSums(t, rep)
	})
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("secret path: connection reset") }
