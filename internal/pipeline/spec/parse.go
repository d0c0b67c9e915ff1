package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenNumber
	tokenText
	tokenSign
)

// maxNesting bounds parentheses and chains of not.
const maxNesting = 50

// parser reads a condition by recursive descent, from or down to operands.
type parser struct {
	in   string
	pos  int // after the current token
	kind tokenKind
	tok  string // the current token; of a text its value
	refs []Ref
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format+" (before character %d)", append(args, p.pos+1)...)
	}
	p.kind, p.tok = tokenEnd, ""
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// next reads a token.
func (p *parser) next() {
	for p.pos < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.pos]) >= 0 {
		p.pos++
	}
	if p.err != nil || p.pos == len(p.in) {
		p.kind, p.tok = tokenEnd, ""
		return
	}
	switch c := p.in[p.pos]; {
	case c == '"' || c == '\'':
		p.quoted(c)
	case isWord(c):
		start := p.pos
		for p.pos < len(p.in) && (isWord(p.in[p.pos]) || p.in[p.pos] == '+' && strings.HasSuffix(strings.ToLower(p.in[start:p.pos]), "e")) {
			p.pos++
		}
		p.kind, p.tok = tokenWord, p.in[start:p.pos]
		if c >= '0' && c <= '9' || c == '-' || c == '.' {
			p.kind = tokenNumber
		}
	default:
		p.sign()
	}
}

func (p *parser) quoted(quote byte) {
	var b strings.Builder
	for i := p.pos + 1; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == quote:
			p.pos, p.kind, p.tok = i+1, tokenText, b.String()
			if !utf8.ValidString(p.tok) {
				p.fail("the text is not valid UTF-8")
			}
			return
		case c == '\\' && i+1 < len(p.in) && p.in[i+1] == 'u' && i+6 <= len(p.in):
			r, err := strconv.ParseUint(p.in[i+2:i+6], 16, 16)
			if err != nil || r >= 0xd800 && r < 0xe000 {
				p.fail("\\%s is not a character", p.in[i+1:i+6])
				return
			}
			b.WriteRune(rune(r))
			i += 5
		case c == '\\' && i+1 < len(p.in):
			i++
			escaped, known := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '\\': '\\', '/': '/', '"': '"', '\'': '\''}[p.in[i]]
			if !known {
				p.fail("\\%c is not an escape", p.in[i])
				return
			}
			b.WriteByte(escaped)
		default:
			b.WriteByte(c)
		}
	}
	p.fail("a text is not closed")
}

func (p *parser) sign() {
	for _, s := range []string{"==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")"} {
		if strings.HasPrefix(p.in[p.pos:], s) {
			p.pos += len(s)
			p.kind, p.tok = tokenSign, map[string]string{"&&": "and", "||": "or", "!": "not"}[s]
			if p.tok == "" {
				p.tok = s
			} else {
				p.kind = tokenWord
			}
			return
		}
	}
	r, _ := utf8.DecodeRuneInString(p.in[p.pos:])
	p.fail("%q is not part of a condition", r)
}

func (p *parser) is(kind tokenKind, tok string) bool { return p.kind == kind && p.tok == tok }

func (p *parser) or(depth int) node {
	l := p.and(depth)
	for p.is(tokenWord, "or") {
		p.next()
		l = binary{"or", l, p.and(depth)}
	}
	return l
}

func (p *parser) and(depth int) node {
	l := p.not(depth)
	for p.is(tokenWord, "and") {
		p.next()
		l = binary{"and", l, p.not(depth)}
	}
	return l
}

func (p *parser) not(depth int) node {
	if depth > maxNesting {
		p.fail("it is nested more than %d deep", maxNesting)
		return literal{}
	}
	if p.is(tokenWord, "not") {
		p.next()
		return unary{p.not(depth + 1)}
	}
	l := p.operand(depth)
	if p.kind != tokenSign || p.tok == "(" || p.tok == ")" {
		return l
	}
	op := p.tok
	p.next()
	return binary{op, l, p.operand(depth)}
}

func (p *parser) operand(depth int) node {
	kind, tok := p.kind, p.tok
	switch {
	case p.is(tokenSign, "("):
		p.next()
		x := p.or(depth + 1)
		if !p.is(tokenSign, ")") {
			p.fail("a closing parenthesis is missing")
			return literal{}
		}
		p.next()
		return x
	case kind == tokenText:
		p.next()
		return literal{tok}
	case kind == tokenNumber:
		n, err := strconv.ParseFloat(tok, 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			p.fail("%q is not a number", tok)
			return literal{}
		}
		p.next()
		return literal{n}
	case kind == tokenWord:
		return p.word(tok)
	case kind == tokenEnd:
		p.fail("something is missing")
	default:
		p.fail("%q is not expected there", tok)
	}
	return literal{}
}

func (p *parser) word(tok string) node {
	switch tok {
	case "true", "false":
		p.next()
		return literal{tok == "true"}
	case "null":
		p.next()
		return literal{}
	}
	ref, err := ParseRef(tok)
	if err != nil {
		p.fail("%v", err)
		return literal{}
	}
	p.refs = append(p.refs, ref)
	p.next()
	return ref
}

// ParseRef reads a reference: params.NAME or steps.NAME.FIELD….
func ParseRef(s string) (Ref, error) {
	parts := strings.Split(s, ".")
	for _, part := range parts {
		if part == "" || strings.IndexFunc(part, func(r rune) bool { return r > 127 || !isWord(byte(r)) }) >= 0 {
			return nil, fmt.Errorf("%q is not a reference such as params.x or steps.name.field", s)
		}
	}
	if len(parts) < 2 || parts[0] != "params" && parts[0] != "steps" {
		return nil, fmt.Errorf("%q is not a reference such as params.x or steps.name.field", s)
	}
	return parts, nil
}
