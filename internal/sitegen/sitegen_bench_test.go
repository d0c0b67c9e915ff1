package sitegen_test

import (
	"testing"

	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

func BenchmarkRender(b *testing.B) {
	d := sitegentest.English()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sitegen.Render(d, sitegen.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(d.Pages)), "µs/page")
}
