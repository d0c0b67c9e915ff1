package domain_test

import (
	"strings"
	"testing"

	"empire/internal/domain"
)

func TestValidateDomain(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for _, tt := range []struct{ in, want string }{
		{"keyboards.example", "keyboards.example"},
		{" Keyboards.EXAMPLE.\n", "keyboards.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{label + ".example", label + ".example"},
	} {
		if got, err := domain.ValidateDomain(tt.in); err != nil || got != tt.want {
			t.Errorf("ValidateDomain(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{
		"", " ", ".", "keyboards", "a..example", ".example", "-a.example", "a-.example", "bücher.example", "a_b.example",
		"a b.example", "http://a.example", "a.example/path", "a.example:80", "127.0.0.1", "1.2.3.4.", label + "a.example",
		strings.Repeat("a.", 127) + "example", "a.example\x00.b", "*.example",
	} {
		got, err := domain.ValidateDomain(in)
		if domain.CodeOf(err) != domain.CodeInvalid || got != "" {
			t.Errorf("ValidateDomain(%q) = %q, %v, want invalid", in, got, err)
		}
	}
}

func FuzzValidateDomain(f *testing.F) {
	f.Add("Keyboards.example.")
	f.Add("xn--bcher-kva.example")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := domain.ValidateDomain(in)
		if err != nil {
			return
		}
		if again, err := domain.ValidateDomain(got); err != nil || again != got {
			t.Errorf("ValidateDomain(%q) = %q, which is itself %q, %v", in, got, again, err)
		}
		if len(got) > 253 || got != strings.ToLower(got) || strings.ContainsAny(got, " /:@?#%\\_") {
			t.Errorf("ValidateDomain(%q) accepts %q", in, got)
		}
	})
}

func TestOperatorMissing(t *testing.T) {
	t.Parallel()
	whole := domain.Operator{
		Name: "A", Street: "B 1", PostalCode: "1", City: "C", Country: "DE", Email: "a@b.example", Phone: "1", Responsible: "A",
	}
	if got := whole.Missing(); len(got) != 0 {
		t.Errorf("missing %v, want nothing", got)
	}
	form := whole
	form.Phone, form.ContactURL = "", "https://b.example/contact"
	if got := form.Missing(); len(got) != 0 {
		t.Errorf("with a contact form: missing %v, want nothing", got)
	}
	blank := whole
	blank.Name, blank.Phone = "  ", ""
	if got := strings.Join(blank.Missing(), ", "); got != "name, phone or contact_url" {
		t.Errorf("missing %q", got)
	}
}
