package catalog_test

import (
	"compress/gzip"
	"encoding/csv"
	"html"
	"os"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// dataFile returns the path of a file of the test data, or skips the test.
func dataFile(t *testing.T, name string) string {
	t.Helper()
	if strings.Contains(name, "feed_pcparts") || strings.Contains(name, "feed_amazongp") {
		return testkit.BigData(t, name)
	}
	return testkit.Data(t, name)
}

var feeds sync.Map // name to func() ([]domain.Product, error)

// feedProducts reads a feed of the test data once. It takes the columns as they
// are, so that the tests of niches and families do not lean on the importer.
func feedProducts(t *testing.T, name string) []domain.Product {
	t.Helper()
	path := dataFile(t, "products/"+name+".csv.gz")
	load, _ := feeds.LoadOrStore(name, sync.OnceValues(func() ([]domain.Product, error) { return readFeed(path) }))
	products, err := load.(func() ([]domain.Product, error))()
	if err != nil {
		t.Fatal(err)
	}
	return products
}

func readFeed(path string) ([]domain.Product, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		return nil, err
	}
	out := make([]domain.Product, 0, len(rows)-1)
	for _, row := range rows[1:] {
		fields := map[string]string{}
		for i, column := range rows[0] {
			if v := strings.Join(strings.Fields(html.UnescapeString(row[i])), " "); v != "" {
				fields[column] = v
			}
		}
		out = append(out, product(fields))
	}
	return out, nil
}

func product(f map[string]string) domain.Product {
	p := domain.Product{
		FeedID: domain.FeedID("feed_" + f["data_feed_id"]), Key: f["aw_product_id"], MerchantKey: f["merchant_product_id"],
		MerchantID: f["merchant_id"], MerchantName: f["merchant_name"], Name: f["product_name"], Brand: f["brand_name"],
		Category: f["category_name"], CategoryPath: f["merchant_product_category_path"], Description: f["description"],
		EAN: f["ean"], ParentKey: f["parent_product_id"], Kind: f["product_type"], Colour: f["colour"], Language: f["language"],
		Fields: f,
	}
	if m, err := domain.MoneyFromDecimal(f["search_price"], f["currency"]); err == nil && m.Minor > 0 {
		p.Price = &m
	}
	sep, eq := "; ", ": "
	if strings.Contains(f["specifications"], "=") {
		sep, eq = ",", "="
	}
	for pair := range strings.SplitSeq(f["specifications"], sep) {
		key, value, ok := strings.Cut(pair, eq)
		if ok && value != "" {
			p.Attributes = append(p.Attributes, domain.Attribute{
				Name: key, Kind: domain.AttributeText, Text: value, Field: "specifications", Raw: value,
			})
		}
	}
	return p
}
