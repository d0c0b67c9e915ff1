package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite docs/cli.md")

// commands returns all commands by their path without the program's name: "site list".
func commands() map[string]*cobra.Command {
	root, _ := newRoot(streams{})
	all := map[string]*cobra.Command{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		all[strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), "empire"), " ")] = c
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return all
}

func TestHelp(t *testing.T) {
	t.Parallel()
	all := commands()
	if len(all) < 40 {
		t.Fatalf("only %d commands", len(all))
	}
	for path, c := range all {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			o := command(t, append(strings.Fields(path), "--help")...).done(t)
			if o.errs != "" {
				t.Errorf("standard error: %s", o.errs)
			}
			for _, want := range []string{"Usage:\n  empire", "Examples:\n", "--json"} {
				if !strings.Contains(o.out, want) {
					t.Errorf("help lacks %q:\n%s", want, o.out)
				}
			}
			if !strings.Contains(c.Example, "empire "+path) && !c.HasSubCommands() && c.Name() != "help" {
				t.Errorf("the example does not use the command: %s", c.Example)
			}
			for line := range strings.Lines(c.Example) {
				if !strings.HasPrefix(line, "  ") || strings.Contains(line, "TODO") {
					t.Errorf("example line %q is not set in", line)
				}
			}
			if c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("short text %q", c.Short)
			}
		})
	}
}

const generatedMark = "<!-- From here on generated: go test ./cmd/empire -run TestReference -update -->\n"

// TestReference keeps the reference of all commands in docs/cli.md as they are.
func TestReference(t *testing.T) {
	t.Parallel()
	const file = "../../docs/cli.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, held, ok := strings.Cut(string(raw), generatedMark)
	if !ok {
		t.Fatalf("%s lacks the line %s", file, generatedMark)
	}
	root, _ := newRoot(streams{})
	var b strings.Builder
	reference(&b, root)
	if *update {
		if err := os.WriteFile(file, []byte(head+generatedMark+b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), held); diff != "" {
		t.Errorf("docs/cli.md is not what the commands say; run the test with -update (-want +got):\n%s", diff)
	}
}

// reference writes the leaves below a command: text, flags, example.
func reference(b *strings.Builder, c *cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" || sub.Hidden {
			continue
		}
		reference(b, sub)
	}
	if c.HasSubCommands() {
		return
	}
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n```sh\n%s\n```\n", strings.TrimSuffix(c.UseLine(), " [flags]"), text, dedent(c.Example))
	var flags []string
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		def := ""
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			def = fmt.Sprintf(" (default %s)", strings.Trim(f.DefValue, "[]"))
		}
		flags = append(flags, fmt.Sprintf("| `%s` | %s%s |\n", strings.TrimSpace("--"+f.Name+" "+strings.ToUpper(name)), usage, def))
	})
	if len(flags) > 0 {
		fmt.Fprintf(b, "\n| flag | meaning |\n| --- | --- |\n%s", strings.Join(flags, ""))
	}
}

func dedent(s string) string {
	return strings.TrimPrefix(strings.ReplaceAll(s, "\n  ", "\n"), "  ")
}
