//go:build !linux

package bench

import "syscall"

// attributes are the usual ones: only Linux can make a child end with its parent.
func attributes() *syscall.SysProcAttr { return nil }
