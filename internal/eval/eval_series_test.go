package eval_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/testkit"
)

// TestForecastThresholds asserts what the issue asks for on the files that take a
// second each.
func TestForecastThresholds(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	from := testkit.Data(t, "trends")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "trends"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"BASELINES.json", "google_trends_monthly.csv.gz", "monthly_classic.csv.gz", "product_weekly_units.csv.gz", "wikipedia_daily_log_pageviews.csv.gz"} {
		if err := os.Symlink(filepath.Join(from, name), filepath.Join(dir, "trends", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, m := range figures(t, "forecast", dir) {
		if name == "all files" {
			if m["relative_median"] > 0.9 {
				t.Errorf("the median of the relative errors is %.3f, want at most 0.9", m["relative_median"])
			}
			continue
		}
		if m["relative"] >= 0.9 || m["coverage_90"] < 0.85 {
			t.Errorf("%s: relative error %.3f, coverage %.3f", name, m["relative"], m["coverage_90"])
		}
	}
}

func TestAnomalyThresholds(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	m := figures(t, "anomalies", dataDir(t, "trends"))["nab_anomaly"]
	if m["window_f1"] < m["sigma3_window_f1"]*1.2 || m["point_f1"] < m["sigma3_point_f1"]*1.2 || m["false_alarms_per_1000"] > m["sigma3_false_alarms_per_1000"] {
		t.Errorf("got %v, want clearly more than three sigma", m)
	}
}

// TestOwnSeries measures series of an operator's own, without stated seasons.
func TestOwnSeries(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var b, watched strings.Builder
	b.WriteString("series_id,t,label,value,part\n")
	for k := range 4 {
		for i := range 72 {
			part := "train"
			if i >= 60 {
				part = "test"
			}
			v := 100 + 2*float64(i) + 30*math.Sin(2*math.Pi*float64(i)/12) + r.NormFloat64()
			fmt.Fprintf(&b, "s%d,%d,%04d-%02d-01,%.3f,%s\n", k, i, 2015+i/12, i%12+1, v, part)
		}
	}
	watched.WriteString("series_id,timestamp,value,in_anomaly_window\n")
	for i := range 480 {
		v, in := 10+r.NormFloat64(), 0
		if i >= 300 && i < 310 {
			v, in = v+20, 1
		}
		fmt.Fprintf(&watched, "w,2024-01-%02d %02d:00:00,%.3f,%d\n", 1+i/24, i%24, v, in)
	}
	dir := write(t, map[string]string{"trends/sales.csv": b.String(), "trends/load.csv": watched.String()})
	m := figures(t, "forecast", dir)["sales"]
	if m["season"] != 12 || m["smape"] > 2 || m["relative"] > 0.3 {
		t.Errorf("forecast: got %v", m)
	}
	if m := figures(t, "anomalies", dir)["load"]; m["window_f1"] != 1 || m["point_recall"] < 0.9 || m["false_alarms_per_1000"] != 0 {
		t.Errorf("anomalies: got %v", m)
	}
	trends := figures(t, "trends", dir)
	if m := trends["shuffled sales"]; m["false_alarm_rate"] > 0.07 || m["with_trend"] != 1 {
		t.Errorf("trends: got %v", m)
	}
	if m := trends["planted trends"]; m["sign_accuracy"] < 0.99 || m["found"] < 0.9 || m["false_alarm_rate"] > m["stated_rate"]+0.02 {
		t.Errorf("planted trends: got %v", m)
	}
}
