// Package bot tells programs from people by the User-Agent header. It has no list of
// crawlers: programs that are honest say what they are, give an address to complain
// to, or do not claim to be a browser on a device. A program that copies a browser's
// header exactly cannot be told by it, and is not meant to be.
package bot

import "strings"

// Reason says why a User-Agent is a program's.
type Reason string

// The reasons, in the order in which they are tried.
const (
	ReasonNone     Reason = ""         // a person's browser or app, as far as it tells
	ReasonEmpty    Reason = "empty"    // no header, or nothing that could be a name
	ReasonWord     Reason = "word"     // it names its trade: bot, crawler, monitor, preview
	ReasonLibrary  Reason = "library"  // an HTTP library or command-line tool
	ReasonContact  Reason = "contact"  // an address or e-mail for webmasters, which no browser has
	ReasonHeadless Reason = "headless" // a browser without a screen
	ReasonShape    Reason = "shape"    // a remark where browsers have none
	ReasonForeign  Reason = "foreign"  // no engine, system or device of a person
	ReasonAttack   Reason = "attack"   // code where a name belongs
)

// maxAgent is how much of a header is looked at.
const maxAgent = 1024

// Detect says whether a User-Agent header is a program's, and why. It takes some
// tens of microseconds.
func Detect(agent string) Reason {
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	agent = strings.TrimSpace(agent)
	lower := strings.ToLower(agent)
	if len(agent) < 3 || !strings.ContainsFunc(lower, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
		return ReasonEmpty
	}
	plain := notTrade.Replace(lower)
	browser := strings.HasPrefix(agent, "Mozilla/")
	switch {
	case attackWords.in(lower):
		return ReasonAttack
	case isPeople(lower):
		return ReasonNone
	case tradeWords.in(plain), strings.Contains(agent, "SEO"), camelBot(agent):
		return ReasonWord
	case headlessWords.in(lower):
		return ReasonHeadless
	case strings.Contains(lower, "like gecko; "), strings.Contains(lower, "like gecko, compatible"), strings.Contains(lower, ") (compatible;"):
		return ReasonShape
	case contactWords.in(plain), strings.ContainsRune(plain, '@') && mail(plain), !browser && domain(lower):
		return ReasonContact
	case !browser && libraryWords.in(plain):
		return ReasonLibrary
	case !engineWords.in(lower):
		return ReasonForeign
	}
	return ReasonNone
}

// Is reports whether a User-Agent header is a program's.
func Is(agent string) bool { return Detect(agent) != ReasonNone }

// camelBot finds "Bot" within a name, as in "FooBotBar".
func camelBot(agent string) bool {
	for rest := agent; ; {
		i := strings.Index(rest, "Bot")
		if i < 0 {
			return false
		}
		rest = rest[i+3:]
		if rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
			return true
		}
	}
}

func isPeople(lower string) bool {
	for _, p := range peopleBegins {
		if strings.HasPrefix(lower, p) {
			return true
		}
	}
	return peopleWords.in(lower)
}

// mail finds an e-mail address.
func mail(lower string) bool {
	i := strings.IndexByte(lower, '@')
	if i <= 0 || !isWord(lower[i-1]) {
		return false
	}
	host := lower[i+1:]
	if end := strings.IndexFunc(host, func(r rune) bool { return r < 0x80 && !isWord(byte(r)) && r != '.' }); end >= 0 {
		host = host[:end]
	}
	return strings.Contains(strings.Trim(host, "."), ".")
}

// domain finds a bare host name, as in "example.com Crawler".
func domain(lower string) bool {
	for _, field := range strings.FieldsFunc(lower, func(r rune) bool { return strings.ContainsRune(" ;(),/+", r) }) {
		if i := strings.LastIndexByte(field, '.'); i > 1 && topDomains[field[i+1:]] && isWord(field[i-1]) {
			return true
		}
	}
	return false
}

var topDomains = map[string]bool{
	"com": true, "org": true, "net": true, "io": true, "ai": true, "dev": true, "uk": true,
	"de": true, "fr": true, "ru": true, "eu": true, "info": true,
}
