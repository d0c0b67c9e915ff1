package catalog

import (
	"slices"
	"strings"

	"empire/internal/domain"
)

// form is how the value of a key is read.
type form int

const (
	formAuto form = iota // as it looks
	formText             // always text, although it may look like a number: "2.1", "M.2-2280"
	formList             // always a list, also of one
)

// pairing says whether a value may be two numbers: a range, or width and height.
type pairing int

const (
	pairNever  pairing = iota
	pairRange          // unless the comma may as well group or separate decimals
	pairAlways         // the key never has one number with a comma
)

// specKey says what is known about a key.
type specKey struct {
	name  string
	unit  string // of a bare number
	form  form
	pair  pairing                               // whether "a,b" are two numbers
	split func(value string) []domain.Attribute // several attributes in one value
}

// droppedKeys are of no use to a reader: technical, or about this shop and this day.
var droppedKeys = map[string]bool{
	"has_options": true, "required_options": true, "price_per_gb": true, "price": true, "new": true, "sale": true,
	"sku": true, "id": true, "url": true, "image": true, "erin_recommends": true,
}

// specKeys maps keys of specifications to canonical names, and gives the units that
// some keys carry by convention. A bare number under any other key has no unit.
var specKeys = map[string]specKey{
	"color": {name: "colour"}, "colour": {name: "colour"}, "colors": {name: "colour"}, "farbe": {name: "colour"},

	"screen_size": {name: "screen_size", unit: "in"}, "display_size": {name: "screen_size", unit: "in"},
	"bildschirmgroesse": {name: "screen_size"}, "bildschirmdiagonale": {name: "screen_size"}, "displaygroesse": {name: "screen_size"},
	"resolution": {name: "resolution", unit: "px", pair: pairAlways}, "aufloesung": {name: "resolution", unit: "px", pair: pairAlways},
	"refresh_rate": {name: "refresh_rate", unit: "Hz"}, "bildwiederholrate": {name: "refresh_rate", unit: "Hz"}, "bildrate": {name: "refresh_rate", unit: "Hz"},
	"response_time": {name: "response_time", unit: "ms"}, "reaktionszeit": {name: "response_time", unit: "ms"},
	"aspect_ratio": {name: "aspect_ratio", form: formText}, "panel_type": {name: "panel_type", form: formText}, "paneltyp": {name: "panel_type", form: formText},
	"fov": {name: "fov", unit: "°"}, "brightness": {name: "brightness"}, "helligkeit": {name: "brightness"},

	"wattage": {name: "wattage", unit: "W"}, "tdp": {name: "tdp", unit: "W"}, "capacity_w": {name: "capacity_w", unit: "W"}, "capacity_va": {name: "capacity_va", unit: "VA"},
	"leistung": {name: "power"}, "power": {name: "power"}, "voltage": {name: "voltage"}, "spannung": {name: "voltage"},
	"efficiency": {name: "efficiency", form: formText}, "modular": {name: "modular", form: formText},

	"max_dpi": {name: "max_dpi", unit: "dpi"}, "core_count": {name: "core_count"},
	"core_clock": {name: "core_clock", unit: "GHz"}, "boost_clock": {name: "boost_clock", unit: "GHz"},
	"max_memory": {name: "max_memory", unit: "GB"}, "cache": {name: "cache", unit: "MB"}, "first_word_latency": {name: "first_word_latency", unit: "ns"},
	"airflow": {name: "airflow", unit: "CFM", pair: pairRange}, "rpm": {name: "rpm", unit: "rpm", pair: pairRange},
	"noise_level": {name: "noise_level", unit: "dB", pair: pairRange}, "lautstaerke": {name: "noise_level", unit: "dB"}, "geraeuschpegel": {name: "noise_level", unit: "dB"},
	"frequency_response": {name: "frequency_response", unit: "Hz–kHz", pair: pairAlways},
	"form_factor":        {name: "form_factor", form: formText}, "configuration": {name: "configuration", form: formText}, "type": {name: "type", form: formText},
	"socket": {name: "socket", form: formText}, "microarchitecture": {name: "microarchitecture", form: formText}, "graphics": {name: "graphics", form: formText},
	"switches": {name: "switches", form: formText}, "protocol": {name: "protocol", form: formText}, "style": {name: "style", form: formText},

	"connection_type": {name: "connection_type", form: formList}, "connectivity": {name: "connection_type", form: formList},
	"konnektivitaet": {name: "connection_type", form: formList}, "interface": {name: "interface", form: formList}, "resolutions": {name: "resolutions", form: formList},
	"os": {name: "os", form: formList}, "climate": {name: "climate", form: formList}, "style_general": {name: "style", form: formList},
	"material": {name: "material", form: formList}, "materials": {name: "material", form: formList}, "obermaterial": {name: "material", form: formList},

	"size": {name: "size"}, "groesse": {name: "size"}, "weight": {name: "weight"}, "gewicht": {name: "weight"}, "item_weight": {name: "weight"},
	"dimensions": {name: "dimensions"}, "abmessungen": {name: "dimensions"},
	"width": {name: "width"}, "breite": {name: "width"}, "height": {name: "height"}, "hoehe": {name: "height"},
	"depth": {name: "depth"}, "tiefe": {name: "depth"}, "length": {name: "length"}, "laenge": {name: "length"},
	"capacity": {name: "capacity"}, "kapazitaet": {name: "capacity"}, "volume": {name: "volume"}, "volumen": {name: "volume"}, "fassungsvermoegen": {name: "volume"},
	"warranty": {name: "warranty"}, "garantie": {name: "warranty"}, "battery_life": {name: "battery_life"}, "akkulaufzeit": {name: "battery_life"},
	"wassertank": {name: "water_tank"}, "staubbehaelter": {name: "dust_capacity"}, "saugkraft": {name: "suction"}, "pumpendruck": {name: "pump_pressure"},
	"wassersaeule": {name: "water_column"}, "personen": {name: "persons"}, "aufheizzeit": {name: "heat_up_time"},
	"muster": {name: "pattern"}, "passform": {name: "fit"}, "kabellos": {name: "wireless"}, "mikrofon": {name: "microphone"}, "faltbar": {name: "foldable"},
	"wasserdicht": {name: "waterproof"}, "anschluss": {name: "connection_type", form: formList}, "stueckzahl": {name: "piece_count"}, "marke": {name: "brand"},
}

// contextKey reads keys whose meaning only shows with their value or the keys
// beside them.
func contextKey(key, value string, siblings []string) (specKey, bool) {
	switch key {
	case "masse": // Maße, or Masse
		if strings.ContainsAny(value, "x×") {
			return specKey{name: "dimensions"}, true
		}
		return specKey{name: "weight"}, true
	case "type": // of a disk: the kind, or how fast it turns
		if allDigits(value) && len(value) >= 4 && len(value) <= 5 && slices.Contains(siblings, "capacity") {
			return specKey{name: "rpm", unit: "rpm"}, true
		}
	case "capacity": // of a disk
		if slices.Contains(siblings, "price_per_gb") || slices.Contains(siblings, "type") && slices.Contains(siblings, "interface") {
			return specKey{name: "capacity", unit: "GB"}, true
		}
	case "size": // of a case fan
		if allDigits(value) && (slices.Contains(siblings, "airflow") || slices.Contains(siblings, "pwm")) {
			return specKey{name: "fan_size", unit: "mm"}, true
		}
	case "speed": // of memory: generation and rate
		switch memory := slices.Contains(siblings, "modules"); {
		case memory && isDigitPair(value):
			return specKey{split: splitMemorySpeed}, true
		case memory:
			return specKey{name: "memory_speed", unit: "MT/s"}, true
		}
	case "modules": // of memory: how many of how much
		if isDigitPair(value) {
			return specKey{split: splitModules}, true
		}
	}
	return specKey{}, false
}

func isDigitPair(s string) bool {
	a, b, ok := strings.Cut(s, ",")
	return ok && allDigits(a) && allDigits(b) && len(a) <= 3 && len(b) <= 6
}

// splitMemorySpeed reads "5,6000": DDR5 at 6000 million transfers a second.
func splitMemorySpeed(value string) []domain.Attribute {
	generation, rate := pairOf(value)
	return []domain.Attribute{
		{Name: "memory_generation", Kind: domain.AttributeNumber, Number: generation},
		{Name: "memory_speed", Kind: domain.AttributeNumber, Number: rate, Unit: "MT/s"},
	}
}

// splitModules reads "2,16": two modules of 16 GB.
func splitModules(value string) []domain.Attribute {
	count, each := pairOf(value)
	return []domain.Attribute{
		{Name: "module_count", Kind: domain.AttributeNumber, Number: count},
		{Name: "module_capacity", Kind: domain.AttributeNumber, Number: each, Unit: "GB"},
	}
}

func pairOf(value string) (a, b float64) {
	left, right, _ := strings.Cut(value, ",")
	a, _, _ = readNumber(left, "en")
	b, _, _ = readNumber(right, "en")
	return a, b
}
