package market

var computingTerms = []Term{
	{
		Name: "switches", Aliases: []string{"switch", "switch_type", "key_switch", "key_switches"}, Weight: 9,
		EN: Words{Label: "Switches", Plural: true, Feature: "{v} switches", With: "{n} with {v} switches"},
		DE: Words{Label: "Schalter", Gender: "p", Feature: "Schaltern vom Typ {v}", With: "{n} mit Schaltern vom Typ {v}"},
	},
	{
		Name: "switch_brand", Weight: 4,
		EN: Words{Label: "Switch brand", Feature: "{v} switches", With: "{n} with {v} switches"},
		DE: Words{Label: "Schaltermarke", Gender: "f", Feature: "Schaltern von {v}", With: "{n} mit Schaltern von {v}"},
	},
	{
		Name: "style", Aliases: []string{"keyboard_style"}, Weight: 6, LowerValues: true,
		EN: Words{Label: "Style", Feature: "{a v} shape", With: "{v} {n}"},
		DE: Words{Label: "Bauform", Gender: "f", Feature: "der Bauform {v}", With: "{n} der Bauform {v}"},
	},
	{
		Name: "layout", Aliases: []string{"keyboard_layout"}, Weight: 7,
		EN: Words{Label: "Layout", Feature: "{a v} layout", With: "{n} with {a v} layout"},
		DE: Words{Label: "Layout", Gender: "n", Feature: "Layout {v}", With: "{n} mit Layout {v}"},
	},
	{
		Name: "backlit", Aliases: []string{"backlight", "backlighting", "lighting"}, Weight: 5, LowerValues: true, Extras: []string{"*"},
		EN: Words{Label: "Backlight", Feature: "{v} backlighting", With: "{n} with {v} backlighting"},
		DE: Words{Label: "Beleuchtung", Gender: "f", Feature: "Beleuchtung in {v}", With: "{n} mit Beleuchtung in {v}"},
	},
	{
		Name: "tenkeyless", Aliases: []string{"tkl", "compact_layout"}, Weight: 8,
		EN: Words{Label: "Tenkeyless", Noun: "tenkeyless layout", Feature: "a layout without number pad", With: "tenkeyless {n}"},
		DE: Words{Label: "Ohne Ziffernblock", Noun: "Layout ohne Ziffernblock", Gender: "n", Feature: "kompaktem Layout ohne Ziffernblock", With: "{n} ohne Ziffernblock"},
	},
	{
		Name: "connection_type", Aliases: []string{"connection", "connectivity", "connections"}, Weight: 8, LowerValues: true,
		Extras: []string{"wireless", "bluetooth wireless", "bluetooth", "funk"},
		EN: Words{
			Label: "Connection", Extra: "wireless use", Feature: "{a v} connection", With: "{v} {n}",
			Values: map[string]string{"bluetooth wireless": "Bluetooth", "bluetooth": "Bluetooth"},
		},
		DE: Words{Label: "Anschluss", Gender: "m", Extra: "kabelloser Betrieb", Feature: "Anschluss über {v}", With: "{n} mit Anschluss über {v}"},
	},
	{
		Name: "screen_size", Aliases: []string{"display_size", "diagonal", "screen_diagonal"}, Weight: 9, Bare: true,
		EN: Words{Label: "Screen size", Feature: "{a v} screen", With: "{v} {n}", More: "larger", Less: "smaller"},
		DE: Words{Label: "Bildschirmgröße", Gender: "f", Feature: "{v} Bilddiagonale", With: "{n} mit {v}", More: "größer", Less: "kleiner"},
	},
	{
		Name: "resolution", Weight: 9,
		EN: Words{Label: "Resolution", Feature: "{v} pixels", With: "{n} with {v} pixels", More: "sharper", Less: "coarser"},
		DE: Words{Label: "Auflösung", Gender: "f", Feature: "{v} Pixeln", With: "{n} mit {v} Pixeln", More: "schärfer", Less: "gröber"},
	},
	{
		Name: "refresh_rate", Weight: 8.5, Bare: true, Better: 1, Yardstick: true,
		EN: Words{Label: "Refresh rate", Feature: "{a v} refresh rate", With: "{n} with {v}", More: "faster", Less: "slower"},
		DE: Words{Label: "Bildrate", Gender: "f", Feature: "{v} Bildrate", With: "{n} mit {v}", More: "schneller", Less: "langsamer"},
	},
	{
		Name: "response_time", Weight: 5, Better: -1,
		EN: Words{Label: "Response time", Feature: "{a v} response time", With: "{n} with {v} response time", More: "slower to respond", Less: "quicker to respond"},
		DE: Words{Label: "Reaktionszeit", Gender: "f", Feature: "{v} Reaktionszeit", With: "{n} mit {v} Reaktionszeit", More: "träger", Less: "reaktionsschneller"},
	},
	{
		Name: "panel_type", Aliases: []string{"panel", "display_type"}, Weight: 8,
		EN: Words{Label: "Panel type", Feature: "{a v} panel", With: "{n} with {v} panels"},
		DE: Words{Label: "Paneltyp", Gender: "m", Feature: "Panel vom Typ {v}", With: "{n} mit Panel vom Typ {v}"},
	},
	{
		Name: "aspect_ratio", Weight: 3,
		EN: Words{Label: "Aspect ratio", Feature: "{a v} picture", With: "{n} in {v}", More: "wider", Less: "narrower"},
		DE: Words{Label: "Seitenverhältnis", Gender: "n", Feature: "Bildformat {v}", With: "{n} im Format {v}"},
	},
	{
		Name: "brightness", Weight: 5, Better: 1,
		EN: Words{Label: "Brightness", Feature: "{v} brightness", With: "{n} with {v}", More: "brighter", Less: "dimmer"},
		DE: Words{Label: "Helligkeit", Gender: "f", Feature: "{v} Helligkeit", With: "{n} mit {v}", More: "heller", Less: "dunkler"},
	},
	{
		Name: "wattage", Aliases: []string{"power_output", "watts", "output_power"}, Weight: 9, Bare: true, Better: 1, Yardstick: true, PerUnit: true,
		EN: Words{Label: "Wattage", Feature: "{v} of output", With: "{v} {n}", More: "stronger", Less: "weaker"},
		DE: Words{Label: "Leistung", Gender: "f", Feature: "{v} Leistung", With: "{n} mit {v}", More: "stärker", Less: "schwächer"},
	},
	{
		Name: "efficiency", Aliases: []string{"efficiency_rating", "energy_rating"}, Weight: 7,
		Order:  []string{"80+/80 plus/plus/standard/white", "bronze", "silver", "gold", "platinum", "titanium"},
		Extras: []string{"gold", "platinum", "titanium", "80+ gold", "80+ platinum", "80+ titanium", "80 plus gold", "80 plus platinum", "80 plus titanium"},
		EN:     Words{Label: "Efficiency rating", Extra: "a rating of gold or better", Feature: "{a v} efficiency rating", With: "{n} with {a v} efficiency rating"},
		DE:     Words{Label: "Effizienzklasse", Gender: "f", Extra: "Effizienzklasse Gold oder besser", Feature: "Effizienzklasse {v}", With: "{n} mit Effizienzklasse {v}"},
	},
	{
		Name: "modular", Aliases: []string{"modularity", "cable_management"}, Weight: 7, Extras: []string{"full", "true"},
		Order: []string{"false/no/non/none", "semi/teil", "full/true/voll"},
		EN: Words{
			Label: "Modular cables", Plural: true, Feature: "{v} cables", With: "{n} with {v} cables", Extra: "full modularity",
			Shown:  map[string]string{"full": "Fully modular", "semi": "Semi-modular", "full / side": "Fully modular, side-mounted", "false": "Fixed", "no": "Fixed"},
			Values: map[string]string{"full": "fully modular", "semi": "semi-modular", "full / side": "side-mounted modular", "none": "fixed", "no": "fixed", "non": "fixed", "false": "fixed"},
		},
		DE: Words{
			Label: "Modulare Kabel", Noun: "modulare Kabel", Dative: "modularen Kabeln", Gender: "p", Feature: "{v} Kabeln", With: "{n} mit {v} Kabeln", Extra: "volle Modularität",
			Shown:  map[string]string{"full": "vollmodular", "semi": "teilmodular", "full / side": "vollmodular, seitlich", "false": "fest", "no": "fest"},
			Values: map[string]string{"full": "vollmodularen", "semi": "teilmodularen", "full / side": "seitlich modularen", "none": "festen", "no": "festen", "non": "festen", "false": "festen", "voll": "vollmodularen", "teil": "teilmodularen"},
		},
	},
	{
		Name: "form_factor", Aliases: []string{"psu_type", "product_form"}, Weight: 7,
		EN: Words{Label: "Form factor", Feature: "the {v} format", With: "{v} {n}"},
		DE: Words{Label: "Format", Gender: "n", Feature: "dem Format {v}", With: "{n} im Format {v}"},
	},
	{
		Name: "capacity", Aliases: []string{"module_capacity", "storage", "storage_capacity", "memory_size", "total_capacity"}, Weight: 9, Bare: true, Better: 1, Yardstick: true, PerUnit: true,
		EN: Words{Label: "Capacity", Feature: "{v} of capacity", With: "{v} {n}", More: "larger", Less: "smaller"},
		DE: Words{Label: "Kapazität", Gender: "f", Feature: "{v} Kapazität", With: "{n} mit {v}", More: "größer", Less: "kleiner"},
	},
	{
		Name: "interface", Weight: 6,
		EN: Words{Label: "Interface", Feature: "{a v} interface", With: "{n} with {v}"},
		DE: Words{Label: "Schnittstelle", Gender: "f", Feature: "Schnittstelle {v}", With: "{n} mit {v}"},
	},
	{
		Name: "memory_type", Weight: 7,
		EN: Words{Label: "Memory type", Feature: "{v} memory", With: "{v} {n}"},
		DE: Words{Label: "Speichertyp", Gender: "m", Feature: "Speicher vom Typ {v}", With: "{n} vom Typ {v}"},
	},
	{
		Name: "speed", Aliases: []string{"clock", "frequency", "data_rate", "clock_speed", "base_clock", "core_clock", "memory_speed"}, Weight: 6, Better: 1,
		EN: Words{Label: "Speed", Feature: "{a v} clock", With: "{n} with {v}", More: "faster", Less: "slower"},
		DE: Words{Label: "Takt", Gender: "m", Feature: "{v} Takt", With: "{n} mit {v}", More: "schneller", Less: "langsamer"},
	},
	{
		Name: "latency", Aliases: []string{"cas_latency", "first_word_latency"}, Weight: 4, Better: -1,
		EN: Words{Label: "Latency", Feature: "{a v} latency", With: "{n} with {v} latency", More: "slower to answer", Less: "quicker to answer"},
		DE: Words{Label: "Latenz", Gender: "f", Feature: "{v} Latenz", With: "{n} mit {v} Latenz", More: "träger", Less: "schneller"},
	},
	{
		Name: "cores", Aliases: []string{"core_count"}, Weight: 8, Better: 1, Yardstick: true, PerUnit: true,
		EN: Words{Label: "Cores", Plural: true, Feature: "{v} cores", With: "{n} with {v} cores", More: "richer in cores", Less: "poorer in cores"},
		DE: Words{Label: "Kerne", Gender: "p", Feature: "{v} Kernen", With: "{n} mit {v} Kernen"},
	},
	{
		Name: "dpi", Aliases: []string{"max_dpi"}, Weight: 4, Better: 1,
		EN: Words{Label: "Sensor resolution", Feature: "up to {v} sensor resolution", With: "{n} with {v}", More: "finer", Less: "coarser"},
		DE: Words{Label: "Sensorauflösung", Gender: "f", Feature: "bis zu {v} Sensorauflösung", With: "{n} mit {v}", More: "feiner", Less: "gröber"},
	},
	{
		Name: "boost_clock", Weight: 6, Better: 1, Yardstick: true,
		EN: Words{Label: "Boost clock", Feature: "{a v} boost clock", With: "{n} with {v} boost", More: "faster in bursts", Less: "slower in bursts"},
		DE: Words{Label: "Boost-Takt", Gender: "m", Feature: "{v} Boost-Takt", With: "{n} mit {v} Boost-Takt"},
	},
	{
		Name: "tdp", Weight: 5, Better: -1,
		EN: Words{Label: "Thermal design power", Feature: "{a v} thermal design power", With: "{n} with {v}", More: "hotter", Less: "cooler"},
		DE: Words{Label: "Abwärme", Gender: "f", Feature: "{v} Abwärme", With: "{n} mit {v}", More: "hitziger", Less: "kühler"},
	},
	{
		Name: "fan_size", Weight: 7, Bare: true,
		EN: Words{Label: "Fan size", Feature: "{a v} frame", With: "{v} {n}", More: "larger", Less: "smaller"},
		DE: Words{Label: "Lüftergröße", Gender: "f", Feature: "{v} Rahmen", With: "{n} mit {v}", More: "größer", Less: "kleiner"},
	},
	{
		Name: "rpm", Weight: 4,
		EN: Words{Label: "Speed range", Feature: "{v}", With: "{n} with {v}", More: "faster", Less: "slower"},
		DE: Words{Label: "Drehzahl", Gender: "f", Feature: "{v}", With: "{n} mit {v}", More: "schneller", Less: "langsamer"},
	},
	{
		Name: "airflow", Weight: 6, Better: 1, Yardstick: true,
		EN: Words{Label: "Airflow", Feature: "{v} of airflow", With: "{n} with {v}", More: "stronger", Less: "weaker"},
		DE: Words{Label: "Luftstrom", Gender: "m", Feature: "{v} Luftstrom", With: "{n} mit {v}", More: "stärker", Less: "schwächer"},
	},
}
