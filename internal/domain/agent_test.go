package domain_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestAgentStatusMoves holds the whole table of legal changes, and that every path
// from one state to another is made of such.
func TestAgentStatusMoves(t *testing.T) {
	t.Parallel()
	legal := map[domain.AgentStatus]string{
		"offline": "idle", "idle": "working offline", "working": "idle error offline", "error": "idle working offline",
	}
	for _, from := range domain.AgentStatuses() {
		for _, to := range domain.AgentStatuses() {
			want := slices.Contains(strings.Fields(legal[from]), string(to))
			if got := from.MayBecome(to); got != want {
				t.Errorf("%s to %s: %v, want %v", from, to, got, want)
			}
			at := from
			for _, next := range from.Path(to) {
				if !at.MayBecome(next) {
					t.Errorf("the path from %s to %s goes from %s to %s", from, to, at, next)
				}
				at = next
			}
			if at != to {
				t.Errorf("the path from %s leads to %s, want %s", from, at, to)
			}
		}
	}
	for _, odd := range []domain.AgentStatus{"", "asleep"} {
		if odd.MayBecome(domain.AgentIdle) || domain.AgentIdle.MayBecome(odd) || len(odd.Path(domain.AgentIdle)) != 0 || len(domain.AgentIdle.Path(odd)) != 0 {
			t.Errorf("%q is a state", odd)
		}
	}
}

const knobs = `{"type":"object","required":["url"],"properties":{
	"url":{"type":"string","pattern":"^https://","maxLength":20},"depth":{"type":"integer","minimum":1,"maximum":5,"default":2},
	"mode":{"type":"string","enum":["fast","deep"]},"key":{"type":"string","secret":true},"on":{"type":"boolean"},
	"tags":{"type":"array","items":{"type":"string"}}}}`

// TestConfigSchemaFindsAllFaults: a configuration with several faults has them all
// in one answer.
func TestConfigSchemaFindsAllFaults(t *testing.T) {
	t.Parallel()
	s, err := domain.ParseConfigSchema(json.RawMessage(knobs))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		config string
		fields string
	}{
		{`{"url":"https://a.example","depth":5,"mode":"deep","on":true,"tags":["a"]}`, ""},
		{`{}`, "config.url"},
		{`{"url":"ftp://a.example","depth":9,"mode":"slow","on":1,"tags":["a",2],"more":1}`, "config.depth config.mode config.more config.on config.tags[1] config.url"},
		{`{"url":"https://a.example/and/more","depth":1.5}`, "config.depth config.url"},
		{`[]`, "config"},
		{`{"url":`, "config"},
	} {
		err := s.Validate("config", json.RawMessage(tt.config))
		var fields []string
		if e, ok := err.(*domain.Error); ok { //nolint:errorlint // it is returned as it is
			if all, several := e.Err.(domain.Faults); several { //nolint:errorlint // likewise
				for _, one := range all {
					fields = append(fields, one.Field)
				}
			} else {
				fields = []string{e.Field}
			}
		}
		slices.Sort(fields)
		if got := strings.Join(fields, " "); got != tt.fields {
			t.Errorf("%s: faults at %q, want %q", tt.config, got, tt.fields)
		}
		if err != nil && domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", tt.config, err)
		}
	}
	if got := strings.Join(s.SecretNames(), " "); got != "key" {
		t.Errorf("secrets = %q", got)
	}
}

func TestConfigSchemaRefuses(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		`[]`, `{"type":"string"}`, `{"type":"object","minProperties":1}`, `{"type":"object","properties":{"a":{"type":"text"}}}`,
		`{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}`, `{"type":"object","required":["a"]}`,
		`{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}`, `{"type":"object","properties":{"a":null}}`,
		`{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string","secret":true}}}}}`,
	} {
		if _, err := domain.ParseConfigSchema(json.RawMessage(schema)); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", schema, err)
		}
	}
	for _, none := range []string{``, ` `, `null`} {
		if s, err := domain.ParseConfigSchema(json.RawMessage(none)); s != nil || err != nil {
			t.Errorf("%q: %v, %v, want no schema", none, s, err)
		}
	}
}

func FuzzConfigSchema(f *testing.F) {
	f.Add(knobs, `{"url":"https://a.example"}`)
	f.Fuzz(func(t *testing.T, schema, config string) {
		s, err := domain.ParseConfigSchema(json.RawMessage(schema))
		if err != nil || s == nil {
			return
		}
		if s.Validate("config", json.RawMessage(config)) == nil && !json.Valid([]byte(config)) {
			t.Errorf("%q passes, but is not JSON", config)
		}
	})
}
