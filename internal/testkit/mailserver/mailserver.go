// Package mailserver is an SMTP server on a free loopback port for tests. It speaks as
// much of RFC 5321 as a client needs, STARTTLS (RFC 3207), TLS from the first byte, and
// AUTH PLAIN and LOGIN (RFC 4954), and keeps the mails that it takes.
package mailserver

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Config says how a server behaves. The zero value takes everything in the open.
type Config struct {
	StartTLS bool
	TLS      bool     // from the first byte
	Auth     []string // PLAIN, LOGIN; empty: nobody signs in
	User     string
	Password string
	// Reply, if set, answers a command (MAIL, RCPT, DATA, "." at the end of a mail, AUTH)
	// instead of the server; empty: the server does. n counts the mails that were begun.
	Reply func(command, argument string, n int) string
}

// Mail is a mail that was taken.
type Mail struct {
	From   string
	To     []string
	Data   string // with headers; lines end in \n
	User   string // who signed in
	Secure bool   // it came over TLS
}

// Server is a running server.
type Server struct {
	cfg   Config
	ln    net.Listener
	cert  tls.Certificate
	roots *x509.CertPool
	pem   []byte
	group sync.WaitGroup
	took  chan Mail

	mu    sync.Mutex
	conns map[net.Conn]bool
	begun int
	mails []Mail
}

// Start starts a server that the end of the test stops.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{cfg: cfg, ln: ln, conns: map[net.Conn]bool{}, took: make(chan Mail, 1000)}
	if cfg.StartTLS || cfg.TLS {
		s.certify(t)
	}
	s.group.Go(s.accept)
	t.Cleanup(s.Stop)
	return s
}

// Stop closes the listener and all connections, and waits for them.
func (s *Server) Stop() {
	_ = s.ln.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
}

// Host returns the address without the port.
func (s *Server) Host() string { return "127.0.0.1" }

// Port returns the port.
func (s *Server) Port() int { return s.ln.Addr().(*net.TCPAddr).Port } //nolint:forcetypeassert // it listens on TCP

// Roots are whom a client must trust.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// PEM is the certificate of the server.
func (s *Server) PEM() []byte { return s.pem }

// Took brings each mail as it is taken.
func (s *Server) Took() <-chan Mail { return s.took }

// Mails returns the mails that were taken so far.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

func (s *Server) certify(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	s.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.roots = x509.NewCertPool()
	s.roots.AppendCertsFromPEM(s.pem)
}

func (s *Server) tls(c net.Conn) net.Conn {
	return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12})
}

func (s *Server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.group.Go(func() {
			defer func() {
				_ = c.Close()
				s.mu.Lock()
				delete(s.conns, c)
				s.mu.Unlock()
			}()
			x := &session{s: s, conn: c}
			if s.cfg.TLS {
				x.conn, x.secure = s.tls(c), true
			}
			x.reader = bufio.NewReader(x.conn)
			x.serve()
		})
	}
}

// session is one connection.
type session struct {
	s      *Server
	conn   net.Conn
	reader *bufio.Reader
	secure bool
	user   string
	mail   Mail
	number int
}

func (x *session) say(line string) { _, _ = io.WriteString(x.conn, line+"\r\n") }

func (x *session) line() (string, error) {
	l, err := x.reader.ReadString('\n')
	return strings.TrimRight(l, "\r\n"), err
}

func (x *session) serve() {
	x.say("220 mail ESMTP")
	for {
		l, err := x.line()
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(l, " ")
		verb = strings.ToUpper(verb)
		if x.s.cfg.Reply != nil && verb != "EHLO" {
			if reply := x.s.cfg.Reply(verb, arg, x.number); reply != "" {
				x.say(reply)
				continue
			}
		}
		if !x.command(verb, arg) {
			return
		}
	}
}

// command answers one command and reports whether the session goes on.
func (x *session) command(verb, arg string) bool {
	switch verb {
	case "EHLO", "HELO":
		x.hello()
	case "STARTTLS":
		if !x.s.cfg.StartTLS || x.secure {
			x.say("502 not here")
			return true
		}
		x.say("220 go ahead")
		x.conn, x.secure = x.s.tls(x.conn), true
		x.reader = bufio.NewReader(x.conn)
	case "AUTH":
		x.auth(arg)
	case "MAIL":
		if len(x.s.cfg.Auth) > 0 && x.user == "" {
			x.say("530 sign in first")
			return true
		}
		x.s.mu.Lock()
		x.s.begun++
		x.number = x.s.begun
		x.s.mu.Unlock()
		x.mail = Mail{From: address(arg), User: x.user, Secure: x.secure}
		x.say("250 ok")
	case "RCPT":
		x.mail.To = append(x.mail.To, address(arg))
		x.say("250 ok")
	case "DATA":
		return x.data()
	case "RSET", "NOOP":
		x.say("250 ok")
	case "QUIT":
		x.say("221 bye")
		return false
	default:
		x.say("500 unknown " + strconv.Quote(verb))
	}
	return true
}

func (x *session) hello() {
	lines := []string{"mail"}
	if x.s.cfg.StartTLS && !x.secure {
		lines = append(lines, "STARTTLS")
	}
	if len(x.s.cfg.Auth) > 0 && (x.secure || !x.s.cfg.StartTLS) {
		lines = append(lines, "AUTH "+strings.Join(x.s.cfg.Auth, " "))
	}
	for i, l := range lines {
		if i < len(lines)-1 {
			x.say("250-" + l)
			continue
		}
		x.say("250 " + l)
	}
}

func (x *session) auth(arg string) {
	method, first, _ := strings.Cut(arg, " ")
	var user, password string
	switch strings.ToUpper(method) {
	case "PLAIN":
		raw, _ := base64.StdEncoding.DecodeString(first)
		if parts := strings.Split(string(raw), "\x00"); len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		user, password = x.ask("Username:"), x.ask("Password:")
	}
	if user != x.s.cfg.User || password != x.s.cfg.Password || user == "" {
		x.say("535 wrong user or password")
		return
	}
	x.user = user
	x.say("235 welcome")
}

func (x *session) ask(question string) string {
	x.say("334 " + base64.StdEncoding.EncodeToString([]byte(question)))
	l, err := x.line()
	if err != nil {
		return ""
	}
	raw, _ := base64.StdEncoding.DecodeString(l)
	return string(raw)
}

func (x *session) data() bool {
	x.say("354 go ahead")
	body, err := textproto.NewReader(x.reader).ReadDotBytes()
	if err != nil {
		return false
	}
	if x.s.cfg.Reply != nil {
		if reply := x.s.cfg.Reply(".", "", x.number); reply != "" {
			x.say(reply)
			return true
		}
	}
	x.mail.Data = string(body)
	x.s.mu.Lock()
	x.s.mails = append(x.s.mails, x.mail)
	x.s.mu.Unlock()
	select {
	case x.s.took <- x.mail:
	default:
	}
	x.say("250 taken")
	return true
}

// address returns what stands between < and >.
func address(arg string) string {
	_, rest, _ := strings.Cut(arg, "<")
	inside, _, _ := strings.Cut(rest, ">")
	return inside
}

var errNoMail = errors.New("no mail came in time")

// Wait returns the next mail, or an error once a time is over.
func (s *Server) Wait(limit time.Duration) (Mail, error) {
	select {
	case m := <-s.took:
		return m, nil
	case <-time.After(limit):
		return Mail{}, errNoMail
	}
}
