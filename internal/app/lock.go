package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lock is the exclusive use of a data directory by one process. The kernel drops it
// with the process, so a crash leaves nothing to clean up.
type lock struct {
	file *os.File
}

// LockedError says that another process uses the data directory.
type LockedError struct {
	Dir string
	PID int // 0 if unknown
}

// Error names the directory and the process.
func (e *LockedError) Error() string {
	return fmt.Sprintf("data directory %s is locked by pid %d", e.Dir, e.PID)
}

// acquire makes the data directory if needed and locks it.
func acquire(dir string) (*lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory %s cannot be made: %w", dir, plain(err))
	}
	name := filepath.Join(dir, "empire.lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %s is not writable: %s: %w", dir, filepath.Base(name), plain(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer func() { _ = f.Close() }()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{dir, holder(f)}
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("data directory %s is not writable: %w", dir, plain(err))
		}
	}
	return &lock{f}, nil
}

func holder(f *os.File) int {
	b, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, 32), 32))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}

func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// plain returns the cause of a path error, whose path the message names already.
func plain(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
