package proxy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkMatchAndPick finds one of 1,000 routes and the least busy of three
// instances, without any connection. It looks inside because nothing else of the
// package does only that.
func BenchmarkMatchAndPick(b *testing.B) {
	var file strings.Builder
	file.WriteString("routes:\n")
	for i := range 1000 {
		fmt.Fprintf(&file, "  - {name: r%d, prefix: /api/v%d/things, service: app}\n", i, i)
	}
	file.WriteString("services:\n  app: {urls: [{url: 'http://a'}, {url: 'http://b', weight: 2}, {url: 'http://c', weight: 3}]}\n")
	table, err := ParseTable([]byte(file.String()), nil)
	if err != nil {
		b.Fatal(err)
	}
	p := &Proxy{backends: map[string]*backend{}}
	p.refresh(table)
	now := time.Now()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := p.routing.Load()
			to := r.to[r.table.match("shop.example:8080", "/api/v500/things/42/parts/7")]
			to.release(to.pick(nil, now))
		}
	})
}
