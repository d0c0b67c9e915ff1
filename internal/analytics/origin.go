package analytics

import (
	"strings"

	"empire/internal/domain"
)

// places of the channels: a host is one if it is one of these names or lies under one.
// The list has what has a noticeable share of readers in Europe and North America.
var (
	searchHosts = hostSet(
		"bing.com", "duckduckgo.com", "ecosia.org", "qwant.com", "startpage.com", "search.brave.com", "yandex.com", "yandex.ru", "ya.ru", "baidu.com", "search.yahoo.com",
		"swisscows.com", "mojeek.com", "metager.de", "metager.org", "suche.t-online.de", "suche.web.de", "suche.gmx.net", "search.gmx.com", "kagi.com", "presearch.com",
		"seznam.cz", "naver.com", "ask.com", "lite.duckduckgo.com", "html.duckduckgo.com", "com.google.android.googlequicksearchbox",
	)
	socialHosts = hostSet(
		"facebook.com", "fb.com", "fb.me", "messenger.com", "instagram.com", "threads.net", "threads.com", "twitter.com", "x.com", "t.co", "linkedin.com", "lnkd.in", "pinterest.com",
		"pinterest.de", "pinterest.co.uk", "pin.it", "reddit.com", "redd.it", "youtube.com", "youtu.be", "tiktok.com", "snapchat.com", "whatsapp.com", "wa.me", "telegram.org", "t.me",
		"xing.com", "tumblr.com", "vk.com", "ok.ru", "bsky.app", "mastodon.social", "mastodon.online", "discord.com", "twitch.tv", "quora.com", "nextdoor.com", "nextdoor.de",
		"news.ycombinator.com", "lemmy.world", "medium.com", "weibo.com",
	)
	assistantHosts = hostSet(
		"chatgpt.com", "chat.openai.com", "openai.com", "perplexity.ai", "claude.ai", "gemini.google.com", "bard.google.com", "copilot.microsoft.com", "copilot.cloud.microsoft", "you.com",
		"chat.mistral.ai", "meta.ai", "poe.com", "grok.com", "chat.deepseek.com", "phind.com", "pi.ai", "character.ai", "duck.ai", "notebooklm.google.com", "kimi.com", "chat.qwen.ai",
	)
	// sourceNames are what campaigns call sources that are no host names.
	sourceNames = map[string]domain.Channel{
		"google": domain.ChannelSearch, "bing": domain.ChannelSearch, "duckduckgo": domain.ChannelSearch, "ecosia": domain.ChannelSearch, "yahoo": domain.ChannelSearch,
		"facebook": domain.ChannelSocial, "fb": domain.ChannelSocial, "instagram": domain.ChannelSocial, "ig": domain.ChannelSocial, "twitter": domain.ChannelSocial, "x": domain.ChannelSocial,
		"linkedin": domain.ChannelSocial, "pinterest": domain.ChannelSocial, "reddit": domain.ChannelSocial, "youtube": domain.ChannelSocial, "tiktok": domain.ChannelSocial,
		"whatsapp": domain.ChannelSocial, "telegram": domain.ChannelSocial, "threads": domain.ChannelSocial,
		"chatgpt": domain.ChannelAssistant, "openai": domain.ChannelAssistant, "perplexity": domain.ChannelAssistant, "claude": domain.ChannelAssistant, "gemini": domain.ChannelAssistant,
		"copilot": domain.ChannelAssistant,
	}
)

func hostSet(hosts ...string) map[string]bool {
	out := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		out[h] = true
	}
	return out
}

// under reports whether a host is one of a set or lies under one.
func under(set map[string]bool, host string) bool {
	for {
		if set[host] {
			return true
		}
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		host = rest
	}
}

// Origin returns the channel of a view: by the host that the visitor came from, else by
// the source that the campaign names. Assistants come first, because some lie under the
// host of a search engine.
func Origin(referrer string, internal bool, c domain.Campaign) domain.Channel {
	switch {
	case internal:
		return domain.ChannelInternal
	case referrer != "":
		return hostChannel(referrer)
	case c.Source == "":
		return domain.ChannelDirect
	}
	source := strings.ToLower(c.Source)
	if channel, ok := sourceNames[source]; ok {
		return channel
	}
	return hostChannel(source)
}

func hostChannel(host string) domain.Channel {
	switch {
	case under(assistantHosts, host):
		return domain.ChannelAssistant
	case under(searchHosts, host), isGoogle(host):
		return domain.ChannelSearch
	case under(socialHosts, host):
		return domain.ChannelSocial
	}
	return domain.ChannelOther
}

// isGoogle reports whether a host is the search of Google in some country: google or
// www.google with one or two labels behind. Mail and others are not.
func isGoogle(host string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(host, "www."), "google.")
	return ok && rest != "" && strings.Count(rest, ".") <= 1 && len(rest) <= len("com.xx")
}

// DeviceOf returns the kind of device that a User-Agent header tells of. Tablets that
// ask for the pages of desktops say that they are one, and count so.
func DeviceOf(agent string) domain.Device {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(agent, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("iPad", "Tablet", "tablet", "Kindle", "Silk/", "PlayBook"), has("Android") && !has("Mobile"):
		return domain.DeviceTablet
	case has("Mobi", "iPhone", "iPod", "Windows Phone", "Opera Mini", "BlackBerry"):
		return domain.DeviceMobile
	case has("Windows NT", "Macintosh", "X11", "CrOS", "Linux x86_64", "Linux i686"):
		return domain.DeviceDesktop
	}
	return domain.DeviceOther
}
