package bot_test

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"empire/internal/analytics/bot"
	"empire/internal/testkit"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		agent string
		want  bot.Reason
	}{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", bot.ReasonNone},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", bot.ReasonNone},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", bot.ReasonNone},
		{"Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/95.0.0.0 Mobile Safari/537.36", bot.ReasonNone},
		{"Liferea/1.10 (Linux; en_GB.UTF-8; http://liferea.sf.net/)", bot.ReasonNone},
		{"Opera/9.80 (Windows NT 6.1; U; en) Presto/2.10 Version/11.62", bot.ReasonNone},
		{"Mozilla/5.0 (compatible; ExampleBot/1.0; +https://example.com/bot)", bot.ReasonWord},
		{"examplecrawler 2", bot.ReasonWord},
		{"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko; compatible; Example) Chrome/79.0 Safari/537.36", bot.ReasonShape},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36", bot.ReasonHeadless},
		{"Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/1 (+https://example.com)", bot.ReasonContact},
		{"Example/1.0 (webmaster@example.org)", bot.ReasonContact},
		{"example.com", bot.ReasonContact},
		{"curl/8.5.0", bot.ReasonLibrary},
		{"python-requests/2.31", bot.ReasonLibrary},
		{"Go-http-client/1.1", bot.ReasonLibrary},
		{"Example", bot.ReasonForeign},
		{"${jndi:ldap://x}", bot.ReasonAttack},
		{"", bot.ReasonEmpty},
		{"-", bot.ReasonEmpty},
		{"1234567", bot.ReasonEmpty},
	} {
		if got := bot.Detect(tt.agent); got != tt.want {
			t.Errorf("Detect(%q) = %q, want %q", tt.agent, got, tt.want)
		}
		if bot.Is(tt.agent) != (tt.want != bot.ReasonNone) {
			t.Errorf("Is(%q) differs from Detect", tt.agent)
		}
	}
}

// TestLabelled asserts precision and recall on the labeled user agents.
func TestLabelled(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testkit.Data(t, "analytics/user_agents_labelled.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var tp, fp, fn float64
	for _, row := range all[1:] {
		switch is := bot.Is(row[1]); {
		case is && row[2] == "bot":
			tp++
		case is:
			fp++
		case row[2] == "bot":
			fn++
		}
	}
	if p, r := tp/(tp+fp), tp/(tp+fn); p < 0.98 || r < 0.95 {
		t.Errorf("precision %.3f, recall %.3f of %d; want 0.98 and 0.95", p, r, len(all)-1)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("Mozilla/5.0 (compatible; a@b.c)")
	f.Fuzz(func(t *testing.T, agent string) {
		if got := bot.Detect(agent); got != bot.Detect(agent+strings.Repeat(" ", 3)) && len(agent) < 1000 {
			t.Errorf("Detect(%q) = %q changes with spaces behind it", agent, got)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	agent := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	for b.Loop() {
		bot.Detect(agent)
	}
}
