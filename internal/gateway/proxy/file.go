package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"empire/internal/domain"
)

// Bounds and defaults of a route file.
const (
	maxFile         = 1 << 20
	maxRoutes       = 10_000
	maxPrefix       = 1024
	maxWeight       = 100
	maxRetries      = 10
	maxTimeout      = time.Hour
	minInterval     = 100 * time.Millisecond
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 2
	defaultHealth   = "/readyz"
	defaultInterval = 2 * time.Second
	defaultCheck    = 2 * time.Second
)

// FileError is a route file that cannot be used.
type FileError struct {
	Faults []string // all of them, each with the route or service and the key
}

// Error returns the faults, one a line.
func (e *FileError) Error() string { return strings.Join(e.Faults, "\n") }

// service is what a file says about a service.
type service struct {
	name    string
	targets []target
	health  healthSpec
}

type target struct {
	url    string
	weight int
}

// healthSpec says how the instances of a service are asked whether they work.
type healthSpec struct {
	path              string
	interval, timeout time.Duration
}

var usualHealth = healthSpec{defaultHealth, defaultInterval, defaultCheck}

var (
	validName  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	validLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
)

// reader collects the faults of a file.
type reader struct {
	faults []string
}

func (r *reader) fault(where, format string, args ...any) {
	if len(r.faults) < 100 {
		r.faults = append(r.faults, where+": "+fmt.Sprintf(format, args...))
	}
}

// parse reads a route file. The error is a *FileError with all faults.
func parse(data []byte) ([]domain.Route, map[string]*service, error) {
	r := &reader{}
	routes, services := r.file(data)
	if len(r.faults) > 0 {
		return nil, nil, &FileError{r.faults}
	}
	return routes, services, nil
}

func (r *reader) file(data []byte) ([]domain.Route, map[string]*service) {
	services := map[string]*service{}
	if len(data) > maxFile {
		r.fault("file", "it has %d bytes, at most %d are read", len(data), maxFile)
		return nil, services
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF): // an empty file has no routes
		return nil, services
	case err != nil:
		r.fault("file", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil, services
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.fault("file", "only one YAML document is read")
	}
	if len(doc.Content) != 1 || doc.Content[0].Tag == "!!null" {
		return nil, services
	}
	var routes []domain.Route
	r.mapping(doc.Content[0], "file", map[string]func(string, *yaml.Node){
		"routes":   func(where string, n *yaml.Node) { routes = r.routes(where, n) },
		"services": func(where string, n *yaml.Node) { services = r.services(where, n) },
	})
	return routes, services
}

// mapping calls the function of each key that a mapping has.
func (r *reader) mapping(n *yaml.Node, where string, known map[string]func(where string, n *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fault(where, "a mapping is needed in line %d", n.Line)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		fn, ok := known[key]
		switch {
		case !ok:
			var names []string
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			r.fault(where, "the key %q in line %d is not one of %s", clip(key), n.Content[i].Line, strings.Join(names, ", "))
		case seen[key]:
			r.fault(where, "the key %q is there again in line %d", key, n.Content[i].Line)
		default:
			seen[key] = true
			fn(where, n.Content[i+1])
		}
	}
}

// list returns the entries of a sequence.
func (r *reader) list(where, key string, n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.fault(where, "%s: a list is needed in line %d", key, n.Line)
		return nil
	}
	return n.Content
}

func (r *reader) routes(_ string, n *yaml.Node) []domain.Route {
	var out []domain.Route
	list := r.list("file", "routes", n)
	if len(list) > maxRoutes {
		r.fault("file", "routes: there are %d, at most %d are taken", len(list), maxRoutes)
		return nil
	}
	for i, n := range list {
		where := fmt.Sprintf("routes[%d]", i)
		if name := peek(n, "name"); name != "" {
			where = fmt.Sprintf("route %q", clip(name))
		}
		out = append(out, r.route(where, n))
	}
	return out
}

func (r *reader) route(where string, n *yaml.Node) domain.Route {
	out := domain.Route{Timeout: defaultTimeout, Retries: defaultRetries}
	r.mapping(n, where, map[string]func(string, *yaml.Node){
		"name":         r.text("name", &out.Name),
		"host":         r.text("host", &out.Host),
		"prefix":       r.text("prefix", &out.Prefix),
		"service":      r.text("service", &out.Service),
		"strip_prefix": r.flag("strip_prefix", &out.StripPrefix),
		"rewrite_host": r.flag("rewrite_host", &out.RewriteHost),
		"timeout":      r.duration("timeout", &out.Timeout, time.Millisecond, maxTimeout),
		"retries":      r.number("retries", &out.Retries, 0, maxRetries),
	})
	if n.Kind == yaml.MappingNode {
		r.checkRoute(where, &out)
	}
	return out
}

// checkRoute checks what a route says and brings host and prefix into one form.
func (r *reader) checkRoute(where string, out *domain.Route) {
	if !validName.MatchString(out.Name) {
		r.fault(where, "name: %q is not 1 to 63 of a-z, 0-9, - and _", clip(out.Name))
	}
	if out.Service != "" && !validName.MatchString(out.Service) {
		r.fault(where, "service: %q is not 1 to 63 of a-z, 0-9, - and _", clip(out.Service))
	}
	if out.Host != "" {
		host := foldHost(out.Host)
		if !validHost(host) {
			r.fault(where, "host: %q is not a host name or address without port", clip(out.Host))
		}
		out.Host = host
	}
	if why := badPrefix(out.Prefix); why != "" {
		r.fault(where, "prefix: %q %s", clip(out.Prefix), why)
	}
	if trimmed := strings.TrimRight(out.Prefix, "/"); trimmed != "" {
		out.Prefix = trimmed
	}
	if out.Service == "" && (out.StripPrefix || out.RewriteHost) {
		r.fault(where, "service: strip_prefix and rewrite_host need one")
	}
}

// badPrefix says what is wrong with a prefix, which is written as people read it,
// without escapes.
func badPrefix(p string) string {
	switch {
	case !strings.HasPrefix(p, "/"):
		return "does not begin with /"
	case len(p) > maxPrefix:
		return fmt.Sprintf("has more than %d bytes", maxPrefix)
	case strings.ContainsAny(p, "?#%\\") || strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }):
		return "has one of ? # % \\ or a control character"
	case strings.Contains(p, "//") || hasDots(p):
		return "has an empty segment, or one of dots"
	}
	return ""
}

func (r *reader) services(_ string, n *yaml.Node) map[string]*service {
	out := map[string]*service{}
	if n.Kind != yaml.MappingNode {
		r.fault("file", "services: a mapping is needed in line %d", n.Line)
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		where := fmt.Sprintf("service %q", clip(name))
		if !validName.MatchString(name) {
			r.fault(where, "the name is not 1 to 63 of a-z, 0-9, - and _")
		}
		if out[name] != nil {
			r.fault(where, "it is there again in line %d", n.Content[i].Line)
		}
		out[name] = r.service(name, where, n.Content[i+1])
	}
	return out
}

func (r *reader) service(name, where string, n *yaml.Node) *service {
	s := &service{name: name, health: usualHealth}
	weight := 1
	r.mapping(n, where, map[string]func(string, *yaml.Node){
		"weight": r.number("weight", &weight, 1, maxWeight),
		"health": func(where string, n *yaml.Node) {
			r.mapping(n, where+": health", map[string]func(string, *yaml.Node){
				"path":     r.text("path", &s.health.path),
				"interval": r.duration("interval", &s.health.interval, minInterval, maxTimeout),
				"timeout":  r.duration("timeout", &s.health.timeout, time.Millisecond, time.Minute),
			})
		},
		"urls": func(where string, n *yaml.Node) {
			for i, n := range r.list(where, "urls", n) {
				t := target{}
				at := fmt.Sprintf("%s: urls[%d]", where, i)
				r.mapping(n, at, map[string]func(string, *yaml.Node){
					"url": r.text("url", &t.url), "weight": r.number("weight", &t.weight, 1, maxWeight),
				})
				if why := badURL(t.url); why != "" {
					r.fault(at, "url: %s", why)
				}
				t.url = strings.TrimSuffix(t.url, "/")
				if slices.ContainsFunc(s.targets, func(o target) bool { return o.url == t.url }) {
					r.fault(at, "url: %q is there already", clip(t.url))
				}
				s.targets = append(s.targets, t)
			}
		},
	})
	for i := range s.targets { // the weight of the service may come after its urls
		if s.targets[i].weight == 0 {
			s.targets[i].weight = weight
		}
	}
	if why := badPath(s.health.path); why != "" {
		r.fault(where, "health: path: %q %s", clip(s.health.path), why)
	}
	return s
}

func badPath(p string) string {
	if u, err := url.Parse(p); err != nil || !strings.HasPrefix(p, "/") || u.Host != "" || u.Fragment != "" {
		return "is not a path such as /readyz"
	}
	return ""
}

// badURL says what is wrong with the base address of an instance. It never repeats
// the address, which may hold a password.
func badURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "not an address such as http://10.0.0.7:8080"
	case u.User != nil:
		return "credentials are not taken"
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "it must end after the port"
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return "the port is not between 1 and 65535"
		}
	}
	return ""
}

// peek returns a text of a mapping before it is read.
func peek(n *yaml.Node, key string) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i+1].Kind == yaml.ScalarNode && n.Content[i+1].Tag != "!!null" {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// clip keeps a long value from filling a message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
