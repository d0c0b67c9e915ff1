// Package xz unpacks .xz files, which public data sets are packed in: streams of LZMA2
// blocks as the format's description 1.2.0 has them (tukaani.org/xz/xz-file-format.txt).
// Filters other than LZMA2 are refused.
package xz

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/crc64"
)

var errCut = errors.New("xz: the data end too early")

// Decompress returns the content of an .xz file, which must not exceed limit bytes.
func Decompress(data []byte, limit int) ([]byte, error) {
	var out []byte
	for len(data) > 0 {
		if bytes.HasPrefix(data, []byte{0, 0, 0, 0}) && out != nil { // stream padding
			data = data[4:]
			continue
		}
		n, err := stream(data, &out, limit)
		if err != nil {
			return nil, err
		}
		data = data[n:]
	}
	if out == nil {
		return nil, errCut
	}
	return out, nil
}

// stream appends the content of one stream and returns its packed length.
func stream(data []byte, out *[]byte, limit int) (int, error) {
	if len(data) < 12 {
		return 0, errCut
	}
	if !bytes.HasPrefix(data, []byte("\xfd7zXZ\x00")) {
		return 0, errors.New("xz: no magic bytes of a stream")
	}
	if crc32.ChecksumIEEE(data[6:8]) != binary.LittleEndian.Uint32(data[8:]) {
		return 0, errors.New("xz: wrong checksum of the stream header")
	}
	check := data[7] & 0x0f
	if *out == nil {
		*out = []byte{}
	}
	at := 12
	for {
		if at >= len(data) {
			return 0, errCut
		}
		if data[at] == 0 {
			return skipIndex(data, at)
		}
		n, err := block(data[at:], out, check, limit)
		if err != nil {
			return 0, err
		}
		at += n
	}
}

// checkSize is the length of a block's checksum by the check's number.
var checkSize = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

// block appends the content of one block and returns its packed length with padding
// and checksum.
func block(data []byte, out *[]byte, check byte, limit int) (int, error) {
	head := (int(data[0]) + 1) * 4
	if len(data) < head {
		return 0, errCut
	}
	if crc32.ChecksumIEEE(data[:head-4]) != binary.LittleEndian.Uint32(data[head-4:]) {
		return 0, errors.New("xz: wrong checksum of a block header")
	}
	fields := data[2 : head-4]
	if data[1]&0x3f != 0 {
		return 0, errors.New("xz: filters other than LZMA2 are not supported")
	}
	for range int(data[1]>>6&1) + int(data[1]>>7&1) { // sizes, which the data tell again
		_, n := binary.Uvarint(fields)
		if n <= 0 {
			return 0, errCut
		}
		fields = fields[n:]
	}
	if len(fields) < 3 || fields[0] != 0x21 || fields[1] != 1 {
		return 0, errors.New("xz: filters other than LZMA2 are not supported")
	}
	start := len(*out)
	n, err := lzma2(data[head:], out, limit)
	if err != nil {
		return 0, err
	}
	end := (head + n + 3) &^ 3
	size := checkSize[check]
	if len(data) < end+size {
		return 0, errCut
	}
	if !checked((*out)[start:], data[end:end+size], check) {
		return 0, errors.New("xz: wrong checksum of a block")
	}
	return end + size, nil
}

var ecma = crc64.MakeTable(crc64.ECMA)

// checked reports whether the sum fits; sums of unknown kinds are not looked at.
func checked(content, sum []byte, check byte) bool {
	switch check {
	case 1:
		return crc32.ChecksumIEEE(content) == binary.LittleEndian.Uint32(sum)
	case 4:
		return crc64.Checksum(content, ecma) == binary.LittleEndian.Uint64(sum)
	case 10:
		s := sha256.Sum256(content)
		return bytes.Equal(s[:], sum)
	}
	return true
}

// skipIndex returns where the stream ends whose index begins at at.
func skipIndex(data []byte, at int) (int, error) {
	pos := at + 1
	records, n := binary.Uvarint(data[pos:])
	if n <= 0 || records > uint64(len(data)) {
		return 0, errCut
	}
	pos += n
	for range 2 * records {
		_, n := binary.Uvarint(data[min(pos, len(data)):])
		if n <= 0 {
			return 0, errCut
		}
		pos += n
	}
	end := at + (pos-at+3)&^3 + 4 + 12
	if end > len(data) {
		return 0, errCut
	}
	if !bytes.Equal(data[end-2:end], []byte("YZ")) {
		return 0, errors.New("xz: no magic bytes of a footer")
	}
	return end, nil
}

// lzma2 appends the content of LZMA2 chunks and returns their packed length.
func lzma2(data []byte, out *[]byte, limit int) (int, error) {
	d := &decoder{out: *out, start: len(*out)}
	at := 0
	for {
		if at >= len(data) {
			return 0, errCut
		}
		control := data[at]
		if control == 0 {
			*out = d.out
			return at + 1, nil
		}
		if control == 1 || control >= 0xe0 {
			d.start = len(d.out)
		}
		n, err := d.chunk(data[at:], control, limit)
		if err != nil {
			return 0, err
		}
		at += n
	}
}

// chunk appends one chunk and returns its packed length.
func (d *decoder) chunk(data []byte, control byte, limit int) (int, error) {
	if len(data) < 6 {
		return 0, errCut
	}
	if control < 0x80 {
		if control > 2 {
			return 0, fmt.Errorf("xz: chunk of unknown kind %#x", control)
		}
		size := int(binary.BigEndian.Uint16(data[1:])) + 1
		if len(data) < 3+size {
			return 0, errCut
		}
		if len(d.out)+size > limit {
			return 0, fmt.Errorf("xz: the content exceeds %d bytes", limit)
		}
		d.out = append(d.out, data[3:3+size]...)
		return 3 + size, nil
	}
	size := int(control&0x1f)<<16 + int(binary.BigEndian.Uint16(data[1:])) + 1
	packed := int(binary.BigEndian.Uint16(data[3:])) + 1
	head := 5
	if control >= 0xc0 {
		props := int(data[5])
		head = 6
		if props >= 9*5*5 || props%9+props/9%5 > 4 {
			return 0, errors.New("xz: bad properties of a chunk")
		}
		d.lc, d.lp, d.pb = props%9, props/9%5, props/45
	}
	if control >= 0xa0 {
		d.reset()
	}
	if d.literals == nil {
		return 0, errors.New("xz: a chunk continues a state that never began")
	}
	if len(data) < head+packed {
		return 0, errCut
	}
	if len(d.out)+size > limit {
		return 0, fmt.Errorf("xz: the content exceeds %d bytes", limit)
	}
	return head + packed, d.decode(data[head:head+packed], len(d.out)+size)
}
