package gateway

import (
	"encoding/binary"
	"math/bits"
	"net/http"
	"strings"
)

// bodyTag returns a strong ETag for a body. X-Total-Count and Link are part of what
// is tagged: a list can keep its first window while its total changes.
func bodyTag(h http.Header, body []byte) string {
	var seed uint64
	for _, name := range [...]string{"X-Total-Count", "Link"} {
		for _, v := range h[name] {
			seed = xxh64(seed, v)
		}
	}
	const digits = "0123456789abcdef"
	sum := xxh64(seed, body)
	var b [18]byte
	b[0], b[17] = '"', '"'
	for i := 16; i > 0; i-- {
		b[i] = digits[sum&15]
		sum >>= 4
	}
	return string(b[:])
}

// matchTag reports whether If-None-Match names an ETag, by weak comparison: RFC
// 9110 §13.1.2. What follows a fault in the list is not read.
func matchTag(lines []string, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for _, line := range lines {
		if strings.TrimSpace(line) == "*" {
			return true
		}
		for rest := line; ; {
			rest = strings.TrimLeft(rest, " \t,")
			rest = strings.TrimPrefix(rest, "W/")
			if !strings.HasPrefix(rest, `"`) {
				break
			}
			end := strings.IndexByte(rest[1:], '"') + 2
			if end == 1 {
				break
			}
			if rest[:end] == tag {
				return true
			}
			rest = strings.TrimLeft(rest[end:], " \t")
			if !strings.HasPrefix(rest, ",") {
				break
			}
		}
	}
	return false
}

// Primes of XXH64.
const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5
)

// xxh64 is the hash XXH64: several bytes per cycle and equal in every process,
// which neither SHA-256 nor maphash is. It withstands chance, not an attacker: who
// can choose a body harms nobody but its readers, who trust its author already.
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
func xxh64[T string | []byte](seed uint64, data T) uint64 {
	b := []byte(data)
	sum := seed + prime5
	if len(b) >= 32 {
		v1, v2, v3, v4 := seed+prime1+prime2, seed+prime2, seed, seed-prime1
		for n := b; len(n) >= 32; n = n[32:] {
			v1 = round(v1, binary.LittleEndian.Uint64(n))
			v2 = round(v2, binary.LittleEndian.Uint64(n[8:]))
			v3 = round(v3, binary.LittleEndian.Uint64(n[16:]))
			v4 = round(v4, binary.LittleEndian.Uint64(n[24:]))
		}
		sum = bits.RotateLeft64(v1, 1) + bits.RotateLeft64(v2, 7) + bits.RotateLeft64(v3, 12) + bits.RotateLeft64(v4, 18)
		for _, v := range [...]uint64{v1, v2, v3, v4} {
			sum = (sum^round(0, v))*prime1 + prime4
		}
	}
	return finish64(sum+uint64(len(b)), b[len(b)&^31:])
}

func round(acc, input uint64) uint64 {
	return bits.RotateLeft64(acc+input*prime2, 31) * prime1
}

// finish64 mixes in the last bytes.
func finish64(sum uint64, b []byte) uint64 {
	for ; len(b) >= 8; b = b[8:] {
		sum = bits.RotateLeft64(sum^round(0, binary.LittleEndian.Uint64(b)), 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		sum = bits.RotateLeft64(sum^uint64(binary.LittleEndian.Uint32(b))*prime1, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		sum = bits.RotateLeft64(sum^uint64(c)*prime5, 11) * prime1
	}
	sum = (sum ^ sum>>33) * prime2
	sum = (sum ^ sum>>29) * prime3
	return sum ^ sum>>32
}
