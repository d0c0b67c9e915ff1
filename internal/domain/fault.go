package domain

import "strings"

// Faults are all faults of one input at once.
type Faults []*Error

// Add notes a fault of a field.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, Invalid(field, format, args...))
}

// Err returns nil for no fault, else a CodeInvalid error whose sentence names all of
// them and whose cause is the Faults.
func (f Faults) Err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return f[0]
	}
	texts := make([]string, len(f))
	for i, e := range f {
		texts[i] = e.Message
	}
	return &Error{Code: CodeInvalid, Field: f[0].Field, Message: strings.Join(texts, " "), Err: f}
}

// Error returns all sentences.
func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, e := range f {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "; ")
}
