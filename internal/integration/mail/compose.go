package mail

import (
	"bytes"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"empire/internal/domain"
)

// compose returns a mail as RFC 5322 wants it: text in UTF-8, quoted-printable, lines
// that end in CRLF. Its Message-ID is that of the delivery, so that a repeated one can be
// told.
func (c *Client) compose(m domain.AlertMessage) []byte {
	var b bytes.Buffer
	host := c.cfg.From[strings.LastIndexByte(c.cfg.From, '@')+1:]
	for _, h := range [][2]string{
		{"From", "empire <" + header(c.cfg.From) + ">"},
		{"To", header(strings.Join(m.To, ", "))},
		{"Subject", mime.QEncoding.Encode("utf-8", header(m.Subject))},
		{"Date", c.cfg.Now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + string(m.Delivery.ID) + "@" + header(host) + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834 §5: nobody answers it by machine
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(m.Text, "\n", "\r\n"))) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// header keeps a value from being more than one header.
func header(s string) string { return strings.Join(strings.Fields(s), " ") }
