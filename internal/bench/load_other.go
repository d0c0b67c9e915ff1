//go:build !linux

package bench

import (
	"context"
	"errors"
)

// Run needs epoll.
func Run(context.Context, Load) (*Result, error) {
	return nil, errors.New("the load generator works on Linux only")
}
