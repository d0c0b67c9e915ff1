package demand

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"empire/internal/domain"
)

// MaxBytes is the largest file that is read, and MaxRows the most rows.
const (
	MaxBytes = 32 << 20
	MaxRows  = 200_000
)

// decode returns a file as UTF-8 with \n as line ends.
func decode(data []byte) string {
	var text string
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		text = fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		text = fromUTF16(data[2:], binary.BigEndian)
	case len(data) >= 4 && data[1] == 0 && data[3] == 0:
		text = fromUTF16(data, binary.LittleEndian)
	case len(data) >= 4 && data[0] == 0 && data[2] == 0:
		text = fromUTF16(data, binary.BigEndian)
	case utf8.Valid(data):
		text = strings.TrimPrefix(string(data), "\uFEFF")
	default:
		var b strings.Builder
		for _, c := range data {
			b.WriteRune(charmap.Windows1252.DecodeByte(c))
		}
		text = b.String()
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

func fromUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// readTable returns the rows of a file, blank ones left out, trailing empty fields cut.
func readTable(data []byte) ([][]string, error) {
	if len(data) > MaxBytes {
		return nil, domain.Errorf(domain.CodeTooLarge, "The file has more than %d bytes.", MaxBytes)
	}
	text := decode(data)
	if strings.TrimSpace(text) == "" {
		return nil, domain.Invalid("file", "The file is empty.")
	}
	if strings.ContainsRune(text, 0) {
		return nil, domain.Invalid("file", "The file is not text: it holds zero bytes. Export it as CSV.")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = separator(text), -1, true
	var out [][]string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, domain.Invalid("file", "The file cannot be read as a table: %v.", err)
		}
		for i := range record {
			record[i] = strings.TrimSpace(strings.ReplaceAll(record[i], "\u00a0", " "))
		}
		for len(record) > 0 && record[len(record)-1] == "" {
			record = record[:len(record)-1]
		}
		if len(record) == 0 {
			continue
		}
		if out = append(out, record); len(out) > MaxRows {
			return nil, domain.Errorf(domain.CodeTooLarge, "The file has more than %d rows.", MaxRows)
		}
	}
}

// separator returns the sign that parts the fields: the one that is in the most lines,
// and of those the most often.
func separator(text string) rune {
	lines := strings.SplitN(text, "\n", 60)
	best, most := ',', 0
	for _, sign := range []rune{'\t', ';', ','} {
		score := 0
		for _, line := range lines {
			if n := strings.Count(line, string(sign)); n > 0 {
				score += 100 + min(n, 20)
			}
		}
		if score > most {
			best, most = sign, score
		}
	}
	return best
}
