package xz

import "errors"

// decoder is the state of LZMA (lzma-specification.txt of the LZMA SDK). Its dictionary
// is the output itself, from start on.
type decoder struct {
	out        []byte
	start      int
	lc, lp, pb int

	literals   []uint16
	isMatch    [12 << 4]uint16
	isRep      [12]uint16
	isRepG0    [12]uint16
	isRepG1    [12]uint16
	isRepG2    [12]uint16
	isRep0Long [12 << 4]uint16
	slot       [4][64]uint16
	special    [115]uint16
	align      [16]uint16
	match, rep lengths
	state      int
	reps       [4]int

	data  []byte
	at    int
	width uint32
	code  uint32
}

// lengths are the probabilities of match lengths.
type lengths struct {
	choice, choice2 uint16
	low, mid        [16][8]uint16
	high            [256]uint16
}

func fill(p []uint16) {
	for i := range p {
		p[i] = 1 << 10
	}
}

func (l *lengths) reset() {
	l.choice, l.choice2 = 1<<10, 1<<10
	for i := range l.low {
		fill(l.low[i][:])
		fill(l.mid[i][:])
	}
	fill(l.high[:])
}

// reset sets all probabilities to one half and forgets the last distances.
func (d *decoder) reset() {
	d.literals = make([]uint16, 0x300<<(d.lc+d.lp))
	for _, p := range [][]uint16{
		d.literals, d.isMatch[:], d.isRep[:], d.isRepG0[:], d.isRepG1[:], d.isRepG2[:],
		d.isRep0Long[:], d.slot[0][:], d.slot[1][:], d.slot[2][:], d.slot[3][:], d.special[:], d.align[:],
	} {
		fill(p)
	}
	d.match.reset()
	d.rep.reset()
	d.state, d.reps = 0, [4]int{}
}

func (d *decoder) normalize() {
	if d.width < 1<<24 {
		d.width <<= 8
		var b byte
		if d.at < len(d.data) {
			b = d.data[d.at]
		}
		d.at++ // past the end is found out by decode
		d.code = d.code<<8 | uint32(b)
	}
}

func (d *decoder) bit(p *uint16) int {
	d.normalize()
	bound := d.width >> 11 * uint32(*p)
	if d.code < bound {
		d.width = bound
		*p += (1<<11 - *p) >> 5
		return 0
	}
	d.code -= bound
	d.width -= bound
	*p -= *p >> 5
	return 1
}

func (d *decoder) direct(bits int) int {
	v := 0
	for range bits {
		d.normalize()
		d.width >>= 1
		b := 0
		if d.code >= d.width {
			d.code -= d.width
			b = 1
		}
		v = v<<1 | b
	}
	return v
}

func (d *decoder) tree(p []uint16, bits int) int {
	m := 1
	for range bits {
		m = m<<1 | d.bit(&p[m])
	}
	return m - 1<<bits
}

func (d *decoder) reverse(p []uint16, bits int) int {
	m, v := 1, 0
	for i := range bits {
		b := d.bit(&p[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

func (d *decoder) length(l *lengths, pos int) int {
	if d.bit(&l.choice) == 0 {
		return 2 + d.tree(l.low[pos][:], 3)
	}
	if d.bit(&l.choice2) == 0 {
		return 10 + d.tree(l.mid[pos][:], 3)
	}
	return 18 + d.tree(l.high[:], 8)
}

func (d *decoder) literal() {
	var before int
	n := len(d.out)
	if n > d.start {
		before = int(d.out[n-1])
	}
	p := d.literals[0x300*(((n-d.start)&(1<<d.lp-1))<<d.lc+before>>(8-d.lc)):]
	symbol := 1
	if d.state >= 7 {
		matched := int(d.out[n-1-d.reps[0]])
		for symbol < 0x100 {
			b := matched >> 7 & 1
			matched <<= 1
			got := d.bit(&p[(1+b)<<8+symbol])
			symbol = symbol<<1 | got
			if got != b {
				break
			}
		}
	}
	for symbol < 0x100 {
		symbol = symbol<<1 | d.bit(&p[symbol])
	}
	d.out = append(d.out, byte(symbol))
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

func (d *decoder) distance(length int) int {
	slot := d.tree(d.slot[min(length-2, 3)][:], 6)
	if slot < 4 {
		return slot
	}
	bits := slot>>1 - 1
	v := (2 | slot&1) << bits
	if slot < 14 {
		return v + d.reverse(d.special[v-slot:], bits)
	}
	return v + d.direct(bits-4)<<4 + d.reverse(d.align[:], 4)
}

var errCorrupt = errors.New("xz: the data are damaged")

// decode appends to the output until it has end bytes.
func (d *decoder) decode(data []byte, end int) error {
	if len(data) < 5 || data[0] != 0 {
		return errCorrupt
	}
	d.data, d.at, d.width, d.code = data, 5, 0xffffffff, 0
	for _, b := range data[1:5] {
		d.code = d.code<<8 | uint32(b)
	}
	for len(d.out) < end {
		if d.at > len(data) {
			return errCorrupt
		}
		pos := (len(d.out) - d.start) & (1<<d.pb - 1)
		if d.bit(&d.isMatch[d.state<<4+pos]) == 0 {
			if d.state >= 7 && d.reps[0] >= len(d.out)-d.start {
				return errCorrupt
			}
			d.literal()
			continue
		}
		length := d.sequence(pos)
		if d.reps[0] >= len(d.out)-d.start || len(d.out)+length > end {
			return errCorrupt
		}
		for range length {
			d.out = append(d.out, d.out[len(d.out)-1-d.reps[0]])
		}
	}
	return nil
}

// sequence reads a match or the repetition of an earlier distance; reps[0] is its
// distance, less one.
func (d *decoder) sequence(pos int) (length int) {
	late := d.state >= 7
	next := func(early, lateState int) {
		d.state = early
		if late {
			d.state = lateState
		}
	}
	if d.bit(&d.isRep[d.state]) == 0 {
		d.reps[3], d.reps[2], d.reps[1] = d.reps[2], d.reps[1], d.reps[0]
		length = d.length(&d.match, pos)
		d.reps[0] = d.distance(length)
		next(7, 10)
		return length
	}
	if d.bit(&d.isRepG0[d.state]) == 0 {
		if d.bit(&d.isRep0Long[d.state<<4+pos]) == 0 {
			next(9, 11)
			return 1
		}
	} else {
		var dist int
		if d.bit(&d.isRepG1[d.state]) == 0 {
			dist = d.reps[1]
		} else {
			if d.bit(&d.isRepG2[d.state]) == 0 {
				dist = d.reps[2]
			} else {
				dist = d.reps[3]
				d.reps[3] = d.reps[2]
			}
			d.reps[2] = d.reps[1]
		}
		d.reps[1], d.reps[0] = d.reps[0], dist
	}
	length = d.length(&d.rep, pos)
	next(8, 11)
	return length
}
