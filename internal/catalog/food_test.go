package catalog

import (
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestReadIngredients: lists are cut at their end and between entries, and what cannot be
// read beyond doubt is refused.
func TestReadIngredients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		want  []string
		first string
	}{
		{"Zucker, Kakaobutter, _Vollmilchpulver_ (20,5%), Emulgator: _Sojalecithine_; Sonnenblumenöl.", []string{"Zucker", "Kakaobutter", "Vollmilchpulver", "Emulgator: Sojalecithine", "Sonnenblumenöl"}, "Zucker"},
		{"Feine Ware. Zutaten: 54 % Vollkorn-HAFERFLOCKEN, Honig (Akazie, Wald), Salz. Kann Spuren von Nüssen enthalten.", []string{"Vollkorn-Haferflocken", "Honig", "Salz"}, "Vollkorn-HAFERFLOCKEN"},
		{"Hartweizengrieß", []string{"Hartweizengrieß"}, "Hartweizengrieß"},
		{"Sucre, beurre de cacao, poudre de lait écrémé", nil, ""},
		{"sugar, cocoa butter, whole milk powder", nil, ""},
		{"Zucker, Mehl (Weizen, Salz", nil, ""},
		{"Zucker, Wei - zenmehl, Salz", nil, ""},
		{"Zlltaten: •@ Mus|i", nil, ""},
		{"", nil, ""},
	} {
		l, ok := readIngredients(tt.text)
		var names []string
		for _, in := range l.items {
			names = append(names, in.name)
			if ok && !strings.Contains(tt.text, in.raw) {
				t.Errorf("%q is not in %q", in.raw, tt.text)
			}
		}
		if ok != (tt.want != nil) || ok && (!slices.Equal(names, tt.want) || l.items[0].raw != tt.first) {
			t.Errorf("%q: %v, %q, want %q", tt.text, ok, names, tt.want)
		}
	}
}

// TestFoodAttributes: figures that cannot be true are left out, and nothing is concluded
// that a row does not state.
func TestFoodAttributes(t *testing.T) {
	t.Parallel()
	number := func(name string, n float64, raw string) domain.Attribute {
		return domain.Attribute{Name: name, Kind: domain.AttributeNumber, Number: n, Unit: per100g, Field: "specifications", Raw: raw}
	}
	read := func(name, text string, list ...domain.Attribute) map[string]domain.Attribute {
		p := domain.Product{Key: "r", Name: name, Category: "Lebensmittel", Description: text, Attributes: list,
			Fields: map[string]string{"product_name": name, "description": text}}
		out := map[string]domain.Attribute{}
		for _, a := range foodAttributes(&p, "de") {
			out[a.Name] = a
			if a.Field != "specifications" && !strings.Contains(p.Fields[a.Field], a.Raw) {
				t.Errorf("%s: %q is not in %s", a.Name, a.Raw, a.Field)
			}
		}
		return out
	}
	good := read("Bio Müsli 500 g", "Haferflocken, Buchweizen, Kokosmilch, Palmöl, Zucker", number("sugar", 20, "20 g/100g"), number("carbohydrate", 60, "60 g/100g"))
	if good["sugar"].Unit != "g" || good["ingredient_count"].Number != 5 || !good["organic"].Flag || good["without_palm"].Flag || good["content"].Number != 500 ||
		!slices.Equal(good["allergens"].List, []string{"Gluten"}) || !good["no_additives"].Flag || good["no_sugar_listed"].Flag {
		t.Errorf("attributes = %+v", good)
	}
	if _, ok := good["gluten_free"]; ok {
		t.Error("gluten-free was concluded")
	}
	open := read("Kekse", "Weizenmehl, pflanzliche Fette, Salz", number("sugar", 70, "70 g/100g"), number("carbohydrate", 60, "60 g/100g"), number("salt", 0.5, "0.49999999 g/100g"))
	if _, ok := open["without_palm"]; ok {
		t.Error("a fat without a name says nothing about palm oil")
	}
	for _, name := range []string{"sugar", "carbohydrate", "salt"} {
		if _, ok := open[name]; ok {
			t.Errorf("%s was kept, which cannot be true", name)
		}
	}
}

func TestPresentableNames(t *testing.T) {
	t.Parallel()
	n, err := ParseNiche("Schokoladen", "de")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"Feine Vollmilch-Schokolade": true, "Zartbitterschokolade mit Rotweinmarzipan": true,
		"Pudding Schokolade": false, "Cocos in Schokolade": false, "Müsli-riegel Schokolade": false, "raspelschokolade": false,
		"Chocolat noir aux amandes Schokolade": false, "SCHOKOLADE VOLLMILCH EXTRA": false, "Schokolade <b>": false,
	} {
		kept, _ := presentable([]domain.Product{{Name: name, Fields: map[string]string{"product_name": name}}}, n)
		if (len(kept) == 1) != want {
			t.Errorf("%q: kept %v, want %v", name, len(kept) == 1, want)
		}
	}
}
