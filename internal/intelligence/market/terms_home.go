package market

var homeTerms = []Term{
	{
		Name: "pump_pressure", Aliases: []string{"pressure"}, Weight: 3.5,
		EN: Words{Label: "Pump pressure", Feature: "{v} of pump pressure", With: "{n} with {v} of pump pressure", More: "higher in pressure", Less: "lower in pressure"},
		DE: Words{Label: "Pumpendruck", Gender: "m", Feature: "{v} Pumpendruck", With: "{n} mit {v} Pumpendruck"},
	},
	{
		Name: "water_tank", Aliases: []string{"tank", "tank_capacity", "tank_volume", "water_capacity", "water_tank_capacity"}, Weight: 6.5, Better: 1,
		EN: Words{Label: "Water tank", Feature: "{a v} water tank", With: "{n} with {a v} tank", More: "larger in the tank", Less: "smaller in the tank"},
		DE: Words{Label: "Wassertank", Gender: "m", Feature: "{v} Wassertank", With: "{n} mit {v} Wassertank", More: "größer im Tank", Less: "kleiner im Tank"},
	},
	{
		Name: "grinder", Aliases: []string{"built_in_grinder", "integrated_grinder"}, Weight: 8, Better: 1,
		EN: Words{Label: "Grinder", Feature: "a built-in grinder", With: "{n} with a grinder"},
		DE: Words{Label: "Mahlwerk", Gender: "n", Feature: "eingebautem Mahlwerk", With: "{n} mit Mahlwerk"},
	},
	{
		Name: "milk_system", Aliases: []string{"milk_frother", "frother", "steam_wand", "milk"}, Weight: 7, LowerValues: true,
		Extras: []string{"automatic frother", "automatic", "automatic milk system", "automatik", "automatisch"},
		EN:     Words{Label: "Milk frothing", Flag: "a milk frother", Feature: "{a v}", With: "{n} with {a v}", Extra: "automatic frothing"},
		DE:     Words{Label: "Milchaufschäumer", Gender: "m", Flag: "Milchaufschäumer", Feature: "{v}", With: "{n} mit {v}", Extra: "automatisches Aufschäumen"},
	},
	{
		Name: "type", Aliases: []string{"machine_type", "kind"}, Weight: 8, LowerValues: true,
		EN: Words{Label: "Type", Feature: "{a v} design", With: "{v} {n}"},
		DE: Words{Label: "Bauart", Gender: "f", Feature: "Bauart {v}", With: "{n} der Bauart {v}"},
	},
	{
		Name: "heat_up_time", Aliases: []string{"warm_up_time", "heating_time"}, Weight: 5, Better: -1,
		EN: Words{Label: "Warm-up time", Feature: "{a v} warm-up", With: "{n} with {a v} warm-up", More: "slower to heat", Less: "quicker to heat"},
		DE: Words{Label: "Aufheizzeit", Gender: "f", Feature: "{v} Aufheizzeit", With: "{n} mit {v} Aufheizzeit", More: "langsamer warm", Less: "schneller warm"},
	},
	{
		Name: "suction", Aliases: []string{"suction_power"}, Weight: 8, Better: 1, Yardstick: true,
		EN: Words{Label: "Suction", Feature: "{v} of suction", With: "{n} with {v} of suction", More: "stronger", Less: "weaker"},
		DE: Words{Label: "Saugkraft", Gender: "f", Feature: "{v} Saugkraft", With: "{n} mit {v} Saugkraft", More: "stärker", Less: "schwächer"},
	},
	{
		Name: "noise_level", Aliases: []string{"noise", "sound_level", "loudness"}, Weight: 7, Bare: true, Better: -1,
		EN: Words{Label: "Noise", Feature: "{a v} noise level", With: "{n} at {v}", More: "louder", Less: "quieter"},
		DE: Words{Label: "Lautstärke", Gender: "f", Feature: "{v} Lautstärke", With: "{n} mit {v}", More: "lauter", Less: "leiser"},
	},
	{
		Name: "dust_capacity", Aliases: []string{"dust_container", "bin_capacity", "dustbin_capacity", "dust_bin"}, Weight: 5, Better: 1,
		EN: Words{Label: "Dust container", Feature: "{a v} dust container", With: "{n} with {a v} dust container", More: "roomier", Less: "tighter"},
		DE: Words{Label: "Staubbehälter", Gender: "m", Feature: "{v} Staubbehälter", With: "{n} mit {v} Staubbehälter"},
	},
	{
		Name: "hepa", Aliases: []string{"hepa_filter"}, Weight: 5, Better: 1,
		EN: Words{Label: "HEPA filter", Feature: "a HEPA filter", With: "{n} with a HEPA filter"},
		DE: Words{Label: "HEPA-Filter", Gender: "m", Feature: "HEPA-Filter", With: "{n} mit HEPA-Filter"},
	},
	{
		Name: "mopping", Aliases: []string{"mop", "mop_function"}, Weight: 6, Better: 1,
		EN: Words{Label: "Mopping", Feature: "a mop", With: "{n} with a mop"},
		DE: Words{Label: "Wischfunktion", Gender: "f", Feature: "Wischfunktion", With: "{n} mit Wischfunktion"},
	},
	{
		Name: "persons", Aliases: []string{"person_capacity", "sleeps", "people"}, Weight: 9,
		EN: Words{Label: "Persons", Feature: "room for {v}", With: "{n} for {v}", More: "roomier", Less: "tighter"},
		DE: Words{Label: "Personen", Gender: "p", Feature: "Platz für {v}", With: "{n} für {v}"},
	},
	{
		Name: "water_column", Aliases: []string{"hydrostatic_head"}, Weight: 7, Better: 1,
		EN: Words{Label: "Water column", Feature: "{a v} water column", With: "{n} with {v} water column", More: "tighter against rain", Less: "weaker against rain"},
		DE: Words{Label: "Wassersäule", Gender: "f", Feature: "{v} Wassersäule", With: "{n} mit {v} Wassersäule", More: "dichter", Less: "weniger dicht"},
	},
	{
		Name: "season", Weight: 6,
		EN: Words{Label: "Season", Feature: "{a v} rating", With: "{n} rated {v}"},
		DE: Words{Label: "Saison", Gender: "f", Feature: "Saison {v}", With: "{n} für {v}"},
	},
	{
		Name: "volume", Weight: 8, Bare: true, Better: 1, PerUnit: true, Yardstick: true,
		EN: Words{Label: "Volume", Feature: "{v} of volume", With: "{v} {n}", More: "larger", Less: "smaller"},
		DE: Words{Label: "Volumen", Gender: "n", Feature: "{v} Volumen", With: "{n} mit {v}", More: "größer", Less: "kleiner"},
	},
	{
		Name: "temperature_control", Weight: 5.5, Better: 1, LowerValues: true, Extras: []string{"pid"},
		EN: Words{Label: "Temperature control", Flag: "temperature control", Feature: "{v} temperature control", With: "{n} with {v} temperature control", Extra: "PID control"},
		DE: Words{Label: "Temperaturregelung", Gender: "f", Flag: "Temperaturregelung", Feature: "Temperaturregelung ({v})", With: "{n} mit Temperaturregelung ({v})", Extra: "PID-Regelung"},
	},
}
