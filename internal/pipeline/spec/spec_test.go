package spec_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/pipeline/spec"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	const head = "name: p\nparameters:\n- {name: x}\nsteps:\n"
	for _, tt := range []struct {
		name, source string
		want         []string // "line:column path: start of the message"
	}{
		{"empty", "", []string{"0:0 : The definition is empty."}},
		{"not YAML", "name: [", []string{"1:1 : The definition is neither"}},
		{"a list", "[1]", []string{"1:1 : An object is expected"}},
		{"nothing in it", "{}", []string{"1:1 name: A pipeline needs a name", "1:1 steps: A pipeline needs at least one step"}},
		{"unknown fields", head + "- {name: a, wait: 1s, color: red}\nowner: me", []string{`5:23 steps[0].color: "color" is not known`, `6:1 owner: "owner" is not known`}},
		{"field twice", "name: p\nname: q\nsteps: [{name: a, wait: 1s}]", []string{`2:1 name: "name" is given twice`}},
		{"names", head + "- {name: A b, wait: 1s}\n- {name: a, wait: 1s}\n- {name: a, wait: 1s}", []string{"5:3 steps[0].name: A step needs", `7:3 steps[2].name: Step name "a" is used twice`}},
		{"uses", head + "- {name: a}\n- {name: b, wait: 1s, agent: c, task: d}\n- {name: c, agent: x}\n- {name: d, wait: 1s, params: {}}", []string{
			"5:3 steps[0]: Step a needs one of", "6:3 steps[1]: Step b uses agent and wait", "7:3 steps[2].task: agent and task", "8:3 steps[3].params: Only an agent",
		}},
		{"circle", head + "- {name: a, wait: 1s, after: b}\n- {name: b, wait: 1s}", []string{"5:30 steps[0].after: Step a comes after itself", "6:3 steps[1].after: Step b comes after itself"}},
		{"unknown step", head + "- {name: a, wait: 1s, after: [z]}", []string{`5:30 steps[0].after: There is no step "z"`}},
		{"references", head + "- {name: a, agent: q, task: t, params: {a: \"${params.y}\", b: [\"${steps.b.z}\"], c: \"${steps.q.z}\", d: \"${x}\", e: \"${params.x\"}}\n- {name: b, wait: 1s}", []string{
			`5:3 steps[0].params.d: The text cannot be read: "x" is not a reference`, "5:3 steps[0].params.e: The text cannot be read: a reference that begins",
			`5:3 steps[0].params: Parameter "y" is not declared`, "5:3 steps[0].params: Step a does not come after step b", `5:3 steps[0].params: There is no step "q"`,
		}},
		{"conditions", head + "- {name: a, wait: 1s}\n- {name: b, wait: 1s, when: steps.a.n >}\n- {name: c, wait: 1s, when: params.q}", []string{
			"6:29 steps[1].when: The condition cannot be read", `7:3 steps[2].when: Parameter "q" is not declared`,
		}},
		{"durations", head + "- {name: a, wait: soon}\n- {name: b, wait: -1s}\n- {name: c, wait: 1s, timeout: 48h}", []string{
			"5:19 steps[0].wait: A duration", "5:3 steps[0].wait: The wait must be", "6:3 steps[1].wait: The wait must be", "7:3 steps[2].timeout: The timeout must be",
		}},
		{"policies", head + "- {name: a, wait: 1s, retry: {attempts: 1000}}\n- {name: b, wait: 1s, limits: [{key: k}]}\n- {name: c, wait: 1s, limits: [{key: \"{site}\", concurrency: 1}]}", []string{
			"5:30 steps[0].retry.attempts: The attempts", `6:32 steps[1].limits[0].key: Limit "k" bounds nothing`, "7:3 steps[2].limits[0].key: {site} is not one of",
		}},
		{"parameters", "name: p\nparameters:\n- {name: x, type: date}\n- {name: y, type: number, default: z}\n- {name: y}\nsteps:\n- {name: a, wait: 1s}", []string{
			`3:19 parameters[0].type: "date" is not one of`, "4:3 parameters[1].default: The default", `5:3 parameters[2].name: Parameter "y" is declared twice`,
		}},
		{"alias", "name: &n p\nsteps: [{name: *n, wait: 1s}]", []string{"1:7 : Anchors and aliases", "2:16 : Anchors and aliases"}},
		{"itself", head + "- {name: a, pipeline: p}", []string{"5:3 steps[0].pipeline: Pipeline p must not start itself"}},
		{"model and approval", head + "- {name: a, model: {max_tokens: -1}}\n- {name: b, approval: {four_eyes: maybe}}", []string{
			"5:20 steps[0].model.prompt: A model needs", "5:20 steps[0].model.max_tokens: The tokens", "6:35 steps[1].approval.four_eyes: true or false", "6:23 steps[1].approval.title: An approval needs",
		}},
		{"undo", head + "- {name: a, wait: 1s, undo: {agent: q}}\n- {name: b, wait: 1s, undo: {agent: q, task: t, params: {own: \"${steps.b.x}\", later: \"${steps.c.x}\"}}}\n- {name: c, wait: 1s, undo: {agent: q, task: t, params: 1, when: now}}", []string{
			"5:29 steps[0].undo: What undoes a step needs", "7:57 steps[2].undo.params: An object", `7:60 steps[2].undo.when: "when" is not known`, "6:3 steps[1].undo.params: Step b does not come after step c",
		}},
		{"a JSON fault", `{"name": "p", "steps": [{"name": "a", "wait": 5}]}`, []string{"1:47 steps[0].wait: A duration", "1:25 steps[0].wait: The wait"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, faults := spec.Parse(tt.source, nil)
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprintf("%d:%d %s: %s", f.Line, f.Column, f.Path, f.Message))
			}
			if len(got) != len(tt.want) || p != nil {
				t.Fatalf("faults:\n%s", strings.Join(got, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("fault %d is %s\nwant     %s", i, got[i], tt.want[i])
				}
			}
		})
	}
}

var env = spec.Env{
	Params: map[string]any{"n": 3.0, "s": "tea", "t": true, "f": false, "o": map[string]any{"a-b": []any{"x", 7.0}}},
	Steps:  map[string]any{"scan": map[string]any{"score": 0.71, "none": nil}},
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		`params.t`: true, `params.f`: false, `params.missing`: false, `not params.missing`: true, `!params.t`: false,
		`params.n == 3`: true, `params.n == "3"`: false, `params.n != 3`: false, `params.n >= 3 and params.n < 4`: true,
		`params.s == 'tea'`: true, `params.s > "a"`: true, `steps.scan.score >= 0.7 && params.s == "tea"`: true, `steps.scan.none == null`: true,
		`steps.scan.deep.er == null`: true, `params.o.a-b.0 == "x"`: true, `params.o.a-b.1 > -1e1`: true, `params.o.a-b.9 == null`: true,
		`false or true and false`: false, `(false or true) and true`: true, `not (params.t and params.f)`: true, `not params.f == false`: false,
		`"" or 0 or null`: false, `params.s == "t\u0065a"`: true, `params.missing and params.missing > 3`: false,
	} {
		x, err := spec.ParseExpr(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, err := x.Eval(env); err != nil || got != want {
			t.Errorf("%s (%s) = %v, %v, want %v", in, x, got, err, want)
		}
	}
	for _, in := range []string{``, `params`, `x.y`, `params.`, `1 2`, `(1`, `1)`, `a == b`, `1 < 2 < 3`, `"open`, `"\q"`, `1..2`, `- 1`, `params.n = 3`, `and`, `params.ü`, strings.Repeat("(", 100) + "1", strings.Repeat("not ", 200) + "1", strings.Repeat("1 ", 600)} {
		if x, err := spec.ParseExpr(in); err == nil {
			t.Errorf("%.40s was read as %s", in, x)
		}
	}
	x, err := spec.ParseExpr(`params.s > 3`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(env); err == nil {
		t.Error("a text and a number were put in order")
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	in := map[string]any{"whole": "${params.n}", "part": "n=${params.n} ${ params.s }!", "list": []any{"${steps.scan}", 1.0, nil}, "money": "$${params.n} costs $5", "gone": "${params.zzz}"}
	got, err := spec.Fill(in, env)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"whole": 3.0, "part": "n=3 tea!", "list": []any{map[string]any{"score": 0.71, "none": nil}, 1.0, nil}, "money": "${params.n} costs $5", "gone": nil,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	refs := spec.Refs(in, "p", func(path string, err error) { t.Errorf("%s: %v", path, err) })
	var names []string
	for _, r := range refs {
		names = append(names, r.String())
	}
	if want := []string{"params.zzz", "steps.scan", "params.n", "params.s", "params.n"}; !slices.Equal(names, want) {
		t.Errorf("references %v, want %v", names, want)
	}
}

// FuzzExpr: what is read and written again is read as the same, and gives the same
// answer.
func FuzzExpr(f *testing.F) {
	for _, s := range []string{`params.n >= 3 and not steps.scan.score < 0.5`, `(params.s == "t\"ea") or null`, `not not 'x' != -1e3`, `steps.a-b.0.c`, `"\u00e9\n<&>"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		x, err := spec.ParseExpr(in)
		if err != nil || len(x.String()) > 1000 {
			return
		}
		again, err := spec.ParseExpr(x.String())
		if err != nil {
			t.Fatalf("%q was read as %s, which cannot be read: %v", in, x, err)
		}
		if again.String() != x.String() {
			t.Errorf("%q was read as %s, then as %s", in, x, again)
		}
		a, errA := x.Eval(env)
		b, errB := again.Eval(env)
		if a != b || (errA == nil) != (errB == nil) {
			t.Errorf("%q holds %v, %v, then %v, %v", in, a, errA, b, errB)
		}
	})
}

// FuzzParse: a definition without faults names its steps once, in an order, and only
// refers backwards; with faults there is none. Parameters that it takes are taken
// again.
func FuzzParse(f *testing.F) {
	f.Add("name: p\nparameters: [{name: x, type: number, default: 3}]\nsteps:\n- {name: a, wait: 1s}\n- {name: b, when: params.x > 2, agent: q, task: t, params: {z: '${params.x}'}, after: [a]}")
	f.Add(`{"name":"p","steps":[{"name":"a","model":{"prompt":"x"},"retry":{"attempts":2,"backoff":"1s"}}]}`)
	f.Add("name: p\nsteps: [{name: a, approval: {title: t}, after: []}, {name: b, pipeline: c, limits: [{key: '{tenant}', per_minute: 3}]}]")
	f.Add("a: &x [*x]")
	f.Fuzz(func(t *testing.T, source string) {
		p, faults := spec.Parse(source, nil)
		if (p == nil) != (len(faults) > 0) {
			t.Fatalf("pipeline %v with faults %v", p, faults)
		}
		for _, fault := range faults {
			if fault.Message == "" || fault.Line < 0 {
				t.Errorf("fault %+v says nothing", fault)
			}
		}
		if p == nil {
			return
		}
		seen := map[string]bool{}
		for _, s := range p.Steps {
			if seen[s.Name] {
				t.Errorf("step %s is there twice", s.Name)
			}
			seen[s.Name] = true
		}
		for _, s := range p.Steps {
			for _, name := range s.After {
				if !seen[name] || name == s.Name {
					t.Errorf("step %s comes after %q", s.Name, name)
				}
			}
		}
		given := map[string]any{}
		for _, d := range p.Params {
			given[d.Name] = map[string]any{"string": "x", "number": 1.5, "integer": 2, "boolean": true, "object": map[string]any{}, "list": []any{}}[d.Type]
		}
		raw, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		filled, err := p.Fill(raw)
		if err != nil {
			t.Fatalf("parameters %s: %v", raw, err)
		}
		if _, err := p.Fill(filled); err != nil {
			t.Errorf("parameters %s were taken, %s are not: %v", raw, filled, err)
		}
	})
}

func TestParamsOfARun(t *testing.T) {
	t.Parallel()
	p, faults := spec.Parse("name: p\nparameters: [{name: a, required: true}, {name: n, type: integer, default: 3}, {name: l, type: list}]\nsteps: [{name: s, wait: 1s}]", nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for in, want := range map[string]string{
		`{"a":"x"}`: `{"a":"x","n":3}`, `{"a":"x","n":4,"l":[1]}`: `{"a":"x","l":[1],"n":4}`, `{"a":"x","n":null}`: `{"a":"x","n":3}`,
		`{}`: "params.a", `{"a":"x","n":1.5}`: "params.n", `{"a":"x","z":1}`: "params.z", `{"a":1}`: "params.a", `null`: "params", `[]`: "params", `{`: "params",
	} {
		got, err := p.Fill([]byte(in))
		if strings.HasPrefix(want, "{") {
			if err != nil || string(got) != want {
				t.Errorf("%s: %s, %v, want %s", in, got, err, want)
			}
			continue
		}
		if e, ok := err.(*domain.Error); !ok || e.Field != want { //nolint:errorlint // as it is returned
			t.Errorf("%s: %s, %v, want a fault at %s", in, got, err, want)
		}
	}
}
