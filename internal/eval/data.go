package eval

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"empire/internal/domain"
)

// files returns the paths of the files in a folder of dir whose names, without .gz,
// match one of the patterns (filepath.Match), in order. A folder that is missing has
// none; a missing dir is CodeNotFound.
func files(dir, folder string, patterns ...string) ([]string, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, domain.Errorf(domain.CodeNotFound, "Directory %s cannot be read.", dir)
	}
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", folder, err)
	}
	var out []string
	for _, e := range entries {
		plain := strings.TrimSuffix(e.Name(), ".gz")
		for _, p := range patterns {
			if ok, err := filepath.Match(p, plain); err != nil {
				return nil, err
			} else if ok && !e.IsDir() {
				out = append(out, filepath.Join(dir, folder, e.Name()))
				break
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// open returns the content of a file, unpacked if its name ends in .gz.
func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(path, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// readAll returns the whole content of a file, unpacked.
func readAll(path string) ([]byte, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// label names a data set for its file.
func label(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".gz")
	return strings.TrimSuffix(name, filepath.Ext(name))
}
