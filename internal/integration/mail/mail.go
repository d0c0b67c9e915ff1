// Package mail sends plain mails over SMTP (RFC 5321) through the mail server of the
// operator, with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314).
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"empire/internal/domain"
)

// The ways in which a connection is protected.
const (
	StartTLS = "starttls" // it begins in the open; a server without STARTTLS is refused
	TLS      = "tls"      // from the first byte
	None     = "none"     // not at all: for servers on this machine
)

const (
	dialTimeout = 10 * time.Second
	maxTime     = time.Minute // of one mail
	maxReply    = 200         // bytes of an answer that an error shows
)

// Config is what New needs.
type Config struct {
	Host           string
	Port           int
	User, Password string // empty: it asks for none
	From           string // address
	TLS            string // StartTLS, TLS or None
	Roots          *x509.CertPool
	Now            func() time.Time
}

// Client sends through one server. It is safe for concurrent use; each mail has a
// connection of its own.
type Client struct{ cfg Config }

// New returns a client. It does not connect.
func New(cfg Config) *Client { return &Client{cfg} }

// Target names the server.
func (c *Client) Target() string { return net.JoinHostPort(c.cfg.Host, strconv.Itoa(c.cfg.Port)) }

// Send implements the service's AlertSender. A mail that the server refuses for good
// (5xx to sender, recipients or data; RFC 5321 §4.2.1) is CodeInvalid; if it takes some
// recipients, those get it. All else, a wrong password too, may be tried again.
func (c *Client) Send(ctx context.Context, m domain.AlertMessage) error {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return &domain.Error{Code: domain.CodeUnavailable, Message: "The mail server " + c.Target() + " cannot be reached.", Err: err}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	s, err := smtp.NewClient(conn, c.cfg.Host)
	if err != nil {
		_ = conn.Close()
		return failed("greeting", err)
	}
	defer func() { _ = s.Close() }()
	if err := c.enter(s); err != nil {
		return err
	}
	if err := c.transfer(s, m); err != nil {
		return err
	}
	_ = s.Quit() // the mail is taken whatever follows
	return nil
}

func (c *Client) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: c.cfg.Host, RootCAs: c.cfg.Roots, MinVersion: tls.VersionTLS12}
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	d := &net.Dialer{Timeout: dialTimeout}
	if c.cfg.TLS == TLS {
		return (&tls.Dialer{NetDialer: d, Config: c.tlsConfig()}).DialContext(ctx, "tcp", c.Target())
	}
	return d.DialContext(ctx, "tcp", c.Target())
}

// enter makes the connection safe and signs in.
func (c *Client) enter(s *smtp.Client) error {
	if err := s.Hello("localhost"); err != nil {
		return failed("greeting", err)
	}
	if c.cfg.TLS == StartTLS {
		if ok, _ := s.Extension("STARTTLS"); !ok {
			return &domain.Error{Code: domain.CodeUnavailable, Message: "The mail server offers no STARTTLS; see alerts.mail.tls."}
		}
		if err := s.StartTLS(c.tlsConfig()); err != nil {
			return &domain.Error{Code: domain.CodeUnavailable, Message: "The connection to the mail server could not be protected.", Err: err}
		}
	}
	if c.cfg.User == "" {
		return nil
	}
	_, offered := s.Extension("AUTH")
	if err := s.Auth(c.auth(offered)); err != nil {
		if e, ok := errors.AsType[*textproto.Error](err); ok {
			return &domain.Error{Code: domain.CodeUnavailable, Message: fmt.Sprintf("The mail server refused user and password (%d).", e.Code)}
		}
		return &domain.Error{Code: domain.CodeUnavailable, Message: "Signing in at the mail server failed.", Err: err}
	}
	return nil
}

// auth returns PLAIN (RFC 4616), or LOGIN for servers that know nothing else. Neither
// gives the password away over an open connection to another machine.
func (c *Client) auth(offered string) smtp.Auth {
	methods := strings.Fields(strings.ToUpper(offered))
	if !slices.Contains(methods, "PLAIN") && slices.Contains(methods, "LOGIN") {
		return &loginAuth{c.cfg}
	}
	return smtp.PlainAuth("", c.cfg.User, c.cfg.Password, c.cfg.Host)
}

type loginAuth struct{ cfg Config }

// Start implements smtp.Auth.
func (a *loginAuth) Start(s *smtp.ServerInfo) (string, []byte, error) {
	if ip := net.ParseIP(s.Name); !s.TLS && s.Name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, errors.New("unencrypted connection")
	}
	return "LOGIN", nil, nil
}

// Next implements smtp.Auth.
func (a *loginAuth) Next(from []byte, more bool) ([]byte, error) {
	switch ask := strings.ToLower(string(from)); {
	case !more:
		return nil, nil
	case strings.HasPrefix(ask, "user"):
		return []byte(a.cfg.User), nil
	case strings.HasPrefix(ask, "pass"):
		return []byte(a.cfg.Password), nil
	}
	return nil, errors.New("unexpected question of the server")
}

// transfer hands over one mail.
func (c *Client) transfer(s *smtp.Client, m domain.AlertMessage) error {
	if err := s.Mail(c.cfg.From); err != nil {
		return refused("sender", err)
	}
	var first error
	taken := 0
	for _, to := range m.To {
		if err := s.Rcpt(to); err != nil {
			if first == nil {
				first = refused("recipient", err)
			}
			continue
		}
		taken++
	}
	if taken == 0 {
		return first
	}
	w, err := s.Data()
	if err != nil {
		return refused("mail", err)
	}
	if _, err := w.Write(c.compose(m)); err != nil {
		return failed("transfer", err)
	}
	if err := w.Close(); err != nil {
		return refused("mail", err)
	}
	return nil
}

// refused tells for good (5xx) from for now.
func refused(what string, err error) error {
	e, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return failed(what, err)
	}
	code := domain.CodeUnavailable
	if e.Code >= 500 && e.Code < 600 {
		code = domain.CodeInvalid
	}
	return domain.Errorf(code, "The mail server refused the %s: %d %s", what, e.Code, readable(e.Msg))
}

func failed(what string, err error) error {
	return &domain.Error{Code: domain.CodeUnavailable, Message: "The connection to the mail server broke at the " + what + ".", Err: err}
}

// readable makes one short line of an answer.
func readable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > maxReply {
		s = strings.ToValidUTF8(s[:maxReply], "") + "…"
	}
	return s
}
