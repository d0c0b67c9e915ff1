package xz_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"empire/internal/eval/xz"
)

// packed is content as XZ Utils packs it, with CRC64 and with SHA-256.
var packed = []string{
	"/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Ac5AEldACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkq3VJ0UIMF5dcSJ4HJijjcF7DIzvhCaPpAAAAAAAESbbgL/SOLoAAWW6DgAAALItxCGxxGf7AgAAAAAEWVo=",
	"/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4Ac5AEldACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkq3VJ0UIMF5dcSJ4HJijjcF7DIzvhCaPpAAAAAAAyHMxCd8YjdGwstJ1GPMiKGrK2sfWLwq5V/BI1oQon7UAAX26DgAAAEStQc626d8cAgAAAAAKWVo=",
}

var content = strings.Repeat("The quick brown fox jumps over the lazy dog. ", 40) + strings.Repeat("0123456789", 5)

func unpack(t testing.TB, s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	one, two := unpack(t, packed[0]), unpack(t, packed[1])
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"CRC64", one, content},
		{"SHA-256", two, content},
		{"two streams with padding", append(append(append([]byte{}, one...), 0, 0, 0, 0), two...), content + content},
	} {
		got, err := xz.Decompress(tt.data, 1<<20)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %d bytes, %v; want %d", tt.name, len(got), err, len(tt.want))
		}
	}
}

func TestDecompressRefuses(t *testing.T) {
	t.Parallel()
	whole := unpack(t, packed[0])
	for cut := range whole {
		if got, err := xz.Decompress(whole[:cut], 1<<20); err == nil {
			t.Errorf("cut to %d bytes: got %d bytes, want an error", cut, len(got))
		}
	}
	if _, err := xz.Decompress(whole, len(content)-1); err == nil {
		t.Error("content above the limit: want an error")
	}
	for i := range len(whole) - 40 { // header and data; the index is not read
		damaged := append([]byte{}, whole...)
		damaged[i] ^= 0x10
		if got, err := xz.Decompress(damaged, 1<<20); err == nil && string(got) == content {
			continue // a byte that does not matter
		} else if err == nil {
			t.Errorf("byte %d damaged: got other content without an error", i)
		}
	}
}

func FuzzDecompress(f *testing.F) {
	for _, s := range packed {
		f.Add(unpack(f, s))
	}
	const limit = 1 << 16
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := xz.Decompress(data, limit); err == nil && len(got) > limit {
			t.Errorf("got %d bytes, above the limit", len(got))
		}
	})
}
