package match

import "strings"

func wordSet(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// stopWords say nothing about a product, in English and German.
var stopWords = wordSet(`the an and or of for with in on by to from at as is it its your you this that new
	der die das den dem des ein eine und oder von fur mit im am auf zu aus ist neu ihr inkl incl`)

// units maps the ways to write a unit to one.
var units = pairs(`in: " ' inch inches in zoll
	ft: ft foot feet
	cm: cm
	mm: mm
	m: m meter meters metre metres
	gb: gb gig gigabyte gigabytes
	mb: mb megabyte megabytes
	tb: tb terabyte terabytes
	w: w watt watts
	v: v volt volts
	hz: hz
	mhz: mhz
	ghz: ghz
	mp: mp megapixel megapixels
	x: x
	kg: kg
	g: g gram grams gramm
	lb: lb lbs pound pounds
	oz: oz ounce ounces
	l: l liter liters litre litres
	ml: ml
	mah: mah
	user: user users usr u benutzer seat seats
	pack: pack packs pk pcs piece pieces stuck stk er
	port: port ports
	disc: disc discs cd cds
	year: year years yr yrs jahr jahre
	cup: cup cups tasse tassen`)

// sameAs maps words of product names to the word that stands for them: shortenings
// that shops use, spellings, and colors in German.
var sameAs = pairs(`professional: pro prof
	standard: std
	deluxe: dlx
	edition: ed edn
	upgrade: upg upgrd
	license: lic licence lizenz licensing
	windows: win
	server: svr srvr srv
	package: pkg
	management: mgmt mgt
	enterprise: ent
	software: sw
	system: sys
	version: ver vers
	academic: acad edu education
	international: intl
	business: bus
	maintenance: maint
	subscription: subscr
	complete: cmplt
	connection: conn
	english: eng englisch
	macintosh: mac osx
	exchange: exch
	external: ext extrn
	adapter: adaptor
	color: colour farbe
	grey: gray grau
	black: schwarz blk
	white: weiss wht
	red: rot
	blue: blau
	green: grun
	yellow: gelb
	pink: rosa
	brown: braun
	silver: silber
	gold: golden
	purple: violet lila violett
	stainless: edelstahl inox
	wireless: kabellos cordless funk
	television: tv fernseher
	headphone: kopfhorer
	speaker: lautsprecher
	refrigerator: fridge kuhlschrank
	keyboard: tastatur
	printer: drucker
	monitor: display`)

// colors are the words that name a color, in the form of sameAs.
var colors = wordSet(`black white silver red blue green yellow pink grey brown gold purple stainless orange beige bronze copper titanium graphite`)

// choices are the groups of words of which a product has at most one: when both
// names state one and not the same, they are two products.
var choices = []map[string]bool{
	wordSet(`standard professional deluxe premium enterprise ultimate basic home lite starter essential`),
	wordSet(`upgrade`),
	wordSet(`academic`),
	wordSet(`windows macintosh linux unix solaris`),
	wordSet(`ps2 ps3 ps4 ps5 psp xbox xbox360 wii gamecube`),
}

// pairs reads "form: other other" lines to a map from each other to its form. The
// form itself maps to itself.
func pairs(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		form, others, _ := strings.Cut(line, ":")
		form = strings.TrimSpace(form)
		for _, o := range strings.Fields(others) {
			out[o] = form
		}
		if _, taken := out[form]; !taken {
			out[form] = form
		}
	}
	return out
}
