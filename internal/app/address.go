package app

import (
	"net"

	"empire/internal/domain"
	"empire/internal/edge"
)

// EdgeURL returns the address at which the local edge serves a website.
func (a *App) EdgeURL(site *domain.Website) string { return a.localURL(site.Name + ".localhost") }

// PreviewURL returns the address at which the local edge shows the release with a
// manifest, published or not; empty if that is not a manifest.
func (a *App) PreviewURL(manifest string) string {
	host := edge.PreviewHost(manifest)
	if host == "" {
		return ""
	}
	return a.localURL(host)
}

// localURL returns the address of a host on the local edge: of this process, else of
// the server that has this data directory, else of one that has this configuration.
func (a *App) localURL(host string) string {
	address := a.cfg.Listen.Edge
	if a.gateway != nil && a.gateway.EdgeAddr() != "" {
		address = a.gateway.EdgeAddr()
	} else if l, err := Announced(a.cfg.Data); err == nil && l.Edge != "" {
		address = l.Edge
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "" // the configuration was checked
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
