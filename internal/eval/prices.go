package eval

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math/big"
	"strings"

	"empire/internal/intelligence/extract"
)

// pricesTask reads price strings: JSON lines of the folder pages with the fields text,
// currency_hint, currency and amount. A row is right if the currency is exactly the
// expected text and the amount exactly the expected number. Rows of a set with XFAIL
// in its name, which their authors' own parser fails, are a data set of their own.
func pricesTask(_ context.Context, dir string, progress Progress) ([]Dataset, error) {
	paths, err := files(dir, "pages", "*.jsonl")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, p := range paths {
		data, err := readAll(p)
		if err != nil {
			return nil, err
		}
		for _, xfail := range []bool{false, true} {
			name := label(p)
			if xfail {
				name += " (XFAIL)"
			}
			n := 0
			d, err := measured(name, 0, func() (m map[string]float64, err error) {
				n, m, err = priceRows(data, xfail, progress)
				return m, err
			})
			if err != nil {
				return nil, err
			}
			if d.N = n; n > 0 {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

func priceRows(data []byte, xfail bool, progress Progress) (int, map[string]float64, error) {
	var n, right, currency, amount float64
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			Set      string  `json:"set"`
			Text     *string `json:"text"`
			Hint     *string `json:"currency_hint"`
			Currency *string `json:"currency"`
			Amount   *string `json:"amount"`
		}
		if json.Unmarshal(lines.Bytes(), &row) != nil || row.Set == "" || strings.Contains(row.Set, "XFAIL") != xfail {
			continue
		}
		n++
		got := extract.ParsePrice(value(row.Text), value(row.Hint))
		c, a := got.Currency == value(row.Currency), sameNumber(got.Amount, value(row.Amount))
		if c {
			currency++
		}
		if a {
			amount++
		}
		if c && a {
			right++
		} else {
			progress("differs: " + value(row.Text))
		}
	}
	return int(n), map[string]float64{"accuracy": ratio(right, n), "currency_accuracy": ratio(currency, n), "amount_accuracy": ratio(amount, n)}, lines.Err()
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// sameNumber compares two decimal numbers exactly; empty is equal to empty only.
func sameNumber(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}
