package extract

import (
	"cmp"
	"slices"
	"strings"
)

// safeCurrencies are the codes of ISO 4217 in use, some of the past, and the symbols
// and words that mean a currency wherever they stand.
const safeCurrencies = `
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf clf clp cny
cop crc cuc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils
inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl ltl lyd mad mdl mga mkd mmk mnt mop mro
mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sdg sek
sgd shp sll sos srd ssp std stn svc syp szl thb tjs tmt tnd try ttd twd tzs uah ugx usd uyu uzs vef ves vnd vuv wst xaf xcd
xof xpf yer zar zmw zwl dem frf itl esp pte ats bef grd nlg fim btc eth ltc
$ € £ ¥ ₩ ₽ ₹ ₺ ₴ ₪ ₫ ₱ ₦ ₡ ₲ ₵ ₸ ₮ ₭ ₼ ₾ ₿ ₤ ₣ ₧ ₨ ₥ ₠ ₢ ₯ ₰ ₳ ₶ ₷ ₻ ¢ ￡ ￥ ￠ ￦ ＄ ฿ ៛ ﷼ ƒ ؋ 元 円 圓 圆 원 ৳ ৲ 人民币
us$ usd$ a$ au$ aud$ c$ ca$ cad$ can$ nz$ hk$ nt$ s$ sg$ r$ mx$ ar$ cl$ co$ bz$ bn$ bb$ bbd$ bds$ j$ ja$ tt$ t$ z$ n$ rd$ ec$ fj$ l$ lib$ sr$ si$ ws$
cv$ cuc$ mop$ gy$ g$ $u $b e£ lb£ sy£ l£ cn¥ gh₵ gh¢ r₣
zł zl zlot zloty złoty złotych kč kčs kc korun euro euros dollar dollars pound pounds sterling stg yen yuan franc francs sfr sfr. fr. ft forint
руб руб. рублей рубля рубль грн грн. гривень lei leu лв лв. тг тенге сум so'm soʻm so‘m som sum ден ден. дин дин. дин din din. km км kr. ₴. lari ლარი ლ
rs rs. rbl hrn nis ש"ח ש״ח ש'ח ₪. vnđ vnd. tl rp rp. ksh kshs kd dhs dh rm rf fbu frw gfr gbp. cnd nzd$ kwz mkd.
درهم ريال جنيه دينار ج.م ج.م. د.إ د.أ د.ا د.ك د.ب .د.ب د.ج د.ت د.م د.م. د.ل د.ع ع.د ر.س ر.ع ر.ع. ر.ق ر.ي ل.ل ل.س ل.د ج.س ج.س. ش.ج ش.ص دج نافكا د.
บาท රු ரூ ብር ናቕፋ රු. रु रु.
`

// shortCurrencies mean a currency only beside a number or alone.
const shortCurrencies = `
kr kr. kr, r p p. k ks l lt q b s e g d m mt nu ar bs bs. br b/. s/ s/. s' sʻ sl spl esc vt nt re ru rub. id us u$s t sh shs zk
р р. Р. с сом ф м лв د ل pte. gy đ дин ֏
`

// endings may follow a currency's word: its cases in Slavic languages.
var endings = map[string]bool{"лей": true, "ля": true, "ль": true, "лях": true, "ів": true}

// threeDecimals are the currencies with thousandths.
var threeDecimals = map[string]bool{
	"kwd": true, "kd": true, "bhd": true, "omr": true, "jod": true, "tnd": true, "lyd": true, "iqd": true,
	"د.ك": true, "د.ب": true, ".د.ب": true, "ر.ع": true, "ر.ع.": true, "د.ت": true, "د.ل": true,
}

var (
	currencyNames = byFirstRune(safeCurrencies)
	shortNames    = byFirstRune(shortCurrencies)
)

// byFirstRune returns names by their first rune, the longest first.
func byFirstRune(list string) map[rune][]string {
	out := map[rune][]string{}
	for _, name := range strings.Fields(strings.ToLower(list)) {
		r := firstRune(name)
		out[r] = append(out[r], name)
		if country, ok := strings.CutSuffix(name, "$"); ok && len(country) >= 2 {
			out[r] = append(out[r], country+" $")
		}
	}
	for r := range out {
		slices.SortStableFunc(out[r], func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	}
	return out
}
