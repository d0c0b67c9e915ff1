package sample

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// columns are those of an AWIN product data feed, in its order.
var columns = strings.Split("aw_deep_link,product_name,aw_product_id,merchant_product_id,merchant_image_url,description,"+
	"merchant_category,search_price,merchant_name,merchant_id,category_name,category_id,aw_image_url,currency,store_price,"+
	"delivery_cost,merchant_deep_link,language,last_updated,display_price,data_feed_id,brand_name,brand_id,colour,"+
	"product_short_description,specifications,condition,product_model,model_number,dimensions,keywords,promotional_text,"+
	"product_type,commission_group,merchant_product_category_path,merchant_product_second_category,"+
	"merchant_product_third_category,rrp_price,saving,savings_percent,base_price,base_price_amount,base_price_text,"+
	"product_price_old,delivery_restrictions,delivery_weight,warranty,terms_of_contract,delivery_time,in_stock,"+
	"stock_quantity,valid_from,valid_to,is_for_sale,web_offer,pre_order,stock_status,size_stock_status,size_stock_amount,"+
	"merchant_thumb_url,large_image,alternate_image,aw_thumb_url,alternate_image_two,alternate_image_three,"+
	"alternate_image_four,reviews,average_rating,rating,number_available,custom_1,custom_2,custom_3,custom_4,custom_5,"+
	"custom_6,custom_7,custom_8,custom_9,ean,isbn,upc,mpn,parent_product_id,product_GTIN,basket_link", ",")

// Feed returns the catalog as one CSV file in the layout of an AWIN product feed.
// Rows were last updated within the day before now, so that their prices are
// fresh; apart from that the same bytes come out every time.
func Feed(now time.Time) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	_ = w.Write(columns) // a bytes.Buffer does not fail; Flush and Error below would tell
	f := feedWriter{out: w, now: now.UTC(), r: rand.New(rand.NewPCG(4104, 11))}
	for i, it := range catalog() {
		f.item(i, it)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		panic("write sample feed: " + err.Error())
	}
	return buf.Bytes()
}

// feedWriter writes the rows of items.
type feedWriter struct {
	out  *csv.Writer
	now  time.Time
	r    *rand.Rand
	rows int
}

// item writes the rows of the merchants that sell an item. Every item is sold by
// one at least.
func (f *feedWriter) item(n int, it item) {
	sellers := 0
	var can []merchant
	for _, m := range merchants {
		if m.categories[it.niche] != "" {
			can = append(can, m)
		}
	}
	for i, m := range can {
		last := i == len(can)-1 && sellers == 0
		if chance(f.r, m.share) || last {
			sellers++
			f.offers(n, it, m)
		}
	}
}

// offers writes a row for each color and size that a merchant has.
func (f *feedWriter) offers(n int, it item, m merchant) {
	price := retailPrice(float64(it.priceMinor) / 100 * m.priceFactor * between(f.r, 0.96, 1.03))
	price = min(price, it.priceMinor)
	kept := f.sheet(it, m)
	sizes := it.sizes
	if len(sizes) == 0 {
		sizes = []string{""}
	}
	for c, colour := range it.colours {
		for s, size := range sizes {
			if len(it.sizes) > 0 && chance(f.r, 0.08) && s > 0 {
				continue // sold out for good
			}
			f.row(it, m, offer{
				ean: ean(n, c, s), parent: fmt.Sprintf("%s%04d", m.code, n), variants: len(it.colours)*len(sizes) > 1,
				colour: colour, size: size, sheet: kept, priceMinor: price,
			})
		}
	}
}

// offer is one row to write.
type offer struct {
	ean, parent  string
	variants     bool
	colour, size string
	sheet        []spec
	priceMinor   int64
}

// sheet returns the specifications that a merchant took over.
func (f *feedWriter) sheet(it item, m merchant) []spec {
	var kept []spec
	for _, s := range it.specs {
		if !chance(f.r, m.sparse) {
			kept = append(kept, s)
		}
	}
	return kept
}

func (f *feedWriter) row(it item, m merchant, o offer) {
	f.rows++
	name, key := it.name, o.parent
	if o.variants {
		name += ", " + strings.ToLower(o.colour)
		key += "-" + strings.ToUpper(o.colour[:3])
	}
	if o.size != "" {
		name += ", size " + o.size
		key += "-" + o.size
	}
	id := strconv.Itoa(7_100_000_000 + f.rows)
	path := m.categories[it.niche]
	slug := strings.ToLower(strings.NewReplacer(" ", "-", ",", "").Replace(name))
	inStock := chance(f.r, 0.9)
	quantity := 0
	if inStock {
		quantity = 1 + f.r.IntN(40)
	}
	delivery := m.deliveryMinor
	if m.freeAboveMinor > 0 && o.priceMinor >= m.freeAboveMinor {
		delivery = 0
	}
	v := map[string]string{
		"aw_deep_link": "https://www.awin1.com/pclick.php?p=" + id + "&a=0000000&m=" + m.id,
		"product_name": name, "aw_product_id": id, "merchant_product_id": key,
		"merchant_image_url": "https://images." + m.host + "/" + slug + ".jpg",
		"description":        f.description(it, m, o),
		"merchant_category":  path, "merchant_product_category_path": path,
		"category_name": path[strings.LastIndex(path, ">")+2:], "category_id": categoryIDs[it.niche],
		"search_price": decimal(o.priceMinor), "store_price": decimal(o.priceMinor), "rrp_price": decimal(it.priceMinor),
		"display_price": Currency + decimal(o.priceMinor), "currency": Currency, "delivery_cost": decimal(delivery),
		"merchant_name": m.name, "merchant_id": m.id, "merchant_deep_link": "https://" + m.host + "/p/" + slug,
		"language": Language, "last_updated": f.now.Add(-time.Duration(f.r.IntN(20*3600)) * time.Second).Format(time.DateTime),
		"data_feed_id": "99001", "brand_name": it.brand, "colour": o.colour, "specifications": sheetText(o),
		"condition": "new", "product_model": it.model, "product_type": it.niche, "delivery_weight": it.weight,
		"in_stock": strconv.Itoa(min(quantity, 1)), "stock_quantity": strconv.Itoa(quantity), "is_for_sale": "1",
		"delivery_time": pick(f.r, "1-2 days", "2-3 days", "3-5 days"), "custom_1": o.size,
		"ean": o.ean, "product_GTIN": o.ean, "mpn": strings.ToUpper(it.brand[:3]) + "-" + strings.ReplaceAll(it.model, " ", ""),
	}
	if o.variants {
		v["parent_product_id"] = o.parent
	}
	if chance(f.r, 0.01) { // price on request
		v["search_price"], v["store_price"], v["display_price"] = "", "", ""
	}
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = v[c]
	}
	_ = f.out.Write(record) // reported by Error at the end
}

// categoryIDs are the merchants' numbers for categories.
var categoryIDs = map[string]string{"espresso": "410", "vacuum": "420", "chair": "430", "shoe": "440"}

// sheetText writes the specifications as "key: value; key: value".
func sheetText(o offer) string {
	parts := make([]string, 0, len(o.sheet)+1)
	for _, s := range o.sheet {
		parts = append(parts, s.key+": "+s.value)
	}
	if o.size != "" {
		parts = append(parts, "size: "+o.size)
	}
	return strings.Join(parts, "; ")
}

// description is what the shop writes: praise around the first lines of the sheet.
func (f *feedWriter) description(it item, m merchant, o offer) string {
	var facts []string
	for _, s := range o.sheet[:min(3, len(o.sheet))] {
		facts = append(facts, s.key+" "+s.value)
	}
	return fmt.Sprintf("%s the %s by %s. %s At a glance: %s. Color: %s.",
		m.voice, it.model, it.brand, it.praise, strings.Join(facts, ", "), strings.ToLower(o.colour))
}

func decimal(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// ean returns the GTIN-13 of a variant: prefix 952, which GS1 keeps for examples,
// the numbers of item, color and size, and the check digit.
func ean(item, colour, size int) string {
	digits := fmt.Sprintf("952%05d%02d%02d", item, colour, size)
	sum := 0
	for i, d := range digits {
		weight := 1
		if i%2 == 1 {
			weight = 3
		}
		sum += int(d-'0') * weight
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}
