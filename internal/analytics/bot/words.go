package bot

import "strings"

// words is a set of words to look for in a lower-case text. A bar at the begin or end
// of a word stands for a place where no letter is.
type words []string

// parse splits a list at its white space; an underscore stands for a space.
func parse(list string) words {
	out := strings.Fields(list)
	for i, w := range out {
		out[i] = strings.ReplaceAll(w, "_", " ")
	}
	return out
}

// in reports whether one of the words is in the text.
func (w words) in(text string) bool {
	for _, word := range w {
		if contains(text, word) {
			return true
		}
	}
	return false
}

func contains(text, word string) bool {
	bare, begins := strings.CutPrefix(word, "|")
	bare, ends := strings.CutSuffix(bare, "|")
	for from := 0; ; {
		i := strings.Index(text[from:], bare)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(bare)
		if (!begins || i == 0 || !isLetter(text[i-1])) && (!ends || end == len(text) || !isLetter(text[end])) {
			return true
		}
		from = i + 1
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isWord(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80
}

// tradeWords are what programs say of themselves.
var tradeWords = parse(`
bot| |bot bots| robot crawl spider scraper scrapy scraping slurp archiver archive.org archiving ia_archiver ia-archiver
monitor uptime pingdom |ping| |pinger| checker checklink checking |check| |checks| linkcheck check/ validator validate validation analyzer analyser
scan| scanner scanning prober |probe| |probing| survey audit inspector inspection detector indexer indexing harvest extract
collector grabber |grab| fetcher |fetch| fetch/ parser parsing preview externalhit feed| feedly feedbin feedwrangler feed_wrangler feedfetch feedburner
feedspot feedpress feedvalidator feedparser |rss subscribers favicon thumbnail thumbshot thumbor screenshot snapshot snap|
research |seo| seobot seokicks seozoom seobility seopult seoscan seotools seotool backlink linkcheck link_check link-check linkreader linkwalker linkdex
link_valid linkvalid linkexpand linkpreview linkanaly sitemap site_check sitecheck site-check siteanaly siteexplorer siteimprove sitebulb sitescan
search_engine searchengine search-engine search_agent searchagent xsearch| exsearch|
google- googledocs googlestack googleother googleimage googleproducer googleassoc mediapartners adsense ads.txt adstxt lighthouse pagespeed gtmetrix
webpagetest web_page_test speedcurve yandexfavicons yandexvideo yandeximages yandexmetrika yandexdirect yandexwebmaster yandexturbo yandexontodb
yandexmarket yandexpagechecker yandexblogs yandexnews yandexmedia yandexrca yandexpartner yandexaccessibility yandexmobile yandexcom yandexrender
yandexuser yandexverti yandexscreen yandexsprav yandexcalendar yandexsite yandextrans
catalog aggregat downloader proxy gateway |agent| agent/ security verify verifier verification tester benchmark heritrix nutch sentry
mastodon pleroma misskey lemmy activitypub wordpress/ drupal joomla magento synthetics diagnostics webcapture httrack sitesucker
httpclient openvas nikto nessus qualys acunetix netsparker zaproxy
`)

// notTrade takes out names of people's devices and programs in which such a word
// stands.
var notTrade = strings.NewReplacer(
	"http://bsalsa.com", "", "https://bsalsa.com", "", "cubot", "", "tibot", "", "bot tab", "", "bottab", "",
	"google-search", "", "google-app", "", "google-http", "", "google-pixel", "", "google-play", "", "yandexsearch", "",
)

// peopleBegins and peopleWords are programs that people read, listen and play with,
// which are neither browsers nor on a system that they name; some give the address of
// their makers.
var (
	peopleBegins = parse(`
akregator liferea newsbeuter newsboat netnewswire rssowl rssbandit feeddemon jetbrains_omea pulp/ gpodder rhythmbox amarok
banshee clementine mpv mplayer spotify goggalaxy steam xbmc airplay vms ncsa amaya lynx/ links w3m breaker/
pocketcasts pocket_casts castro downcast the_bat! watch1, watch2, watch3, watch4, watch5, watch6, watch7, airpods
`)
	peopleWords = parse(`up.browser browser/0 browser/1 browser/2 browser/3 hybridcast`)
)

// libraryWords are HTTP libraries, command-line tools and test tools.
var libraryWords = parse(`
|curl| libcurl |wget| |python python- |urllib |aiohttp |httpx| go-http-client go_http_package |go-resty |java/ apache-httpclient
|http_request |httpunit |httpkit |httpful http.rb http_get |http_ |okhttp| |axios| node-fetch |node.js |undici |got| |superagent |request| |ruby |faraday
|typhoeus |mechanize |perl| libwww |lwp |php| php/ |guzzle |pear| |zend |snoopy |symfony |laravel |winhttp |powershell |restsharp
|.net/ |dart| |reqwest |rust| |hyper| |ureq| |postman |insomnia |httpie |nmap |sqlmap |nuclei |zgrab |masscan |gobuster |wpscan
|metasploit |jmeter |k6/ |siege| |apachebench |colly |jsoup |htmlparser |crawlee |jakarta |jersey |vert.x |netty |akka| |ktor
|deno/ |bun/ |cfschedule |cortex |gvfs |git/ |embed |iframely |metauri |simplepie |magpie |feedparser universalfeedparser
`)

// contactWords begin an address for webmasters.
var contactWords = parse(`http:// https:// http:/ +www. mailto: |www. [at]`)

var headlessWords = parse(`
headless phantomjs slimerjs selenium webdriver puppeteer playwright cypress |splash prerender rendertron htmlunit zombie.js jsdom
`)

var attackWords = parse(`${jndi <script union_select union_all_select /etc/passwd (){ ()_{ sleep( %00 ../.. <?php`)

// engineWords are what browsers, and the apps and devices of people, always tell one
// of: an engine, a system, or a kind of device.
var engineWords = parse(`
applewebkit webkit gecko/ gecko) like_gecko trident presto khtml msie opera netfront dalvik cfnetwork darwin android iphone ipad ipod watchos
watch_os ios/ ios_ macos mac_os macintosh windows linux x11 cros hbbtv tizen web0s webos smarttv smart-tv appletv apple_tv roku bravia
playstation xbox nintendo kindle blackberry symbian series40 series60 series_40 series_60 nokia samsung sonyericsson midp j2me brew ucweb ucbrowser
micromessenger harmonyos openharmony fuchsia kaios haiku beos amiga freebsd openbsd netbsd sunos solaris aix hp-ux os/2 risc_os elinks
dillo sonos alexa aftm vlc/ itunes foobar winamp quicktime mediaplayer media_player kodi outlook office thunderbird lg- lge vodafone zte huawei
alcatel motorola panasonic philips sharp toshiba sony dlna upnp stb tv/ mobile phone
`)
