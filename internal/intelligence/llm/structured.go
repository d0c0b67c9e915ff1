package llm

import (
	"context"
	"fmt"

	"empire/internal/domain"
)

// Caller asks models; *Metered is one.
type Caller interface {
	Call(ctx context.Context, r Request) (*Response, error)
}

// Structure is an answer that fits the schema that was asked for.
type Structure[T any] struct {
	Value    T
	Response *Response // the one that was read
	Receipts []Receipt // of every call that was paid: one, or two
	Repaired bool      // the first answer did not fit
}

// Structured asks for JSON that fits r.Schema and reads it as a T, whose method
// Validate, if any, is asked too. An answer that does not fit is sent back once with
// what is wrong with it; a second one that does not fit is CodeInvalid. Vendors'
// strict modes do not make the check superfluous: servers of one's own ignore them,
// and a schema says nothing about what Validate knows.
func Structured[T any](ctx context.Context, c Caller, r Request) (*Structure[T], error) {
	if r.Schema == nil {
		return nil, domain.Invalid("schema", "A structured answer needs a schema.")
	}
	r.Stream = nil // pieces of what may not fit are of no use
	out := &Structure[T]{}
	for {
		res, err := c.Call(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Response, out.Receipts = res, append(out.Receipts, res.Receipt)
		value, fault := read[T](res, r.Schema)
		if fault == nil {
			out.Value = value
			return out, nil
		}
		if out.Repaired {
			return nil, fault
		}
		out.Repaired = true
		r = repair(r, res, fault)
	}
}

func read[T any](res *Response, schema *Schema) (value T, err error) {
	if res.Finish != FinishLength {
		if err := schema.Check([]byte(unfence(res.Text))); err != nil {
			return value, &domain.Error{
				Code: domain.CodeInvalid, Message: "The answer of the model does not fit the schema that was asked for: " + domain.MessageOf(err), Err: err,
			}
		}
	}
	return Decode[T](res)
}

// maxRepair bounds how much of a wrong answer is sent back, in bytes.
const maxRepair = 16 << 10

// repair is the request after an answer that does not fit. The schema is the same, so
// that whatever the answer said cannot change what is asked for.
func repair(r Request, res *Response, fault error) Request {
	wrong := res.Text
	if len(wrong) > maxRepair {
		wrong = wrong[:maxRepair]
	}
	if wrong == "" {
		wrong = "(empty)"
	}
	r.Messages = append(r.Turns(), Message{Role: Assistant, Text: wrong})
	r.Prompt = fmt.Sprintf("Your answer cannot be used. %s Answer the same question again, with nothing but JSON that fits the schema.", domain.MessageOf(fault))
	return r
}
