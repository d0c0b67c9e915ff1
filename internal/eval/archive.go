package eval

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"empire/internal/eval/xz"
)

// maxArchive bounds what an archive may unpack to.
const maxArchive = 1 << 30

// collections returns the archives (.tar, .tar.gz, .tar.xz) and the directories of a
// folder of dir, in order.
func collections(dir, folder string) ([]string, error) {
	out, err := files(dir, folder, "*.tar", "*.tar.xz")
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read folder %s: %w", folder, err)
	}
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, filepath.Join(dir, folder, e.Name()))
		}
	}
	return out, nil
}

// members returns the files of an archive or a directory by their path in it.
func members(path string) (map[string][]byte, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		return directory(path)
	}
	data, err := readAll(path)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".xz") {
		if data, err = xz.Decompress(data, maxArchive); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", path, err)
		}
	}
	out := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if out[h.Name], err = io.ReadAll(io.LimitReader(r, maxArchive)); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
}

// directory is members of a directory.
func directory(root string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)], err = readAll(path)
		return err
	})
	return out, err
}
