package market

// foodTerms are what labels of food state. Amounts are in 100 g or 100 ml. Better says
// which end of a list comes first, never what is good for anybody: texts must not speak
// of effects (Regulation (EC) No 1924/2006).
var foodTerms = []Term{
	{
		Name: "cocoa", Weight: 9, Better: 1,
		EN: Words{Label: "Cocoa", Noun: "cocoa share", Feature: "{v} cocoa", With: "{n} with {v} cocoa", AtLeast: "{n} with at least {v} cocoa", AtMost: "{n} with at most {v} cocoa"},
		DE: Words{Label: "Kakao", Noun: "Kakaoanteil", Gender: "m", Feature: "{v} Kakao", With: "{n} mit {v} Kakao", AtLeast: "{n} mit mindestens {v} Kakao", AtMost: "{n} mit höchstens {v} Kakao"},
	},
	{
		Name: "sugar", Weight: 8, Better: -1, Yardstick: true,
		EN: Words{Label: "Sugar", Feature: "{v} of sugar", With: "{n} with {v} of sugar", AtMost: "{n} with at most {v} of sugar", AtLeast: "{n} with at least {v} of sugar"},
		DE: Words{Label: "Zucker", Gender: "m", Feature: "{v} Zucker", With: "{n} mit {v} Zucker", AtMost: "{n} mit höchstens {v} Zucker", AtLeast: "{n} mit mindestens {v} Zucker"},
	},
	{
		Name: "ingredient_count", Weight: 7, Better: -1,
		EN: Words{Label: "Ingredients", Noun: "number of ingredients", Feature: "{v} ingredients", With: "{n} with {v} ingredients", AtMost: "{n} with at most {v} ingredients", AtLeast: "{n} with at least {v} ingredients"},
		DE: Words{Label: "Zutaten", Noun: "Zahl der Zutaten", Gender: "f", Feature: "{v} Zutaten", With: "{n} mit {v} Zutaten", AtMost: "{n} mit höchstens {v} Zutaten", AtLeast: "{n} mit mindestens {v} Zutaten"},
	},
	{
		Name: "without_palm", Weight: 7, Denied: true,
		EN: Words{Label: "No palm oil listed", Noun: "no palm oil listed", Feature: "no palm oil listed", With: "{n} without palm oil", Has: "names no palm oil in its list of ingredients", Have: "name no palm oil in their list of ingredients"},
		DE: Words{Label: "Ohne Palmöl", Noun: "ohne Palmöl", Feature: "einer Zutatenliste ohne Palmöl", With: "{n} ohne Palmöl", Has: "kommt laut Zutatenliste ohne Palmöl aus", Have: "kommen ohne Palmöl aus"},
	},
	{
		Name: "organic", Weight: 7,
		EN: Words{Label: "Organic", Noun: "organic", Feature: "organic farming stated", With: "organic {n}", Has: "is stated to be organic", Have: "are stated to be organic"},
		DE: Words{Label: "Bio", Noun: "Bio", Feature: "Bio-Angabe", With: "Bio-{n}", Has: "trägt die Angabe „Bio“", Have: "tragen die Angabe „Bio“"},
	},
	{
		Name: "gluten_free", Weight: 7,
		EN: Words{Label: "Gluten-free (stated)", Noun: "stated as gluten-free", Feature: "the word gluten-free", With: "{n} stated as gluten-free", Has: "is stated to be gluten-free", Have: "are stated to be gluten-free"},
		DE: Words{Label: "Glutenfrei (angegeben)", Noun: "als glutenfrei angegeben", Feature: "der Angabe „glutenfrei“", With: "{n} mit der Angabe „glutenfrei“", Has: "trägt die Angabe „glutenfrei“", Have: "tragen die Angabe „glutenfrei“"},
	},
	{
		Name: "lactose_free", Weight: 6,
		EN: Words{Label: "Lactose-free (stated)", Noun: "stated as lactose-free", Feature: "the word lactose-free", With: "{n} stated as lactose-free", Has: "is stated to be lactose-free", Have: "are stated to be lactose-free"},
		DE: Words{Label: "Laktosefrei (angegeben)", Noun: "als laktosefrei angegeben", Feature: "der Angabe „laktosefrei“", With: "{n} mit der Angabe „laktosefrei“", Has: "trägt die Angabe „laktosefrei“", Have: "tragen die Angabe „laktosefrei“"},
	},
	{
		Name: "no_additives", Weight: 6.5, Denied: true,
		EN: Words{Label: "No additives listed", Noun: "no additives listed", Feature: "no additives listed", With: "{n} without additives listed", Has: "names no additives", Have: "name no additives"},
		DE: Words{Label: "Ohne Zusatzstoffe", Noun: "ohne Zusatzstoffe", Feature: "einer Zutatenliste ohne Zusatzstoffe", With: "{n} ohne Zusatzstoffe", Has: "kommt laut Zutatenliste ohne Zusatzstoffe aus", Have: "kommen ohne Zusatzstoffe aus"},
	},
	{
		Name: "no_sugar_listed", Weight: 6, Denied: true,
		EN: Words{Label: "No sugar listed", Noun: "no sugar listed", Feature: "no sugar listed", With: "{n} without sugar listed", Has: "names no sugar in its list of ingredients", Have: "name no sugar in their list of ingredients"},
		DE: Words{Label: "Kein Zucker auf der Zutatenliste", Noun: "kein Zucker auf der Zutatenliste", Feature: "einer Zutatenliste ohne Zucker", With: "{n} ohne Zucker auf der Zutatenliste", Facet: "ohne Zucker auf der Liste", Has: "führt keinen Zucker auf der Zutatenliste", Have: "führen keinen Zucker auf der Liste"},
	},
	{
		Name: "sweeteners", Weight: 4,
		EN: Words{Label: "Sweeteners", Noun: "sweeteners", Plural: true, Feature: "sweeteners", With: "{n} with sweeteners", Has: "holds sweeteners", Have: "hold sweeteners"},
		DE: Words{Label: "Süßungsmittel", Noun: "Süßungsmittel", Gender: "p", Feature: "Süßungsmitteln", With: "{n} mit Süßungsmitteln", Has: "enthält Süßungsmittel", Have: "enthalten Süßungsmittel"},
	},
	{
		Name: "protein", Weight: 5.5, Better: 1,
		EN: Words{Label: "Protein", Feature: "{v} of protein", With: "{n} with {v} of protein", AtLeast: "{n} with at least {v} of protein", AtMost: "{n} with at most {v} of protein"},
		DE: Words{Label: "Eiweiß", Gender: "n", Feature: "{v} Eiweiß", With: "{n} mit {v} Eiweiß", AtLeast: "{n} mit mindestens {v} Eiweiß", AtMost: "{n} mit höchstens {v} Eiweiß"},
	},
	{
		Name: "fiber", Weight: 5.5, Better: 1,
		EN: Words{Label: "Fiber", Feature: "{v} of fiber", With: "{n} with {v} of fiber", AtLeast: "{n} with at least {v} of fiber", AtMost: "{n} with at most {v} of fiber"},
		DE: Words{Label: "Ballaststoffe", Gender: "p", Feature: "{v} Ballaststoffen", With: "{n} mit {v} Ballaststoffen", AtLeast: "{n} mit mindestens {v} Ballaststoffen", AtMost: "{n} mit höchstens {v} Ballaststoffen"},
	},
	{
		Name: "fat", Weight: 6, Better: -1,
		EN: Words{Label: "Fat", Feature: "{v} of fat", With: "{n} with {v} of fat", AtMost: "{n} with at most {v} of fat", AtLeast: "{n} with at least {v} of fat"},
		DE: Words{Label: "Fett", Gender: "n", Feature: "{v} Fett", With: "{n} mit {v} Fett", AtMost: "{n} mit höchstens {v} Fett", AtLeast: "{n} mit mindestens {v} Fett"},
	},
	{
		Name: "saturated_fats", Weight: 4.5, Better: -1,
		EN: Words{Label: "Saturated fat", Feature: "{v} of saturated fat", With: "{n} with {v} of saturated fat", AtMost: "{n} with at most {v} of saturated fat", AtLeast: "{n} with at least {v} of saturated fat"},
		DE: Words{Label: "Gesättigte Fettsäuren", Noun: "gesättigte Fettsäuren", Gender: "p", Dative: "gesättigten Fettsäuren", Feature: "{v} gesättigten Fettsäuren", With: "{n} mit {v} gesättigten Fettsäuren", AtMost: "{n} mit höchstens {v} gesättigten Fettsäuren", AtLeast: "{n} mit mindestens {v} gesättigten Fettsäuren"},
	},
	{
		Name: "salt", Weight: 5, Better: -1,
		EN: Words{Label: "Salt", Feature: "{v} of salt", With: "{n} with {v} of salt", AtMost: "{n} with at most {v} of salt", AtLeast: "{n} with at least {v} of salt"},
		DE: Words{Label: "Salz", Gender: "n", Feature: "{v} Salz", With: "{n} mit {v} Salz", AtMost: "{n} mit höchstens {v} Salz", AtLeast: "{n} mit mindestens {v} Salz"},
	},
	{
		Name: "carbohydrate", Weight: 3,
		EN: Words{Label: "Carbohydrate", Feature: "{v} of carbohydrate", With: "{n} with {v} of carbohydrate", AtMost: "{n} with at most {v} of carbohydrate", AtLeast: "{n} with at least {v} of carbohydrate"},
		DE: Words{Label: "Kohlenhydrate", Gender: "p", Feature: "{v} Kohlenhydraten", With: "{n} mit {v} Kohlenhydraten", AtMost: "{n} mit höchstens {v} Kohlenhydraten", AtLeast: "{n} mit mindestens {v} Kohlenhydraten"},
	},
	{
		Name: "first_ingredient", Weight: 5,
		EN: Words{Label: "First ingredient", Feature: "{v} as the first ingredient", With: "{n} made first of {v}", Facet: "{v} first"},
		DE: Words{Label: "Erste Zutat", Noun: "erste Zutat", Gender: "f", Dative: "ersten Zutat", Feature: "{v} als erster Zutat", With: "{n} mit {v} als erster Zutat", Facet: "{v} als erste Zutat"},
	},
	{
		Name: "top_ingredients", Weight: 4.5,
		EN: Words{Label: "First ingredients", Noun: "first ingredients", Plural: true, Feature: "{v} first", With: "{n}: {v} among the first ingredients"},
		DE: Words{Label: "Zutaten zu Beginn der Liste", Noun: "Zutaten zu Beginn der Liste", Gender: "p", Dative: "Zutaten zu Beginn der Liste", Feature: "{v} zu Beginn der Liste", With: "{n}: {v} unter den ersten Zutaten"},
	},
	{
		Name: "allergens", Weight: 4,
		EN: Words{Label: "Allergens listed", Noun: "allergens listed", Plural: true, Feature: "{v} on the list", With: "{n} with {v} on the list", Facet: "with {v}"},
		DE: Words{
			Label: "Allergene laut Liste", Noun: "Allergene laut Liste", Gender: "p", Dative: "Allergenen laut Liste",
			Feature: "{v} auf der Zutatenliste", With: "{n} mit {v} auf der Zutatenliste", Facet: "mit {v}",
			Values: map[string]string{"schalenfrüchte": "Schalenfrüchten", "erdnüsse": "Erdnüssen", "sulfite": "Sulfiten"},
		},
	},
	{
		Name: "additives", Weight: 4,
		EN: Words{Label: "Additives listed", Noun: "additives listed", Plural: true, Feature: "{v}", With: "{n} with {v}"},
		DE: Words{Label: "Zusatzstoffe laut Liste", Noun: "Zusatzstoffe laut Liste", Gender: "p", Dative: "Zusatzstoffen laut Liste", Feature: "{v}", With: "{n} mit {v}", Facet: "mit {v}"},
	},
	{
		Name: "content", Weight: 4,
		EN: Words{Label: "Pack", Noun: "pack size", Feature: "{v}", With: "{n} in packs of {v}"},
		DE: Words{Label: "Inhalt", Noun: "Inhalt", Gender: "m", Feature: "{v} Inhalt", With: "{n} mit {v} Inhalt"},
	},
}
