package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// Input names where the configuration comes from.
type Input struct {
	File    string            // YAML file; empty: empire.yaml in the working directory, if there is one
	Environ []string          // as os.Environ returns it
	Flags   map[string]string // flags that the user gave, by key
}

// Setting is one effective value with its source: default, file, env or flag.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // *** for a secret
	Source string `json:"source"`
}

// FaultError lists everything that is wrong with a configuration.
type FaultError struct{ Faults []string }

// Error returns the faults, one on each line.
func (e *FaultError) Error() string {
	return "the configuration is not usable:\n  " + strings.Join(e.Faults, "\n  ")
}

// otherVariables are EMPIRE_* variables that are not settings.
var otherVariables = []string{"EMPIRE_CONFIG", "EMPIRE_URL", "EMPIRE_TOKEN"}

// Load returns the effective configuration and where each value came from. All
// faults are returned together as a *FaultError.
func Load(in Input) (*Config, []Setting, error) {
	l := loader{merged: koanf.New("."), source: map[string]string{}}
	l.load("default", defaults())
	known := l.merged.Keys()
	fileValues, name, err := readFile(in)
	if err != nil {
		return nil, nil, &FaultError{[]string{err.Error()}}
	}
	l.loadKnown("file "+name, flatten("", fileValues), known)
	l.loadKnown("env", fromEnviron(in.Environ, known, &l.faults), known)
	flags := map[string]any{}
	for k, v := range in.Flags {
		flags[k] = v
	}
	l.loadKnown("flag", flags, known)
	cfg, err := l.decode()
	if err != nil {
		l.faults = append(l.faults, decodeFaults(err)...)
	} else {
		for _, f := range cfg.Validate() {
			key, _, _ := strings.Cut(f, ":")
			l.faults = append(l.faults, f+" (from "+l.source[key]+")")
		}
	}
	if len(l.faults) > 0 {
		return nil, nil, &FaultError{l.faults}
	}
	return cfg, l.settings(), nil
}

type loader struct {
	merged *koanf.Koanf
	source map[string]string
	faults []string
}

func (l *loader) load(source string, nested map[string]any) {
	if err := l.merged.Load(mapProvider(nested), nil); err != nil {
		l.faults = append(l.faults, source+": "+err.Error())
	}
	for _, k := range l.merged.Keys() {
		if l.source[k] == "" {
			l.source[k] = source
		}
	}
}

// loadKnown merges flat values over what is there; unknown keys are faults.
func (l *loader) loadKnown(source string, flat map[string]any, known []string) {
	for _, key := range sortedKeys(flat) {
		if !slices.Contains(known, key) {
			l.faults = append(l.faults, fmt.Sprintf("%s: there is no such setting (from %s); see empire config show", key, source))
			continue
		}
		value := flat[key]
		if key == listKey {
			list, faults := listValue(value)
			l.faults = append(l.faults, faults...)
			value = list
		}
		if err := l.merged.Set(key, value); err != nil {
			l.faults = append(l.faults, key+": "+err.Error())
		}
		l.source[key] = source
	}
}

func (l *loader) decode() (*Config, error) {
	var cfg Config
	err := l.merged.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")), WeaklyTypedInput: true, Result: &cfg, TagName: "koanf",
	}})
	return &cfg, err
}

func decodeFaults(err error) []string {
	var out []string
	for _, line := range strings.Split(err.Error(), "\n") {
		if line = strings.Trim(line, " *"); line != "" && !strings.HasPrefix(line, "decoding failed") {
			out = append(out, line)
		}
	}
	return out
}

func (l *loader) settings() []Setting {
	var out []Setting
	for _, k := range l.merged.Keys() {
		v := l.merged.String(k)
		if parts := l.merged.Strings(k); len(parts) > 0 {
			v = strings.Join(parts, ",")
		}
		switch {
		case slices.Contains(secretKeys, k):
			v = Secret(v).String()
		case k == listKey:
			v = shownList(l.merged.Get(k))
		}
		out = append(out, Setting{k, v, l.source[k]})
	}
	return out
}

type mapProvider map[string]any

// ReadBytes is not used: the map is read as it is.
func (m mapProvider) ReadBytes() ([]byte, error) { return nil, errors.New("a map has no bytes") }

// Read returns the map.
func (m mapProvider) Read() (map[string]any, error) { return m, nil }

func readFile(in Input) (map[string]any, string, error) {
	name, wanted := in.File, in.File != ""
	if !wanted {
		for _, e := range in.Environ {
			if v, ok := strings.CutPrefix(e, "EMPIRE_CONFIG="); ok && v != "" {
				name, wanted = v, true
			}
		}
	}
	if name == "" {
		name = "empire.yaml"
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !wanted {
		return nil, name, nil
	}
	if err != nil {
		return nil, name, fmt.Errorf("config file %s cannot be read: %w", name, err)
	}
	var out map[string]any
	if err := yaml.Unmarshal(b, &out); err != nil {
		return nil, name, fmt.Errorf("config file %s is not YAML: %w", name, err)
	}
	return out, name, nil
}

func flatten(prefix string, nested map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range nested {
		if inner, ok := v.(map[string]any); ok {
			for ik, iv := range flatten(prefix+k+".", inner) {
				out[ik] = iv
			}
			continue
		}
		out[prefix+k] = v
	}
	return out
}

// Variable returns the name of the variable for a key: EMPIRE_LISTEN_API for
// listen.api.
func Variable(key string) string {
	return "EMPIRE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func fromEnviron(environ, known []string, faults *[]string) map[string]any {
	byVariable := map[string]string{}
	for _, k := range known {
		byVariable[Variable(k)] = k
	}
	out := map[string]any{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "EMPIRE_") || strings.HasPrefix(name, "EMPIRE_TEST_") || slices.Contains(otherVariables, name) {
			continue
		}
		key, ok := byVariable[name]
		if !ok {
			*faults = append(*faults, name+": there is no such setting; see empire config show")
			continue
		}
		out[key] = value
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
