package market

var generalTerms = []Term{
	{
		Name: "brand", Aliases: []string{"manufacturer", "brand_name"}, Weight: 5,
		EN: Words{Label: "Brand", Feature: "the {v} badge", With: "{v} {n}"},
		DE: Words{Label: "Marke", Gender: "f", Feature: "Marke {v}", With: "{n} von {v}"},
	},
	{
		Name: "weight", Aliases: []string{"item_weight", "net_weight"}, Weight: 5, Bare: true, Better: -1,
		EN: Words{Label: "Weight", Feature: "{a v} weight", With: "{n} weighing {v}", More: "heavier", Less: "lighter"},
		DE: Words{Label: "Gewicht", Gender: "n", Feature: "{v} Gewicht", With: "{n} mit {v}", More: "schwerer", Less: "leichter"},
	},
	{
		Name: "power", Aliases: []string{"power_consumption", "rated_power"}, Weight: 4.5, Bare: true,
		EN: Words{Label: "Power", Feature: "{v} of power", With: "{n} with {v}", More: "stronger", Less: "weaker"},
		DE: Words{Label: "Leistung", Gender: "f", Feature: "{v} Leistung", With: "{n} mit {v}", More: "stärker", Less: "schwächer"},
	},
	{
		Name: "warranty", Weight: 4, Better: 1,
		EN: Words{Label: "Warranty", Feature: "{v} of warranty", With: "{n} with {v} of warranty", More: "longer covered", Less: "shorter covered"},
		DE: Words{Label: "Garantie", Gender: "f", Feature: "{v} Garantie", With: "{n} mit {v} Garantie"},
	},
	{
		Name: "dimensions", Aliases: []string{"dimension", "size_cm", "measurements"}, Weight: 3,
		EN: Words{Label: "Dimensions", Plural: true, Feature: "dimensions of {v}", With: "{n} of {v}"},
		DE: Words{Label: "Maße", Gender: "p", Feature: "den Maßen {v}", With: "{n} mit den Maßen {v}"},
	},
	{
		Name: "length", Weight: 4, Bare: true,
		EN: Words{Label: "Length", Feature: "{a v} length", With: "{v} {n}", More: "longer", Less: "shorter"},
		DE: Words{Label: "Länge", Gender: "f", Feature: "{v} Länge", With: "{n} mit {v} Länge", More: "länger", Less: "kürzer"},
	},
	{
		Name: "width", Weight: 3.5,
		EN: Words{Label: "Width", Feature: "{a v} width", With: "{n} of {v} width", More: "wider", Less: "narrower"},
		DE: Words{Label: "Breite", Gender: "f", Feature: "{v} Breite", With: "{n} mit {v} Breite", More: "breiter", Less: "schmaler"},
	},
	{
		Name: "height", Weight: 3.5,
		EN: Words{Label: "Height", Feature: "{a v} height", With: "{n} of {v} height", More: "taller", Less: "lower"},
		DE: Words{Label: "Höhe", Gender: "f", Feature: "{v} Höhe", With: "{n} mit {v} Höhe", More: "höher", Less: "niedriger"},
	},
	{
		Name: "voltage", Weight: 4,
		EN: Words{Label: "Voltage", Feature: "{v} of voltage", With: "{v} {n}", More: "higher in voltage", Less: "lower in voltage"},
		DE: Words{Label: "Spannung", Gender: "f", Feature: "{v} Spannung", With: "{n} mit {v}"},
	},
	{
		Name: "count", Aliases: []string{"pieces", "piece_count", "pack_size", "modules"}, Weight: 6, Better: 1, PerUnit: true,
		EN: Words{Label: "Pieces", Plural: true, Feature: "{v} pieces", With: "{n} with {v} pieces", More: "larger as a set", Less: "smaller as a set"},
		DE: Words{Label: "Stück", Gender: "n", Feature: "{v} Stück", With: "{n} mit {v} Stück"},
	},
	{
		Name: "bluetooth", Weight: 6, Better: 1,
		EN: Words{Label: "Bluetooth", Feature: "Bluetooth", With: "Bluetooth {n}"},
		DE: Words{Label: "Bluetooth", Gender: "n", Feature: "Bluetooth", With: "{n} mit Bluetooth"},
	},
	{
		Name: "foldable", Aliases: []string{"folding"}, Weight: 5, Better: 1,
		EN: Words{Label: "Foldable", Noun: "folding frame", Feature: "a folding frame", With: "folding {n}"},
		DE: Words{Label: "Faltbar", Noun: "faltbarer Aufbau", Dative: "faltbaren Aufbau", Gender: "m", Feature: "faltbarem Aufbau", With: "faltbare {n}"},
	},
	{
		Name: "rechargeable", Weight: 5, Better: 1,
		EN: Words{Label: "Rechargeable", Noun: "rechargeable battery", Feature: "a rechargeable battery", With: "rechargeable {n}"},
		DE: Words{Label: "Aufladbar", Noun: "aufladbarer Akku", Dative: "aufladbaren Akku", Gender: "m", Feature: "aufladbarem Akku", With: "aufladbare {n}"},
	},
	{
		Name: "dishwasher_safe", Weight: 5, Better: 1,
		EN: Words{Label: "Dishwasher-safe", Noun: "dishwasher safety", Feature: "dishwasher-safe parts", With: "dishwasher-safe {n}"},
		DE: Words{Label: "Spülmaschinenfest", Noun: "Spülmaschinenfestigkeit", Gender: "f", Feature: "spülmaschinenfesten Teilen", With: "spülmaschinenfeste {n}"},
	},
	{
		Name: "smart", Aliases: []string{"app_control", "wifi"}, Weight: 5, Better: 1,
		EN: Words{Label: "App control", Feature: "app control", With: "{n} with app control"},
		DE: Words{Label: "App-Steuerung", Gender: "f", Feature: "App-Steuerung", With: "{n} mit App-Steuerung"},
	},
	{
		Name: "height_adjustable", Weight: 6, Better: 1,
		EN: Words{Label: "Height adjustment", Feature: "height adjustment", With: "height-adjustable {n}"},
		DE: Words{Label: "Höhenverstellung", Gender: "f", Feature: "Höhenverstellung", With: "höhenverstellbare {n}"},
	},
	{
		Name: "dimmable", Weight: 4, Better: 1,
		EN: Words{Label: "Dimmable", Noun: "dimming", Feature: "dimming", With: "dimmable {n}"},
		DE: Words{Label: "Dimmbar", Noun: "Dimmfunktion", Gender: "f", Feature: "Dimmfunktion", With: "dimmbare {n}"},
	},
	{
		Name: "bpa_free", Weight: 4, Better: 1,
		EN: Words{Label: "BPA-free", Noun: "BPA-free material", Feature: "BPA-free material", With: "BPA-free {n}"},
		DE: Words{Label: "BPA-frei", Noun: "Material ohne BPA", Gender: "n", Feature: "Material ohne BPA", With: "BPA-freie {n}"},
	},
	{
		Name: "stainless_steel", Weight: 4.5, Better: 1,
		EN: Words{Label: "Stainless steel", Feature: "stainless steel", With: "{n} in stainless steel"},
		DE: Words{Label: "Edelstahl", Gender: "m", Feature: "Edelstahl", With: "{n} aus Edelstahl"},
	},
	{
		Name: "vegan", Weight: 5, Better: 0,
		EN: Words{Label: "Vegan", Noun: "vegan recipe", Feature: "a vegan recipe", With: "vegan {n}", Has: "is stated to be vegan", Have: "are stated to be vegan"},
		DE: Words{Label: "Vegan", Noun: "vegane Rezeptur", Gender: "f", Dative: "veganen Rezeptur", Feature: "veganer Rezeptur", With: "vegane {n}", Has: "ist als vegan ausgewiesen", Have: "sind als vegan ausgewiesen"},
	},
	{
		Name: "depth", Weight: 3.5,
		EN: Words{Label: "Depth", Feature: "{a v} depth", With: "{n} of {v} depth", More: "deeper", Less: "shallower"},
		DE: Words{Label: "Tiefe", Gender: "f", Feature: "{v} Tiefe", With: "{n} mit {v} Tiefe", More: "tiefer", Less: "flacher"},
	},
}
