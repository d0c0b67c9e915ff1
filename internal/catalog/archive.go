package catalog

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// maxArchive caps how much of a zip archive is spooled to disk: the directory of a
// zip stands at its end, so it cannot be read as a stream.
const maxArchive = 4 << 30

// openZip spools an archive to a temporary file and opens the one feed in it.
func (u *unpacker) openZip(r io.Reader) (io.Reader, error) {
	f, err := os.CreateTemp("", "empire-feed-*.zip")
	if err != nil {
		return nil, fmt.Errorf("spool archive: %w", err)
	}
	u.closers = append(u.closers, func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	})
	n, err := io.Copy(f, io.LimitReader(r, maxArchive+1))
	if err != nil {
		return nil, err
	}
	if n > maxArchive {
		return nil, faultTooMuch
	}
	archive, err := zip.NewReader(f, n)
	if err != nil {
		return nil, fault("The zip archive is damaged or breaks off before its end.")
	}
	entry, err := feedEntry(archive.File)
	if err != nil {
		return nil, err
	}
	rc, err := entry.Open()
	if err != nil {
		return nil, fault("The file inside the zip archive cannot be opened: it is encrypted or packed in an unknown way.")
	}
	u.closers = append(u.closers, func() { _ = rc.Close() })
	return &zipReader{r: rc}, nil
}

// feedEntry picks the feed among the files of an archive: the only file, or the
// only one that is named like a feed.
func feedEntry(files []*zip.File) (*zip.File, error) {
	var all, named []*zip.File
	for _, f := range files {
		base := path.Base(f.Name)
		if f.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.Contains(f.Name, "__MACOSX/") {
			continue
		}
		all = append(all, f)
		switch strings.ToLower(path.Ext(base)) {
		case ".csv", ".tsv", ".txt", ".gz":
			named = append(named, f)
		}
	}
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(named) == 1:
		return named[0], nil
	case len(all) == 0:
		return nil, fault("The zip archive holds no file.")
	}
	return nil, fault(fmt.Sprintf("The zip archive holds %d files; a feed archive holds exactly one CSV file.", len(all)))
}

// zipReader names the faults of an archive entry as a gzip stream's are named.
type zipReader struct{ r io.Reader }

func (z *zipReader) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat):
		return n, faultDamaged
	}
	return n, gzipFault(err)
}
