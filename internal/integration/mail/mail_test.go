package mail_test

import (
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/mail"
	"empire/internal/testkit/mailserver"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func message() domain.AlertMessage {
	return domain.AlertMessage{
		Delivery: &domain.AlertDelivery{ID: "adel_1"}, To: []string{"ada@example.com", "bob@example.com"}, Subject: "[empire] Grüße: 50 %",
		Text: "Größer als 72 Stunden.\n.\n..\nFrom here on " + strings.Repeat("x", 200) + "\n",
	}
}

func client(s *mailserver.Server, c mail.Config) *mail.Client {
	c.Host, c.Port, c.From, c.Now = s.Host(), s.Port(), "empire@example.com", func() time.Time { return noon }
	if c.Roots == nil {
		c.Roots = s.Roots()
	}
	return mail.New(c)
}

// TestSend: what the server got is, read back, what was sent.
func TestSend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		server mailserver.Config
		client mail.Config
	}{
		{"in the open", mailserver.Config{}, mail.Config{TLS: mail.None}},
		{"with STARTTLS and PLAIN", mailserver.Config{StartTLS: true, Auth: []string{"PLAIN", "LOGIN"}, User: "u", Password: "hunter22"}, mail.Config{TLS: mail.StartTLS, User: "u", Password: "hunter22"}},
		{"with TLS and LOGIN", mailserver.Config{TLS: true, Auth: []string{"LOGIN"}, User: "u", Password: "hunter22"}, mail.Config{TLS: mail.TLS, User: "u", Password: "hunter22"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := mailserver.Start(t, tt.server)
			m := message()
			if err := client(s, tt.client).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := s.Mails()
			if len(got) != 1 || got[0].From != "empire@example.com" || strings.Join(got[0].To, " ") != "ada@example.com bob@example.com" ||
				got[0].Secure != (tt.client.TLS != mail.None) || got[0].User != tt.client.User {
				t.Fatalf("mails = %+v", got)
			}
			checkMail(t, got[0].Data, m)
		})
	}
}

func checkMail(t *testing.T, data string, m domain.AlertMessage) {
	t.Helper()
	read, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject = %q, %v, want %q", subject, err, m.Subject)
	}
	for name, want := range map[string]string{
		"Message-Id": "<adel_1@example.com>", "Auto-Submitted": "auto-generated", "To": "ada@example.com, bob@example.com", "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
	} {
		if got := read.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || got != m.Text {
		t.Errorf("text = %q, %v, want %q", got, err, m.Text)
	}
	if strings.Contains(data, "hunter22") {
		t.Error("the mail holds the password")
	}
}

// TestRefused: what is refused for good is not tried again, all else is, and nothing
// goes over a connection that is less safe than was asked for.
func TestRefused(t *testing.T) {
	t.Parallel()
	reply := func(command, answer string) func(string, string, int) string {
		return func(c, _ string, _ int) string {
			if c == command {
				return answer
			}
			return ""
		}
	}
	auth := []string{"PLAIN"}
	for _, tt := range []struct {
		name   string
		server mailserver.Config
		client mail.Config
		want   domain.Code
		text   string
	}{
		{"sender", mailserver.Config{Reply: reply("MAIL", "550 not you")}, mail.Config{TLS: mail.None}, domain.CodeInvalid, "sender: 550 not you"},
		{"recipients", mailserver.Config{Reply: reply("RCPT", "550 unknown")}, mail.Config{TLS: mail.None}, domain.CodeInvalid, "recipient: 550 unknown"},
		{"greylisted", mailserver.Config{Reply: reply("RCPT", "451 come back")}, mail.Config{TLS: mail.None}, domain.CodeUnavailable, "451 come back"},
		{"content", mailserver.Config{Reply: reply(".", "554 spam")}, mail.Config{TLS: mail.None}, domain.CodeInvalid, "554 spam"},
		{"full", mailserver.Config{Reply: reply(".", "452 full")}, mail.Config{TLS: mail.None}, domain.CodeUnavailable, "452 full"},
		{"password", mailserver.Config{Auth: auth, User: "u", Password: "other"}, mail.Config{TLS: mail.None, User: "u", Password: "hunter22"}, domain.CodeUnavailable, "user and password (535)"},
		{"no STARTTLS", mailserver.Config{Auth: auth}, mail.Config{TLS: mail.StartTLS, User: "u", Password: "hunter22"}, domain.CodeUnavailable, "no STARTTLS"},
		{"no TLS", mailserver.Config{}, mail.Config{TLS: mail.TLS}, domain.CodeUnavailable, "cannot be reached"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := mailserver.Start(t, tt.server)
			err := client(s, tt.client).Send(t.Context(), message())
			if domain.CodeOf(err) != tt.want || !strings.Contains(domain.MessageOf(err), tt.text) || len(s.Mails()) != 0 {
				t.Errorf("err = %v, %d mails taken; want %s with %q", err, len(s.Mails()), tt.want, tt.text)
			}
			if err != nil && strings.Contains(err.Error(), "hunter22") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

// TestSendPartly: one recipient who is refused keeps no other from the mail.
func TestSendPartly(t *testing.T) {
	t.Parallel()
	s := mailserver.Start(t, mailserver.Config{Reply: func(command, arg string, _ int) string {
		if command == "RCPT" && strings.Contains(arg, "ada") {
			return "550 unknown"
		}
		return ""
	}})
	if err := client(s, mail.Config{TLS: mail.None}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if got := s.Mails(); len(got) != 1 || len(got[0].To) != 1 || got[0].To[0] != "bob@example.com" {
		t.Errorf("mails = %+v", got)
	}
}

// TestUntrusted: a server whose certificate nobody vouches for gets nothing.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	s, stranger := mailserver.Start(t, mailserver.Config{StartTLS: true}), mailserver.Start(t, mailserver.Config{TLS: true})
	err := client(s, mail.Config{TLS: mail.StartTLS, Roots: stranger.Roots()}).Send(t.Context(), message())
	if domain.CodeOf(err) != domain.CodeUnavailable || len(s.Mails()) != 0 {
		t.Errorf("err = %v, %d mails", err, len(s.Mails()))
	}
	if got := client(s, mail.Config{}).Target(); !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("target = %q", got)
	}
}
