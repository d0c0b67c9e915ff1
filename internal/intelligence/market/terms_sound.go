package market

var soundTerms = []Term{
	{
		Name: "noise_cancelling", Aliases: []string{"noise_canceling", "anc"}, Weight: 8, Better: 1,
		EN: Words{Label: "Noise cancelling", Feature: "active noise cancelling", With: "noise-cancelling {n}"},
		DE: Words{Label: "Geräuschunterdrückung", Gender: "f", Feature: "aktiver Geräuschunterdrückung", With: "{n} mit Geräuschunterdrückung"},
	},
	{
		Name: "wireless", Aliases: []string{"cordless"}, Weight: 8, Better: 1,
		EN: Words{Label: "Wireless", Noun: "wireless use", Feature: "wireless use", With: "wireless {n}"},
		DE: Words{Label: "Kabellos", Noun: "kabelloser Betrieb", Dative: "kabellosen Betrieb", Gender: "m", Feature: "kabellosem Betrieb", With: "kabellose {n}"},
	},
	{
		Name: "battery_life", Aliases: []string{"runtime", "run_time", "battery_runtime", "playtime"}, Weight: 8, Better: 1, Yardstick: true,
		EN: Words{Label: "Battery life", Feature: "{v} of battery life", With: "{n} with {v} of battery life", More: "longer-lasting", Less: "shorter-lived"},
		DE: Words{Label: "Akkulaufzeit", Gender: "f", Feature: "{v} Akkulaufzeit", With: "{n} mit {v} Akkulaufzeit", More: "ausdauernder", Less: "kürzer im Betrieb"},
	},
	{
		Name: "microphone", Weight: 5, Better: 1,
		EN: Words{Label: "Microphone", Feature: "a microphone", With: "{n} with a microphone"},
		DE: Words{Label: "Mikrofon", Gender: "n", Feature: "Mikrofon", With: "{n} mit Mikrofon"},
	},
	{
		Name: "enclosure_type", Weight: 6, LowerValues: true,
		EN: Words{Label: "Enclosure", Feature: "{a v} enclosure", With: "{n} with {a v} enclosure"},
		DE: Words{Label: "Bauweise", Gender: "f", Feature: "der Bauweise {v}", With: "{n} der Bauweise {v}"},
	},
	{
		Name: "driver_size", Weight: 3,
		EN: Words{Label: "Driver size", Feature: "{v} drivers", With: "{n} with {v} drivers", More: "larger", Less: "smaller"},
		DE: Words{Label: "Treibergröße", Gender: "f", Feature: "{v} Treibergröße", With: "{n} mit {v} Treibern"},
	},
}
