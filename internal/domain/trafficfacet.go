package domain

import "strings"

// Channel is the kind of place that a visitor came from.
type Channel string

// The channels. A view without referrer is direct, unless its campaign names a source.
const (
	ChannelSearch    Channel = "search"
	ChannelSocial    Channel = "social"
	ChannelAssistant Channel = "assistant" // an AI assistant that answers with links
	ChannelDirect    Channel = "direct"
	ChannelInternal  Channel = "internal" // another page of the website
	ChannelOther     Channel = "other"
)

// Device is the kind of device that a visitor reads on, as the User-Agent says.
type Device string

// The kinds of devices.
const (
	DeviceDesktop Device = "desktop"
	DeviceMobile  Device = "mobile"
	DeviceTablet  Device = "tablet"
	DeviceOther   Device = "other"
)

// Campaign is what the address of a page says about how a visitor came to it: its
// parameters utm_source, utm_medium and utm_campaign. Empty: it does not.
type Campaign struct{ Source, Medium, Name string }

// FacetKind is a way to divide the figures of a website.
type FacetKind string

// The kinds of facets.
const (
	FacetChannel  FacetKind = "channel"
	FacetReferrer FacetKind = "referrer"
	FacetDevice   FacetKind = "device"
	FacetSource   FacetKind = "utm_source"
	FacetMedium   FacetKind = "utm_medium"
	FacetCampaign FacetKind = "utm_campaign"
	FacetProgram  FacetKind = "program"
)

// FacetKinds are all kinds of facets.
func FacetKinds() []FacetKind {
	return []FacetKind{FacetChannel, FacetReferrer, FacetDevice, FacetSource, FacetMedium, FacetCampaign, FacetProgram}
}

// TrafficFacet is what people did, as far as one value of a facet is concerned. Views
// are those that came from there; visitors and sessions are those that began so. Clicks
// are known by device and program alone.
type TrafficFacet struct {
	Kind  FacetKind
	Value string
	TrafficCount
}

// ProgramKey names a program in the figures: network and advertiser with a colon
// between.
func ProgramKey(network, advertiser string) string {
	if network == "" && advertiser == "" {
		return ""
	}
	return network + ":" + advertiser
}

// SplitProgramKey is the inverse of ProgramKey.
func SplitProgramKey(key string) (network, advertiser string) {
	network, advertiser, _ = strings.Cut(key, ":")
	return network, advertiser
}
