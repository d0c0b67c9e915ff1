package market

// furnitureTerms are about chairs and other furniture.
var furnitureTerms = []Term{
	{
		Name: "mechanism", Aliases: []string{"tilt_mechanism"}, Weight: 7, LowerValues: true, Extras: []string{"synchro", "synchronmechanik"},
		EN: Words{Label: "Mechanism", Feature: "{a v} mechanism", With: "{n} with {a v} mechanism", Extra: "a synchro mechanism"},
		DE: Words{Label: "Mechanik", Gender: "f", Feature: "Mechanik vom Typ {v}", With: "{n} mit Mechanik vom Typ {v}", Extra: "Synchronmechanik"},
	},
	{
		Name: "lumbar_support", Weight: 7, LowerValues: true, Extras: []string{"height-adjustable", "dynamic", "höhenverstellbar", "dynamisch"},
		EN: Words{Label: "Lumbar support", Flag: "lumbar support", Feature: "{v} lumbar support", With: "{n} with {v} lumbar support", Extra: "adjustable lumbar support"},
		DE: Words{Label: "Lendenstütze", Gender: "f", Flag: "Lendenstütze", Feature: "Lendenstütze ({v})", With: "{n} mit Lendenstütze ({v})", Extra: "verstellbare Lendenstütze"},
	},
	{
		Name: "armrests", Aliases: []string{"armrest"}, Weight: 6.5, Extras: []string{"3d", "4d"},
		EN: Words{Label: "Armrests", Plural: true, Flag: "armrests", Feature: "{v} armrests", With: "{n} with {v} armrests", Extra: "armrests that adjust in several directions"},
		DE: Words{Label: "Armlehnen", Gender: "p", Flag: "Armlehnen", Feature: "Armlehnen ({v})", With: "{n} mit Armlehnen ({v})", Extra: "mehrfach verstellbare Armlehnen"},
	},
	{
		Name: "headrest", Weight: 6, Better: 1,
		EN: Words{Label: "Headrest", Feature: "a headrest", With: "{n} with a headrest"},
		DE: Words{Label: "Kopfstütze", Gender: "f", Feature: "Kopfstütze", With: "{n} mit Kopfstütze"},
	},
	{
		Name: "upholstery", Aliases: []string{"cover", "seat_cover"}, Weight: 6.5, LowerValues: true,
		EN: Words{Label: "Upholstery", Feature: "{v} upholstery", With: "{n} in {v}"},
		DE: Words{Label: "Bezug", Gender: "m", Feature: "Bezug aus {v}", With: "{n} mit Bezug aus {v}"},
	},
	{
		Name: "max_load", Aliases: []string{"load_capacity", "weight_capacity"}, Weight: 6.5, Better: 1,
		EN: Words{Label: "Load limit", Feature: "{a v} load limit", With: "{n} with {a v} load limit", More: "sturdier on paper", Less: "less sturdy on paper"},
		DE: Words{Label: "Belastbarkeit", Gender: "f", Feature: "{v} Belastbarkeit", With: "{n} mit {v} Belastbarkeit", More: "belastbarer", Less: "weniger belastbar"},
	},
	{
		Name: "recline", Weight: 4.5,
		EN: Words{Label: "Recline", Feature: "{a v} recline", With: "{n} with {a v} recline", More: "further to recline", Less: "more upright"},
		DE: Words{Label: "Neigung", Gender: "f", Feature: "{v} Neigung", With: "{n} mit {v} Neigung"},
	},
	{
		Name: "seat_depth", Weight: 4,
		EN: Words{Label: "Seat depth", Feature: "{a v} seat depth", With: "{n} with {a v} seat depth", More: "deeper in the seat", Less: "shallower in the seat"},
		DE: Words{Label: "Sitztiefe", Gender: "f", Feature: "{v} Sitztiefe", With: "{n} mit {v} Sitztiefe"},
	},
	{
		Name: "seat_width", Weight: 3.5,
		EN: Words{Label: "Seat width", Feature: "{a v} seat width", With: "{n} with {a v} seat width", More: "wider in the seat", Less: "narrower in the seat"},
		DE: Words{Label: "Sitzbreite", Gender: "f", Feature: "{v} Sitzbreite", With: "{n} mit {v} Sitzbreite"},
	},
	{
		Name: "seat_height", Weight: 3.5,
		EN: Words{Label: "Seat height", Feature: "{a v} seat height", With: "{n} with {a v} seat height"},
		DE: Words{Label: "Sitzhöhe", Gender: "f", Feature: "{v} Sitzhöhe", With: "{n} mit {v} Sitzhöhe"},
	},
	{
		Name: "backrest_height", Weight: 3,
		EN: Words{Label: "Backrest height", Feature: "{a v} backrest", With: "{n} with {a v} backrest", More: "taller in the back", Less: "lower in the back"},
		DE: Words{Label: "Lehnenhöhe", Gender: "f", Feature: "{v} Lehnenhöhe", With: "{n} mit {v} Lehnenhöhe"},
	},
	{
		Name: "base", Weight: 3.5, LowerValues: true,
		EN: Words{Label: "Base", Feature: "{a v} base", With: "{n} with {a v} base"},
		DE: Words{Label: "Fußkreuz", Gender: "n", Feature: "Fußkreuz aus {v}", With: "{n} mit Fußkreuz aus {v}"},
	},
}

// cleaningTerms are about vacuums and other machines for floors.
var cleaningTerms = []Term{
	{
		Name: "navigation", Weight: 7.5, Extras: []string{"lidar", "lidar and camera"},
		EN: Words{Label: "Navigation", Feature: "{v} navigation", With: "{n} with {v} navigation", Extra: "lidar navigation"},
		DE: Words{Label: "Navigation", Gender: "f", Feature: "Navigation per {v}", With: "{n} mit Navigation per {v}", Extra: "Lidar-Navigation"},
	},
	{
		Name: "self_emptying_station", Aliases: []string{"self_emptying", "auto_empty"}, Weight: 7, Better: 1,
		EN: Words{Label: "Self-emptying station", Feature: "a self-emptying station", With: "{n} with a self-emptying station"},
		DE: Words{Label: "Absaugstation", Gender: "f", Feature: "Absaugstation", With: "{n} mit Absaugstation"},
	},
	{
		Name: "obstacle_height", Aliases: []string{"climb_height"}, Weight: 5, Better: 1,
		EN: Words{Label: "Climbing height", Feature: "{a v} climbing height", With: "{n} with {a v} climbing height", More: "better over thresholds", Less: "weaker over thresholds"},
		DE: Words{Label: "Kletterhöhe", Gender: "f", Feature: "{v} Kletterhöhe", With: "{n} mit {v} Kletterhöhe"},
	},
	{
		Name: "stored_maps", Aliases: []string{"maps"}, Weight: 4.5, Better: 1,
		EN: Words{Label: "Stored maps", Plural: true, Feature: "{v} stored maps", With: "{n} with {v} stored maps"},
		DE: Words{Label: "Gespeicherte Karten", Noun: "Karten", Gender: "p", Feature: "{v} Karten im Speicher", With: "{n} mit {v} Karten"},
	},
	{
		Name: "battery_capacity", Weight: 4, Better: 1,
		EN: Words{Label: "Battery capacity", Feature: "{a v} battery", With: "{n} with {a v} battery", More: "larger in the battery", Less: "smaller in the battery"},
		DE: Words{Label: "Akkukapazität", Gender: "f", Feature: "{v} Akkukapazität", With: "{n} mit {v} Akku"},
	},
	{
		Name: "area_per_charge", Weight: 4.5,
		EN: Words{Label: "Area per charge", Feature: "{v} per charge", With: "{n} for {v} per charge"},
		DE: Words{Label: "Fläche je Ladung", Noun: "Fläche", Gender: "f", Feature: "{v} Fläche je Ladung", With: "{n} für {v} je Ladung"},
	},
	{
		Name: "dust_bag", Weight: 3.5, Better: 1,
		EN: Words{Label: "Dust bag", Feature: "{a v} dust bag", With: "{n} with {a v} dust bag"},
		DE: Words{Label: "Staubbeutel", Gender: "m", Feature: "{v} Staubbeutel", With: "{n} mit {v} Staubbeutel"},
	},
}

// coffeeTerms are about espresso machines.
var coffeeTerms = []Term{
	{
		Name: "boiler", Aliases: []string{"boiler_type", "heating_system"}, Weight: 7, LowerValues: true, Extras: []string{"dual boiler", "heat exchanger"},
		EN: Words{Label: "Boiler", Feature: "{a v}", With: "{n} with {a v}", Extra: "brewing while steaming"},
		DE: Words{Label: "Heizsystem", Gender: "n", Feature: "Heizsystem {v}", With: "{n} mit Heizsystem {v}", Extra: "gleichzeitiges Brühen und Dampfen"},
	},
	{
		Name: "housing", Weight: 4, LowerValues: true,
		EN: Words{Label: "Housing", Feature: "{a v} housing", With: "{n} in {v}"},
		DE: Words{Label: "Gehäuse", Gender: "n", Feature: "Gehäuse aus {v}", With: "{n} mit Gehäuse aus {v}"},
	},
	{
		Name: "cup_height", Aliases: []string{"max_cup_height"}, Weight: 4, Better: 1,
		EN: Words{Label: "Cup clearance", Feature: "{a v} cup clearance", With: "{n} with {a v} cup clearance", More: "roomier for tall cups", Less: "tighter for tall cups"},
		DE: Words{Label: "Tassenhöhe", Gender: "f", Feature: "{v} Tassenhöhe", With: "{n} mit {v} Tassenhöhe"},
	},
	{
		Name: "bean_container", Weight: 4, Better: 1,
		EN: Words{Label: "Bean container", Feature: "{a v} bean container", With: "{n} with {a v} bean container"},
		DE: Words{Label: "Bohnenbehälter", Gender: "m", Feature: "{v} Bohnenbehälter", With: "{n} mit {v} Bohnenbehälter"},
	},
	{
		Name: "grind_settings", Weight: 4, Better: 1,
		EN: Words{Label: "Grind settings", Plural: true, Feature: "{v} grind settings", With: "{n} with {v} grind settings"},
		DE: Words{Label: "Mahlgrade", Gender: "p", Feature: "{v} Mahlgraden", With: "{n} mit {v} Mahlgraden"},
	},
}

// shoeTerms are about running shoes.
var shoeTerms = []Term{
	{
		Name: "lug_depth", Aliases: []string{"lugs"}, Weight: 6,
		EN: Words{Label: "Lug depth", Feature: "{v} lugs", With: "{n} with {v} lugs", More: "deeper in the tread", Less: "flatter in the tread"},
		DE: Words{Label: "Stollenhöhe", Gender: "f", Feature: "{v} Stollenhöhe", With: "{n} mit {v} Stollen"},
	},
	{
		Name: "rock_plate", Weight: 5, Better: 1,
		EN: Words{Label: "Rock plate", Feature: "a rock plate", With: "{n} with a rock plate"},
		DE: Words{Label: "Steinplatte", Gender: "f", Feature: "Steinschutzplatte", With: "{n} mit Steinschutzplatte"},
	},
	{
		Name: "shoe_weight", Weight: 6.5, Better: -1, Bare: true,
		EN: Words{Label: "Weight per shoe", Feature: "{v} per shoe", With: "{n} with {v} per shoe", More: "heavier", Less: "lighter"},
		DE: Words{Label: "Schuhgewicht", Gender: "n", Feature: "{v} je Schuh", With: "{n} mit {v} je Schuh", More: "schwerer", Less: "leichter"},
	},
	{
		Name: "upper", Weight: 4.5, LowerValues: true,
		EN: Words{Label: "Upper", Feature: "{a v} upper", With: "{n} with {a v} upper"},
		DE: Words{Label: "Obermaterial", Gender: "n", Feature: "Obermaterial {v}", With: "{n} mit Obermaterial {v}"},
	},
	{
		Name: "recycled_material", Weight: 3.5, Better: 1,
		EN: Words{Label: "Recycled material", Feature: "{v} recycled material", With: "{n} with {v} recycled material", More: "higher in recycled material", Less: "lower in recycled material"},
		DE: Words{Label: "Recyclinganteil", Gender: "m", Feature: "{v} Recyclinganteil", With: "{n} mit {v} Recyclinganteil"},
	},
	{
		Name: "shoe_width", Weight: 5, LowerValues: true,
		EN: Words{Label: "Width", Feature: "{a v} last", With: "{v} {n}"},
		DE: Words{Label: "Weite", Gender: "f", Feature: "Weite {v}", With: "{n} in Weite {v}"},
	},
}
