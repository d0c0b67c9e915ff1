package cache

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// The protocol of Redis, version 2 (RESP2), as far as the commands of this package go.

const (
	maxBulk  = 64 << 20 // bytes of a value that is read
	maxList  = 1 << 16  // values of a list
	maxDepth = 4        // lists in lists
)

// errMissing says that the server holds no such value, or did not store one.
var errMissing = errors.New("no value")

// errProtocol says that what came is no answer of a Redis server.
var errProtocol = errors.New("the server does not speak as Redis does")

// answerError is an error that the server answered with.
type answerError string

// Error implements error.
func (e answerError) Error() string { return string(e) }

// reply is an answer of the server.
type reply struct {
	err  error // errMissing or answerError
	data []byte
	n    int64
	list []reply
}

// appendCommand adds a command to what is to be sent.
func appendCommand(to []byte, args []string) []byte {
	to = append(strconv.AppendInt(append(to, '*'), int64(len(args)), 10), '\r', '\n')
	for _, a := range args {
		to = append(strconv.AppendInt(append(to, '$'), int64(len(a)), 10), '\r', '\n')
		to = append(append(to, a...), '\r', '\n')
	}
	return to
}

// readReply reads one answer. An error is one of the connection.
func readReply(r *bufio.Reader, depth int) (reply, error) {
	line, err := readLine(r)
	if err != nil {
		return reply{}, err
	}
	if len(line) == 0 || depth > maxDepth {
		return reply{}, errProtocol
	}
	kind, rest := line[0], string(line[1:])
	switch kind {
	case '+':
		return reply{data: []byte(rest)}, nil
	case '-':
		return reply{err: answerError(rest)}, nil
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return reply{}, errProtocol
	}
	switch {
	case kind == ':':
		return reply{n: n}, nil
	case (kind == '$' || kind == '*') && n == -1:
		return reply{err: errMissing}, nil
	case kind == '$' && n >= 0 && n <= maxBulk:
		return readBulk(r, int(n))
	case kind == '*' && n >= 0 && n <= maxList:
		out := reply{list: make([]reply, n)}
		for i := range out.list {
			if out.list[i], err = readReply(r, depth+1); err != nil {
				return reply{}, err
			}
		}
		return out, nil
	}
	return reply{}, errProtocol
}

func readBulk(r *bufio.Reader, n int) (reply, error) {
	b := make([]byte, n+2)
	if _, err := io.ReadFull(r, b); err != nil {
		return reply{}, fmt.Errorf("read value: %w", err)
	}
	if b[n] != '\r' || b[n+1] != '\n' {
		return reply{}, errProtocol
	}
	return reply{data: b[:n:n]}, nil
}

// readLine returns a line without its end, which is good until the next one is read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errProtocol
	}
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, errProtocol
	}
	return line[:len(line)-2], nil
}

// bytes returns the value of a string.
func (r *reply) bytes() ([]byte, error) { return r.data, r.err }

// number returns the value of an integer.
func (r *reply) number() (int64, error) {
	if r.err != nil || r.data == nil {
		return r.n, r.err
	}
	n, err := strconv.ParseInt(string(r.data), 10, 64)
	if err != nil {
		return 0, errAnswer
	}
	return n, nil
}

// numbers returns a list of integers, of which there must be as many as are wanted.
func (r *reply) numbers(want int) ([]int64, error) {
	if r.err != nil {
		return nil, r.err
	}
	if len(r.list) != want {
		return nil, errAnswer
	}
	out := make([]int64, want)
	for i := range r.list {
		var err error
		if out[i], err = r.list[i].number(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
