package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"empire/internal/domain"
)

// Sink keeps products. All calls come from one goroutine, Hashes, Upsert and Touch
// inside InTx with the context that it hands out.
type Sink interface {
	// InTx runs fn in one transaction, which fn's error rolls back.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// Hashes returns the hash of each of the keys that the feed holds.
	Hashes(ctx context.Context, feedID domain.FeedID, keys []string) (map[string]string, error)
	// Upsert writes products, new or changed.
	Upsert(ctx context.Context, products []domain.Product) error
	// RemoveUnseen deletes the rows of the feed that this import has not seen and
	// returns how many they were.
	RemoveUnseen(ctx context.Context, feedID domain.FeedID, seen func(key string) bool) (int, error)
}

// The limits of an import that ImportParams does not set.
const (
	DefaultMaxBytes    = 16 << 30 // 2.5 million rows, AWIN's largest feed, of 6 KB each
	DefaultMaxRowBytes = 1 << 20
	DefaultMaxRatio    = 300 // feeds with all columns reach about 30
)

const (
	batchRows  = 1000
	batchBytes = 4 << 20
)

// ImportParams describes one import. Zero limits mean the defaults.
type ImportParams struct {
	Name string // of the feed, for the report; the feed's own name by default
	Size int64  // of the source in bytes, for Progress; zero means unknown
	// Progress is told after every stored batch how much was read: packed bytes of
	// Size, and rows. It is called from the goroutine that called Import.
	Progress    func(bytesRead, size int64, rows int)
	MaxBytes    int64 // unpacked
	MaxRowBytes int
	MaxRatio    int64 // unpacked to packed bytes, looked at from 16 MiB on
}

func (p ImportParams) withDefaults(feed *domain.Feed) ImportParams {
	if p.Name == "" {
		p.Name = feed.Name
	}
	if p.MaxBytes <= 0 {
		p.MaxBytes = DefaultMaxBytes
	}
	if p.MaxRowBytes <= 0 {
		p.MaxRowBytes = DefaultMaxRowBytes
	}
	if p.MaxRatio <= 0 {
		p.MaxRatio = DefaultMaxRatio
	}
	return p
}

// Importer reads product feeds in the layout of AWIN. The zero value is ready.
type Importer struct {
	Now func() time.Time // time.Now by default
}

// Import reads a feed, however packed, encoded and delimited, and brings the sink
// up to it: new rows are added, changed ones replaced, and after a complete import
// the rows that the feed no longer has are removed. Rows are read in one goroutine
// and stored in batches in the caller's, so memory does not depend on the size of
// the feed.
//
// The report is complete when every row could be read, rows that are not products
// included; partial when the source broke off or rows were damaged beyond reading,
// and then nothing is removed; refused when nothing was stored. The rows of a
// report add up: RowsRead = Imported + Updated + Unchanged + Rejected +
// Reasons["duplicate"]. Of rows with the same key the last one wins.
//
// A feed that cannot be read is not an error but a report that says so. An error
// means that the sink failed or ctx ended; batches that were stored stay.
func (im *Importer) Import(ctx context.Context, sink Sink, feed *domain.Feed, r io.Reader, p ImportParams) (domain.ImportReport, error) {
	started := time.Now()
	p = p.withDefaults(feed)
	now := im.Now
	if now == nil {
		now = time.Now
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	src := &source{feed: feed, params: p, readAt: now().UTC(), tally: newTally(), out: make(chan batch, 1)}
	st := &storer{sink: sink, feedID: feed.ID, seen: newKeySet(maxSeenKeys)}

	go src.run(ctx, r)
	var failed error
	for b := range src.out {
		if failed != nil {
			continue // the source is told to stop; drain what it still sends
		}
		if failed = st.store(ctx, b); failed != nil {
			cancel()
			continue
		}
		if p.Progress != nil {
			p.Progress(b.bytesRead, p.Size, b.rows)
		}
	}
	if src.panic != nil {
		panic(src.panic)
	}
	rep := src.report(st)
	if failed == nil && src.err != nil && ctx.Err() != nil {
		failed = src.err
	}
	if failed == nil && rep.Status == domain.ImportComplete {
		rep.Removed, failed = st.finish(ctx)
	}
	if failed != nil {
		rep.Status = domain.ImportPartial
		if st.stored == 0 {
			rep.Status = domain.ImportRefused
		}
		rep.Error = "The import was stopped before its end."
		failed = fmt.Errorf("import feed %q: %w", p.Name, failed)
	}
	rep.Feed, rep.FeedID = p.Name, feed.ID
	rep.Duration = time.Since(started)
	rep.DurationMS = rep.Duration.Milliseconds()
	return rep, failed
}

// batch is rows on their way from the reader to the sink.
type batch struct {
	products  []domain.Product
	bytesRead int64
	rows      int
}

// source is the reading half of an import. Its fields belong to run's goroutine
// until out is closed.
type source struct {
	feed   *domain.Feed
	params ImportParams
	readAt time.Time
	tally  *tally
	out    chan batch
	sent   int   // batches
	tail   int64 // bytes ignored behind a gzip stream
	err    error // what ended reading; nil for the regular end
	panic  any   // a bug met while reading, raised again in the caller's goroutine
}

// run reads the feed to its end and closes out.
func (s *source) run(ctx context.Context, r io.Reader) {
	defer close(s.out)
	defer func() { s.panic = recover() }()
	u := &unpacker{alive: func() error { return context.Cause(ctx) }, maxBytes: s.params.MaxBytes, maxRatio: s.params.MaxRatio}
	defer u.close()
	s.err = s.read(ctx, u, r)
	s.tail = u.tail
	if s.tail > 0 && s.err == nil {
		s.tally.note(0, noteTail, fmt.Sprintf("%d bytes after the end of the compressed data", s.tail))
	}
}

func (s *source) read(ctx context.Context, u *unpacker, r io.Reader) error {
	plain, err := u.open(r)
	if err != nil {
		return err
	}
	sc := newScanner(decodeText(plain), s.params.MaxRowBytes)
	lay, err := readLayout(sc)
	if err != nil {
		return err
	}
	if lay.assumed {
		s.tally.note(1, noteHeader, "the columns were taken in the standard order")
	}
	rows := newRowReader(lay, s.feed, s.readAt, s.tally)
	var b batch
	size := 0
	for {
		rec, err := sc.next()
		if err != nil {
			// A limit that is hit before anything was stored refuses the file whole.
			if !errors.Is(err, io.EOF) && s.sent == 0 && isLimit(err) {
				return err
			}
			if sendErr := s.send(ctx, u, b); sendErr != nil {
				return sendErr
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		s.tally.rows++
		size += rec.bytes
		if p, ok := rows.read(rec); ok {
			b.products = append(b.products, p)
		}
		if len(b.products) >= batchRows || size >= batchBytes {
			if err := s.send(ctx, u, b); err != nil {
				return err
			}
			b, size = batch{products: make([]domain.Product, 0, batchRows)}, 0
		}
	}
}

func isLimit(err error) bool {
	return errors.Is(err, faultTooMuch) || errors.Is(err, faultBomb) || errors.Is(err, faultQuotes)
}

func (s *source) send(ctx context.Context, u *unpacker, b batch) error {
	if len(b.products) == 0 {
		return nil
	}
	b.bytesRead, b.rows = u.read, s.tally.rows
	s.sent++
	select {
	case s.out <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// report says what happened, once out is closed.
func (s *source) report(st *storer) domain.ImportReport {
	t := s.tally
	if st.duplicates > 0 {
		t.reasons[noteDuplicate] = st.duplicates
	}
	rep := domain.ImportReport{
		Status: domain.ImportComplete, RowsRead: t.rows, Rejected: t.rejected,
		Imported: st.imported, Updated: st.updated, Unchanged: st.unchanged,
		Reasons: t.reasons, Samples: t.samples,
	}
	switch {
	case s.err != nil:
		rep.Status, rep.Error = domain.ImportPartial, faultText(s.err)
	case t.lost > 0:
		rep.Status = domain.ImportPartial
		rep.Error = fmt.Sprintf("%d of %d rows are damaged and could not be read.", t.lost, t.rows)
	}
	if st.stored == 0 {
		rep.Status = domain.ImportRefused
		switch {
		case s.err != nil:
		case t.rows == 0:
			rep.Error = "The feed has a header and no rows; products imported earlier were kept."
		default:
			rep.Error = fmt.Sprintf("None of the %d rows could be used; products imported earlier were kept.", t.rows)
		}
	}
	return rep
}

// faultText returns the sentence for what ended reading. Only faults of the file
// are shown in full: an error of the source may hold private detail.
func faultText(err error) string {
	if f, ok := errors.AsType[fault](err); ok {
		return string(f)
	}
	return "The source could not be read to its end."
}

// storer is the storing half of an import.
type storer struct {
	sink   Sink
	feedID domain.FeedID
	seen   *keySet

	stored                                   int // rows written or touched
	imported, updated, unchanged, duplicates int
}

// store brings one batch into the sink in one transaction.
func (st *storer) store(ctx context.Context, b batch) error {
	products, again := st.dedupe(b.products)
	keys := make([]string, len(products))
	for i := range products {
		keys[i] = products[i].Key
	}
	var imported, updated, unchanged int
	err := st.sink.InTx(ctx, func(ctx context.Context) error {
		imported, updated, unchanged = 0, 0, 0
		held, err := st.sink.Hashes(ctx, st.feedID, keys)
		if err != nil {
			return err
		}
		changed := make([]domain.Product, 0, len(products))
		for i := range products {
			hash, known := held[products[i].Key]
			if !known || hash != products[i].Hash {
				changed = append(changed, products[i])
			}
			switch {
			case again[i]: // counted when it came first
			case !known:
				imported++
			case hash != products[i].Hash:
				updated++
			default:
				unchanged++
			}
		}
		if len(changed) > 0 {
			if err := st.sink.Upsert(ctx, changed); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	st.stored += len(products)
	st.imported += imported
	st.updated += updated
	st.unchanged += unchanged
	return nil
}

// dedupe keeps the last row of each key in a batch and counts the others. again
// tells which of the kept rows replace one of an earlier batch.
func (st *storer) dedupe(products []domain.Product) (kept []domain.Product, again []bool) {
	last := make(map[string]int, len(products))
	for i := range products {
		last[products[i].Key] = i
	}
	kept = products[:0]
	for i := range products {
		if last[products[i].Key] != i {
			st.duplicates++
			continue
		}
		seen := !st.seen.add(products[i].Key)
		if seen {
			st.duplicates++
		}
		again = append(again, seen)
		kept = append(kept, products[i])
	}
	return kept, again
}

// finish removes what the feed no longer has.
func (st *storer) finish(ctx context.Context) (removed int, err error) {
	err = st.sink.InTx(ctx, func(ctx context.Context) error {
		removed, err = st.sink.RemoveUnseen(ctx, st.feedID, st.seen.has)
		return err
	})
	return removed, err
}
