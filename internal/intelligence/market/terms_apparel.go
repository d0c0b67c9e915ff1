package market

var apparelTerms = []Term{
	{
		Name: "gender", Aliases: []string{"department", "target_group", "audience", "sex"}, Weight: 9,
		EN: Words{
			Label: "Made for", Noun: "intended wearer", Shown: map[string]string{"women": "Women", "men": "Men"}, Feature: "sizing for {v}", With: "{n} for {v}",
			Values: map[string]string{"women": "women", "men": "men", "unisex": "everyone", "female": "women", "male": "men", "kids": "children"},
		},
		DE: Words{
			Label: "Gemacht für", Noun: "Zielgruppe", Gender: "f", Shown: map[string]string{"women": "Damen", "men": "Herren"}, Feature: "Größen für {v}", With: "{n} für {v}",
			Values: map[string]string{"women": "Damen", "men": "Herren", "female": "Damen", "male": "Herren", "kids": "Kinder", "unisex": "alle"},
		},
	},
	{
		Name: "material", Aliases: []string{"fabric", "materials", "upper_material"}, Weight: 7, LowerValues: true,
		EN: Words{Label: "Material", Feature: "{v} as material", With: "{n} made with {v}"},
		DE: Words{Label: "Material", Gender: "n", Feature: "Material {v}", With: "{n} mit {v}"},
	},
	{
		Name: "material_share", Weight: 2,
		EN: Words{Label: "Material share", Feature: "a material share of {v}"},
		DE: Words{Label: "Materialanteil", Gender: "m", Feature: "einem Materialanteil von {v}"},
	},
	{
		Name: "fit", Weight: 6, LowerValues: true,
		EN: Words{Label: "Fit", Feature: "{a v} fit", With: "{n} with {a v} fit", Values: map[string]string{"fitted": "close"}},
		DE: Words{Label: "Passform", Gender: "f", Feature: "Passform {v}", With: "{n} mit Passform {v}"},
	},
	{
		Name: "zip", Aliases: []string{"closure", "zipper", "zip_type", "closure_type"}, Weight: 6.5, LowerValues: true,
		EN: Words{
			Label: "Closure", Feature: "{a v}", With: "{n} with {a v}",
			Values: map[string]string{
				"full": "full zip", "full-zip": "full zip", "full zip": "full zip", "pullover": "pullover cut", "half": "half zip",
				"half-zip": "half zip", "quarter": "quarter zip", "quarter-zip": "quarter zip", "quarter zip": "quarter zip",
			},
		},
		DE: Words{
			Label: "Verschluss", Gender: "m", Feature: "{v}", With: "{n} mit {v}",
			Values: map[string]string{"full": "durchgehendem Reißverschluss", "full zip": "durchgehendem Reißverschluss", "full-zip": "durchgehendem Reißverschluss", "pullover": "Pullover-Schnitt", "quarter zip": "kurzem Reißverschluss", "half zip": "halbem Reißverschluss", "half": "halbem Reißverschluss"},
		},
	},
	{
		Name: "full_zip", Weight: 6.5,
		EN: Words{Label: "Full zip", Noun: "full zip", Feature: "a full zip", With: "full-zip {n}"},
		DE: Words{Label: "Durchgehender Reißverschluss", Noun: "durchgehender Reißverschluss", Gender: "m", Dative: "durchgehenden Reißverschluss", Feature: "durchgehendem Reißverschluss", With: "{n} mit durchgehendem Reißverschluss"},
	},
	{
		Name: "quarter_zip", Weight: 5,
		EN: Words{Label: "Quarter zip", Noun: "quarter zip", Feature: "a quarter zip", With: "quarter-zip {n}"},
		DE: Words{Label: "Kurzer Reißverschluss", Noun: "kurzer Reißverschluss", Gender: "m", Dative: "kurzen Reißverschluss", Feature: "kurzem Reißverschluss", With: "{n} mit kurzem Reißverschluss"},
	},
	{
		Name: "half_zip", Weight: 4,
		EN: Words{Label: "Half zip", Noun: "half zip", Feature: "a half zip", With: "half-zip {n}"},
		DE: Words{Label: "Halber Reißverschluss", Noun: "halber Reißverschluss", Gender: "m", Dative: "halben Reißverschluss", Feature: "halbem Reißverschluss", With: "{n} mit halbem Reißverschluss"},
	},
	{
		Name: "pullover", Weight: 4,
		EN: Words{Label: "Pullover cut", Feature: "a pullover cut", With: "pullover {n}"},
		DE: Words{Label: "Pullover-Schnitt", Gender: "m", Feature: "Pullover-Schnitt", With: "{n} im Pullover-Schnitt"},
	},
	{
		Name: "hood", Aliases: []string{"hooded", "has_hood"}, Weight: 6, Better: 1,
		EN: Words{Label: "Hood", Feature: "a hood", With: "{n} with a hood"},
		DE: Words{Label: "Kapuze", Gender: "f", Feature: "Kapuze", With: "{n} mit Kapuze"},
	},
	{
		Name: "adjustable_hood", Weight: 4, Better: 1,
		EN: Words{Label: "Adjustable hood", Feature: "an adjustable hood", With: "{n} with an adjustable hood"},
		DE: Words{Label: "Verstellbare Kapuze", Noun: "verstellbare Kapuze", Gender: "f", Dative: "verstellbaren Kapuze", Feature: "verstellbarer Kapuze", With: "{n} mit verstellbarer Kapuze"},
	},
	{
		Name: "moisture_wicking", Aliases: []string{"wicking", "sweat_wicking"}, Weight: 6.5, Better: 1,
		EN: Words{Label: "Moisture-wicking", Noun: "moisture wicking", Feature: "moisture-wicking fabric", With: "moisture-wicking {n}"},
		DE: Words{Label: "Feuchtigkeitstransport", Gender: "m", Feature: "feuchtigkeitsableitendem Stoff", With: "feuchtigkeitsableitende {n}"},
	},
	{
		Name: "machine_wash", Aliases: []string{"machine_washable", "washable"}, Weight: 4.5, Better: 1,
		EN: Words{Label: "Machine wash", Feature: "machine-wash care", With: "machine-washable {n}"},
		DE: Words{Label: "Maschinenwäsche", Gender: "f", Feature: "Eignung für die Maschinenwäsche", With: "maschinenwaschbare {n}"},
	},
	{
		Name: "waterproof", Weight: 7, Better: 1,
		EN: Words{Label: "Waterproof", Noun: "waterproofing", Feature: "a waterproof build", With: "waterproof {n}"},
		DE: Words{Label: "Wasserdicht", Noun: "Wasserdichtigkeit", Gender: "f", Feature: "wasserdichtem Aufbau", With: "wasserdichte {n}"},
	},
	{
		Name: "water_resistant", Aliases: []string{"water_repellent", "water_resistance"}, Weight: 7, Better: 1,
		EN: Words{Label: "Water-resistant", Noun: "water resistance", Feature: "a water-resistant shell", With: "water-resistant {n}"},
		DE: Words{Label: "Wasserabweisend", Noun: "Wasserabweisung", Gender: "f", Feature: "wasserabweisendem Stoff", With: "wasserabweisende {n}"},
	},
	{
		Name: "windproof", Aliases: []string{"wind_resistant", "wind_proof"}, Weight: 5.5, Better: 1,
		EN: Words{Label: "Wind protection", Feature: "wind protection", With: "{n} with wind protection"},
		DE: Words{Label: "Windschutz", Gender: "m", Feature: "Windschutz", With: "{n} mit Windschutz"},
	},
	{
		Name: "breathable", Weight: 5, Better: 1,
		EN: Words{Label: "Breathable", Noun: "breathability", Feature: "breathable fabric", With: "breathable {n}"},
		DE: Words{Label: "Atmungsaktiv", Noun: "Atmungsaktivität", Gender: "f", Feature: "atmungsaktivem Stoff", With: "atmungsaktive {n}"},
	},
	{
		Name: "insulated", Aliases: []string{"insulation"}, Weight: 6, Better: 1,
		EN: Words{Label: "Insulated", Noun: "insulation", Feature: "insulation", With: "insulated {n}"},
		DE: Words{Label: "Gefüttert", Noun: "Isolierung", Gender: "f", Feature: "wärmendem Futter", With: "gefütterte {n}"},
	},
	{
		Name: "fleece", Aliases: []string{"fleece_lined", "fleece_lining"}, Weight: 5.5, Better: 1,
		EN: Words{Label: "Fleece", Feature: "fleece", With: "{n} with fleece"},
		DE: Words{Label: "Fleece", Gender: "n", Feature: "Fleece", With: "{n} mit Fleece"},
	},
	{
		Name: "reversible", Weight: 5, Better: 1,
		EN: Words{Label: "Reversible", Noun: "reversible design", Feature: "a reversible design", With: "reversible {n}"},
		DE: Words{Label: "Wendbar", Noun: "Wendbarkeit", Gender: "f", Feature: "wendbarem Schnitt", With: "wendbare {n}"},
	},
	{
		Name: "pockets", Aliases: []string{"pocket", "pocket_type"}, Weight: 4.5, LowerValues: true, Better: 1,
		EN: Words{Label: "Pockets", Plural: true, Feature: "pockets", With: "{n} with pockets"},
		DE: Words{Label: "Taschen", Gender: "p", Feature: "Taschen", With: "{n} mit Taschen"},
	},
	{
		Name: "thumb_holes", Aliases: []string{"thumbholes"}, Weight: 3, Better: 1,
		EN: Words{Label: "Thumb holes", Plural: true, Feature: "thumb holes", With: "{n} with thumb holes"},
		DE: Words{Label: "Daumenlöcher", Gender: "p", Feature: "Daumenlöchern", With: "{n} mit Daumenlöchern"},
	},
	{
		Name: "reflective", Aliases: []string{"reflectivity"}, Weight: 4, Better: 1,
		EN: Words{Label: "Reflective trim", Feature: "reflective trim", With: "{n} with reflective trim"},
		DE: Words{Label: "Reflektoren", Gender: "p", Feature: "Reflektoren", With: "{n} mit Reflektoren"},
	},
	{
		Name: "uv_protection", Weight: 4, Better: 1,
		EN: Words{Label: "UV protection", Feature: "UV protection", With: "{n} with UV protection"},
		DE: Words{Label: "UV-Schutz", Gender: "m", Feature: "UV-Schutz", With: "{n} mit UV-Schutz"},
	},
	{
		Name: "sizes", Aliases: []string{"size", "clothing_size", "shoe_size"}, Weight: 3,
		EN: Words{Label: "Sizes", Plural: true, Feature: "sizes {v}", With: "{n} in size {v}"},
		DE: Words{Label: "Größen", Gender: "p", Feature: "den Größen {v}", With: "{n} in Größe {v}"},
	},
	{
		Name: "colours", Aliases: []string{"colour", "color", "colors"}, Weight: 2,
		EN: Words{Label: "Color", Feature: "{v} as color", With: "{n} in {v}"},
		DE: Words{Label: "Farbe", Gender: "f", Feature: "Farbe {v}", With: "{n} in {v}"},
	},
	{
		Name: "size_choice", Aliases: []string{"available_sizes"}, Weight: 2,
		EN: Words{Label: "Sizes on offer", Plural: true, Feature: "sizes {v}", With: "{n} in size {v}"},
		DE: Words{Label: "Größenauswahl", Gender: "f", Feature: "den Größen {v}", With: "{n} in Größe {v}"},
	},
	{
		Name: "colour_choice", Aliases: []string{"available_colours"}, Weight: 2,
		EN: Words{Label: "Colors on offer", Plural: true, Feature: "a choice of {v}", With: "{n} in {v}"},
		DE: Words{Label: "Farbauswahl", Gender: "f", Feature: "den Farben {v}", With: "{n} in {v}"},
	},
	{
		Name: "quick_drying", Weight: 5, Better: 1,
		EN: Words{Label: "Quick-drying", Noun: "quick drying", Feature: "quick-drying fabric", With: "quick-drying {n}"},
		DE: Words{Label: "Schnelltrocknend", Noun: "schnelles Trocknen", Feature: "schnelltrocknendem Stoff", With: "schnelltrocknende {n}"},
	},
	{
		Name: "lightweight", Weight: 4.5, Better: 1,
		EN: Words{Label: "Lightweight", Noun: "low weight", Feature: "a lightweight build", With: "lightweight {n}"},
		DE: Words{Label: "Leicht", Noun: "geringes Gewicht", Feature: "leichtem Aufbau", With: "leichte {n}"},
	},
	{
		Name: "line_dry", Weight: 2,
		EN: Words{Label: "Line dry", Noun: "line drying", Feature: "line-dry care", With: "{n} to dry on the line"},
		DE: Words{Label: "Lufttrocknung", Gender: "f", Feature: "Lufttrocknung", With: "{n} für die Lufttrocknung"},
	},
	{
		Name: "odor_resistant", Weight: 4, Better: 1,
		EN: Words{Label: "Odor-resistant", Noun: "odor resistance", Feature: "odor-resistant fabric", With: "odor-resistant {n}"},
		DE: Words{Label: "Geruchshemmend", Noun: "Geruchshemmung", Gender: "f", Feature: "geruchshemmendem Stoff", With: "geruchshemmende {n}"},
	},
	{
		Name: "antimicrobial", Weight: 3, Better: 1,
		EN: Words{Label: "Antimicrobial", Noun: "antimicrobial finish", Feature: "an antimicrobial finish", With: "{n} with an antimicrobial finish"},
		DE: Words{Label: "Antibakteriell", Noun: "antibakterielle Ausrüstung", Dative: "antibakteriellen Ausrüstung", Gender: "f", Feature: "antibakterieller Ausrüstung", With: "antibakterielle {n}"},
	},
	{
		Name: "hand_pockets", Weight: 3.5, Better: 1,
		EN: Words{Label: "Hand pockets", Plural: true, Feature: "hand pockets", With: "{n} with hand pockets"},
		DE: Words{Label: "Handtaschen am Bund", Gender: "p", Dative: "Handtaschen am Bund", Feature: "Einschubtaschen", With: "{n} mit Einschubtaschen"},
	},
	{
		Name: "kangaroo_pocket", Weight: 3.5, Better: 1,
		EN: Words{Label: "Kangaroo pocket", Feature: "a kangaroo pocket", With: "{n} with a kangaroo pocket"},
		DE: Words{Label: "Kängurutasche", Gender: "f", Feature: "Kängurutasche", With: "{n} mit Kängurutasche"},
	},
	{
		Name: "flat_seams", Weight: 3.5, Better: 1,
		EN: Words{Label: "Flat seams", Plural: true, Feature: "flat seams", With: "{n} with flat seams"},
		DE: Words{Label: "Flachnähte", Gender: "p", Feature: "Flachnähten", With: "{n} mit Flachnähten"},
	},
	{
		Name: "pre_shrunk", Weight: 2, Better: 1,
		EN: Words{Label: "Pre-shrunk", Noun: "pre-shrunk fabric", Feature: "pre-shrunk fabric", With: "pre-shrunk {n}"},
		DE: Words{Label: "Vorgewaschen", Noun: "vorgewaschener Stoff", Dative: "vorgewaschenen Stoff", Gender: "m", Feature: "vorgewaschenem Stoff", With: "vorgewaschene {n}"},
	},
	{
		Name: "stretch", Weight: 4.5, Better: 1,
		EN: Words{Label: "Stretch", Feature: "stretch fabric", With: "stretch {n}"},
		DE: Words{Label: "Stretch", Gender: "m", Feature: "Stretch-Stoff", With: "{n} mit Stretch"},
	},
	{
		Name: "tagless", Weight: 2, Better: 1,
		EN: Words{Label: "Tagless", Noun: "tagless neck", Feature: "a tagless neck", With: "tagless {n}"},
		DE: Words{Label: "Ohne Etikett", Noun: "Nacken ohne Etikett", Gender: "m", Feature: "einem Nacken ohne Etikett", With: "{n} ohne Etikett"},
	},
	{
		Name: "styling", Weight: 5.5, LowerValues: true,
		EN: Words{Label: "Styling", Feature: "{v} styling", With: "{v} {n}"},
		DE: Words{Label: "Machart", Gender: "f", Feature: "der Machart {v}", With: "{n} der Machart {v}"},
	},
	{
		Name: "eco_collection", Weight: 4,
		EN: Words{Label: "Eco collection", Feature: "a place in the merchant's eco collection", With: "{n} from the eco collection"},
		DE: Words{Label: "Öko-Kollektion", Gender: "f", Feature: "Zugehörigkeit zur Öko-Kollektion", With: "{n} aus der Öko-Kollektion"},
	},
	{
		Name: "performance_fabric", Weight: 4, Better: 1,
		EN: Words{Label: "Performance fabric", Feature: "performance fabric", With: "{n} with performance fabric"},
		DE: Words{Label: "Funktionsstoff", Gender: "m", Feature: "Funktionsstoff", With: "{n} mit Funktionsstoff"},
	},
	{
		Name: "climate", Weight: 6, LowerValues: true,
		EN: Words{Label: "Climate", Feature: "a make for {v} weather", With: "{n} for {v} weather", Values: map[string]string{"indoor": "indoor", "all-weather": "all kinds of"}},
		DE: Words{Label: "Wetter", Gender: "n", Feature: "Eignung für {v}", With: "{n} für {v}"},
	},
	{
		Name: "pattern", Weight: 2, LowerValues: true,
		EN: Words{Label: "Pattern", Feature: "{a v} pattern", With: "{v} {n}"},
		DE: Words{Label: "Muster", Gender: "n", Feature: "Muster {v}", With: "{n} mit Muster {v}"},
	},
	{
		Name: "sleeve", Aliases: []string{"sleeve_length", "sleeves"}, Weight: 4, LowerValues: true,
		EN: Words{Label: "Sleeves", Plural: true, Feature: "{v} sleeves", With: "{n} with {v} sleeves"},
		DE: Words{Label: "Ärmel", Gender: "p", Feature: "Ärmellänge {v}", With: "{n} mit Ärmellänge {v}"},
	},
	{
		Name: "collar", Aliases: []string{"neck", "neckline"}, Weight: 4, LowerValues: true,
		EN: Words{Label: "Collar", Feature: "{a v} collar", With: "{n} with {a v} collar"},
		DE: Words{Label: "Kragen", Gender: "m", Feature: "Kragen {v}", With: "{n} mit Kragen {v}"},
	},
	{
		Name: "drop", Aliases: []string{"heel_drop", "heel_to_toe_drop"}, Weight: 8,
		EN: Words{Label: "Drop", Feature: "{a v} drop", With: "{n} with {v} drop", More: "higher in the heel", Less: "flatter"},
		DE: Words{Label: "Sprengung", Gender: "f", Feature: "{v} Sprengung", With: "{n} mit {v} Sprengung", More: "höher an der Ferse", Less: "flacher"},
	},
	{
		Name: "stack_height", Weight: 5,
		EN: Words{Label: "Stack height", Feature: "{a v} stack", With: "{n} with {a v} stack", More: "taller", Less: "lower to the ground"},
		DE: Words{Label: "Sohlenhöhe", Gender: "f", Feature: "{v} Sohlenhöhe", With: "{n} mit {v} Sohlenhöhe"},
	},
	{
		Name: "cushioning", Weight: 7, LowerValues: true,
		EN: Words{Label: "Cushioning", Feature: "{v} cushioning", With: "{n} with {v} cushioning"},
		DE: Words{Label: "Dämpfung", Gender: "f", Feature: "Dämpfung {v}", With: "{n} mit Dämpfung {v}"},
	},
	{
		Name: "terrain", Aliases: []string{"surface"}, Weight: 7, LowerValues: true,
		EN: Words{Label: "Terrain", Feature: "a sole for {v} terrain", With: "{n} for {v} terrain", Values: map[string]string{"mud": "muddy"}},
		DE: Words{Label: "Untergrund", Gender: "m", Feature: "Sohle für {v}", With: "{n} für {v}"},
	},
}
