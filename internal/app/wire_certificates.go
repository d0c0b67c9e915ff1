package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"empire/internal/certificate"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/service"
)

// wireCertificates builds what gets certificates for the websites that this process
// serves, if that is on.
func (a *App) wireCertificates() error {
	t := a.cfg.Edge.TLS
	if !t.Enabled || !a.plays("edge") {
		return nil
	}
	c := certificate.Config{
		Directory: t.Directory, Email: t.Email, Dir: a.certificateDir(), Logger: a.log,
		Owned: func(host string) bool { return a.edge.Owns(host) },
	}
	if t.RootsFile != "" {
		pem, err := os.ReadFile(t.RootsFile)
		if err != nil {
			return fmt.Errorf("read edge.tls.roots_file: %w", err)
		}
		c.Roots = x509.NewCertPool()
		if !c.Roots.AppendCertsFromPEM(pem) {
			return domain.Invalid("edge.tls.roots_file", "%s has no certificate in PEM.", t.RootsFile)
		}
	}
	var err error
	a.certificates, err = certificate.New(c)
	return err
}

func (a *App) certificateDir() string {
	if dir := a.cfg.Edge.TLS.Dir; dir != "" {
		return dir
	}
	return filepath.Join(a.cfg.Data, "certificates")
}

func edgeSettings(c *config.Config) edge.Settings {
	return edge.Settings{Redirect: c.Edge.TLS.Redirect, Port: c.Edge.TLS.Port, HSTS: c.Edge.TLS.HSTS}
}

// startGateway opens the listeners, which the ACME server checks hosts at.
func (a *App) startGateway(ctx context.Context) error {
	if err := a.gateway.Start(ctx); err != nil || a.certificates == nil {
		return err
	}
	if err := a.certificates.Start(a.gateway.EdgeAddr(), a.gateway.EdgeTLSAddr()); err != nil {
		return errors.Join(err, a.gateway.Stop(ctx))
	}
	return nil
}

// stopGateway closes the listeners, and then ends what handshakes need.
func (a *App) stopGateway(ctx context.Context) error {
	err := a.gateway.Stop(ctx)
	if a.certificates != nil {
		err = errors.Join(err, a.certificates.Stop(ctx))
	}
	return err
}

// checkCertificates reports hosts without a certificate: they are served over HTTP.
func (a *App) checkCertificates(ctx context.Context) error {
	if err := a.certificates.Ping(ctx); err != nil {
		return &service.DegradedError{Err: err}
	}
	return nil
}

// StoredCertificates returns the certificates in their directory, by host.
func (a *App) StoredCertificates() (map[string]domain.HostCertificate, error) {
	list, err := certificate.Stored(a.certificateDir())
	if err != nil {
		return nil, err
	}
	out := make(map[string]domain.HostCertificate, len(list))
	for _, c := range list {
		out[c.Host] = c
	}
	return out, nil
}
