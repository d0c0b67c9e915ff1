package catalog_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/catalog"
	"empire/internal/domain"
)

func describe(a domain.Attribute) string {
	v := ""
	switch a.Kind {
	case domain.AttributeNumber:
		v = fmt.Sprintf("%g %s", a.Number, a.Unit)
	case domain.AttributeSize:
		v = fmt.Sprintf("%v %s", a.Numbers, a.Unit)
	case domain.AttributeText:
		v = a.Text
	case domain.AttributeFlag:
		v = fmt.Sprint(a.Flag)
	case domain.AttributeList:
		v = strings.Join(a.List, " + ")
	}
	return fmt.Sprintf("%s %s: %s", a.Kind, a.Name, strings.TrimSpace(v))
}

// checkAttributes checks what holds for all attributes of all products.
func checkAttributes(t testing.TB, p *domain.Product, list []domain.Attribute) {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range list {
		if a.Raw == "" || !strings.Contains(p.Fields[a.Field], a.Raw) {
			t.Errorf("%s: raw %q is not in %s %q", a.Name, a.Raw, a.Field, p.Fields[a.Field])
		}
		if seen[a.Name] || a.Name == "" || strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("bad or repeated name %q", a.Name)
		}
		seen[a.Name] = true
		for _, n := range append([]float64{a.Number}, a.Numbers...) {
			if math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
				t.Errorf("%s: number %v", a.Name, n)
			}
		}
		switch {
		case a.Kind == domain.AttributeText && a.Text == "", a.Kind == domain.AttributeList && len(a.List) == 0,
			a.Kind == domain.AttributeSize && len(a.Numbers) < 2, a.Kind == "":
			t.Errorf("%s has no value: %+v", a.Name, a)
		}
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	const luma = "Ideal for cold-weather training, the hoodie's fabric wicks moisture.\n• Drawstring-adjustable hood.\n• Relaxed fit.\n• 95% Organic Cotton / 5% Spandex.\n• Machine wash/dry."
	for _, tt := range []struct {
		name    string
		product domain.Product
		want    []string
	}{
		{
			"keyboard",
			citing("en", "specifications", "style: Gaming; switches: Cherry MX Red; backlit: RGB; tenkeyless: false; connection_type: Wired, Wired, Bluetooth Wireless; color: Black / Gray", "colour", "Black / Gray"),
			[]string{
				"text style: Gaming", "text switches: Cherry MX Red", "text backlit: RGB", "flag tenkeyless: false",
				"list connection_type: Wired + Bluetooth Wireless", "list colour: Black + Gray",
			},
		},
		{
			"monitor",
			citing("en", "specifications", "screen_size: 23.8; resolution: 1920,1080; refresh_rate: 144; response_time: 0.5; panel_type: IPS; aspect_ratio: 16:9"),
			[]string{
				"number screen_size: 23.8 in", "size resolution: [1920 1080] px", "number refresh_rate: 144 Hz", "number response_time: 0.5 ms",
				"text panel_type: IPS", "text aspect_ratio: 16:9",
			},
		},
		{
			"power supply",
			citing("en", "specifications", "type: ATX; efficiency: gold; wattage: 850; modular: false; color: White"),
			[]string{"text type: ATX", "text efficiency: gold", "number wattage: 850 W", "text modular: false", "text colour: White"},
		},
		{
			"disk",
			citing("en", "specifications", "capacity: 2000; price_per_gb: 0.06; type: 7200; cache: 64; form_factor: 3.5; interface: SATA 6.0 Gb/s"),
			[]string{"number capacity: 2000 GB", "number rpm: 7200 rpm", "number cache: 64 MB", "text form_factor: 3.5", "list interface: SATA 6.0 Gb/s"},
		},
		{
			"case fan",
			citing("en", "specifications", "size: 120; airflow: 17.9,62; noise_level: 10,36; pwm: true; rpm: 500,2000"),
			[]string{"number fan_size: 120 mm", "size airflow: [17.9 62] CFM", "size noise_level: [10 36] dB", "flag pwm: true", "size rpm: [500 2000] rpm"},
		},
		{
			"memory",
			citing("en", "specifications", "speed: 5,6000; modules: 2,16; price_per_gb: 3.4; first_word_latency: 10; cas_latency: 30"),
			[]string{
				"number memory_generation: 5", "number memory_speed: 6000 MT/s", "number module_count: 2", "number module_capacity: 16 GB",
				"number first_word_latency: 10 ns", "number cas_latency: 30",
			},
		},
		{
			"headphones",
			citing("en", "specifications", "type: In Ear; frequency_response: 20,20; microphone: true; wireless: false"),
			[]string{"text type: In Ear", "size frequency_response: [20 20] Hz–kHz", "flag microphone: true", "flag wireless: false"},
		},
		{
			"webcam", citing("en", "specifications", "resolutions: 4k,1080p; os: Windows,OS X; fov: 78"),
			[]string{"list resolutions: 4k + 1080p", "list os: Windows + OS X", "number fov: 78 °"},
		},
		{
			"unknown keys stay as they are", citing("en", "specifications", "torque: 12; grade: A2; capacity: 7; rpm: 1,500"),
			[]string{"number torque: 12", "text grade: A2", "number capacity: 7", "number rpm: 1500 rpm"},
		},
		{
			"clothing variant", wear(citing("en", "product_name", "Chaz Hoodie-XS-Black", "description", luma, "colour", "Black",
				"specifications", "has_options=0,required_options=0,size=XS,color=Black")),
			[]string{
				"text size: XS", "text colour: Black", "text gender: men", "flag hood: true", "list material_share: 95% Organic Cotton + 5% Spandex",
				"list material: Organic Cotton + Spandex", "flag moisture_wicking: true", "flag adjustable_hood: true", "text fit: relaxed", "flag machine_wash: true",
			},
		},
		{
			"clothing parent", wear(citing("en", "specifications", "has_options=1,material=Cocona® performance fabric|Polyester,pattern=Solid,climate=Cool|Spring,erin_recommends=No,new=Yes")),
			[]string{"list material: Cocona® performance fabric + Polyester", "text pattern: Solid", "list climate: Cool + Spring", "text gender: men"},
		},
		{
			"denied features are none", wear(citing("en", "description", "Not machine washable. For waterproof gear see below. Battery not included, rechargeable batteries optional.")),
			[]string{"text gender: men"},
		},
		{
			"German specifications",
			citing("de", "specifications", "Bildschirmdiagonale: 27 Zoll; Gewicht: 5,3 kg; Farbe: Schwarz; Maße: 61,5 x 40 x 20 cm; WLAN: ja; Leistung: 1.500 Watt"),
			[]string{
				"number screen_size: 27 in", "number weight: 5.3 kg", "text colour: Schwarz", "size dimensions: [61.5 40 20] cm", "flag wlan: true", "number power: 1500 W",
			},
		},
		{
			"German names", citing("de", "product_name", "Mineralwasser 6er-Pack 1,5 l glutenfrei"),
			[]string{"number pack_size: 6", "number volume: 1.5 l", "flag gluten_free: true"},
		},
		{
			"English names", citing("en", "product_name", "Acme 27-inch Monitor 2560 x 1440 144Hz, pack of 2, in Black"),
			[]string{"number pack_size: 2", "size resolution: [2560 1440] px", "number screen_size: 27 in", "number refresh_rate: 144 Hz", "text colour: Black"},
		},
		{
			"colour behind in", citing("en", "product_name", "Delonghi Coffee Maker In Black - DC50B", "description", "Delonghi Coffee Maker - DC50B/ 4-Cup Capacity/ 900 Watts/ Black Finish"),
			[]string{"text colour: Black", "number cups: 4", "number wattage: 900 W"},
		},
		{"model numbers are no quantities", citing("en", "product_name", "Ryzen 5 3400G 802.11g HP 1909W 3-in-1 Monitor"), nil},
		{"nutrition", citing("de", "specifications", "fat: 14.4 g/100g; salt: 0.53 g/100g"), []string{"number fat: 14.4 g/100g", "number salt: 0.53 g/100g"}},
		{
			"columns", citing("en", "average_rating", "4.5", "reviews", "120", "dimensions", "30 x 20 x 10 cm", "delivery_weight", "2.5 kg", "warranty", "2 years", "base_price_text", "500 gr."),
			[]string{
				"size dimensions: [30 20 10] cm", "number rating: 4.5", "number review_count: 120", "number warranty: 2 years",
				"number shipping_weight: 2.5 kg", "number content: 500 g",
			},
		},
		{"a number without unit is no weight", citing("en", "delivery_weight", "1", "average_rating", "0"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list := catalog.Attributes(&tt.product)
			checkAttributes(t, &tt.product, list)
			var got []string
			for _, a := range list {
				got = append(got, describe(a))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

// citing is a product with these fields: names and values in turn.
func citing(language string, fields ...string) domain.Product {
	p := domain.Product{Key: "1", Language: language, Fields: map[string]string{}}
	for i := 0; i < len(fields); i += 2 {
		p.Fields[fields[i]] = fields[i+1]
	}
	return p
}

func wear(p domain.Product) domain.Product {
	p.CategoryPath = "Men > Tops > Hoodies"
	p.Fields["merchant_category"] = p.CategoryPath
	return p
}

// Every attribute of every real product cites its row, and the catalogue of parts
// gives each kind of product the attributes that buyers choose by.
func TestAttributesOfFeeds(t *testing.T) {
	t.Parallel()
	type shares map[string]float64 // of the products of a category, at least; by attribute
	for feed, categories := range map[string]map[string]shares{
		"feed_pcparts_en_usd": {
			"Monitor":      {"screen_size": 1, "resolution": 1, "refresh_rate": 0.8, "panel_type": 0.8},
			"Power Supply": {"wattage": 1, "modular": 1, "efficiency": 0.8},
		},
		"feed_luma_apparel_en_usd": {"Jackets": {"size": 0.9, "colour": 0.9, "gender": 1, "machine_wash": 0.5}},
		"feed_food_it_noprice":     {"Yogurt intero": {"content": 0.5}},
	} {
		total, with := map[string]int{}, map[[2]string]int{}
		for _, p := range importFile(t, "products/"+feed+".csv.gz").rows {
			checkAttributes(t, &p, p.Attributes)
			total[p.Category]++
			for _, a := range p.Attributes {
				with[[2]string{p.Category, a.Name}]++
			}
		}
		for category, want := range categories {
			for name, share := range want {
				if got := float64(with[[2]string{category, name}]) / float64(total[category]); !(got >= share) {
					t.Errorf("%s %s: %.2f of %d products have %s, want %.2f", feed, category, got, total[category], name, share)
				}
			}
		}
	}
}

func FuzzAttributes(f *testing.F) {
	f.Add("27\" Monitor 1.500 W", "k: v; size: 12 x 4 cm; rpm: 5,000; Maße: 1×2", "95% Wool/5% Lycra.\n• Full-zip, 24.0\" body length / Black Finish", "de")
	f.Add("Set of 3 ½-zip ÄÖÜ İ in Black", "a=b|c,size=XS,x=,=y", "2 x 10 mm 1e9 9,99,99", "en")
	f.Fuzz(func(t *testing.T, name, specs, description, language string) {
		p := citing(language, "product_name", name, "specifications", specs, "description", description, "colour", name, "dimensions", specs, "custom_1", name)
		p.CategoryPath = name
		checkAttributes(t, &p, catalog.Attributes(&p))
	})
}
