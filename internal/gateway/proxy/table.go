package proxy

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"empire/internal/domain"
)

// Table leads requests by host and path. It never changes; a reload makes another.
type Table struct {
	routes   []domain.Route
	services map[string]*service
	hosts    map[string]*prefixes
	any      *prefixes
}

// prefixes finds the longest one that leads to a path.
type prefixes struct {
	by      map[string]int // index of the route, by prefix without the slash at its end
	longest int            // bytes
}

// ParseTable reads a route file on top of the base routes: a route of the file
// replaces a base route for the same host and prefix. Two routes of the file for the
// same are a fault. The error is a *FileError that names all faults at once.
func ParseTable(data []byte, base []domain.Route) (*Table, error) {
	routes, services, err := parse(data)
	if err != nil {
		return nil, err
	}
	t := &Table{services: services, hosts: map[string]*prefixes{}, any: &prefixes{by: map[string]int{}}}
	r := &reader{}
	names := map[string]bool{}
	for _, route := range routes {
		if names[route.Name] {
			r.fault(fmt.Sprintf("route %q", route.Name), "name: another route has it already")
		}
		names[route.Name] = true
		if other, ok := t.add(route); !ok {
			r.fault(fmt.Sprintf("routes %q and %q", other.Name, route.Name), "both lead %s%s", route.Host, route.Prefix)
		}
	}
	for _, route := range base {
		checked := route
		r.checkRoute("base route "+route.Name, &checked)
		t.add(withDefaults(checked)) // the file's own, if there is one, stays
	}
	if len(r.faults) > 0 {
		return nil, &FileError{r.faults}
	}
	return t, nil
}

func withDefaults(r domain.Route) domain.Route {
	if r.Timeout == 0 {
		r.Timeout, r.Retries = defaultTimeout, defaultRetries
	}
	return r
}

// add puts a route into the table, or returns the one that is there already.
func (t *Table) add(r domain.Route) (other domain.Route, ok bool) {
	set := t.any
	if r.Host != "" {
		if set = t.hosts[r.Host]; set == nil {
			set = &prefixes{by: map[string]int{}}
			t.hosts[r.Host] = set
		}
	}
	key := strings.TrimSuffix(r.Prefix, "/")
	if i, taken := set.by[key]; taken {
		return t.routes[i], false
	}
	set.by[key] = len(t.routes)
	set.longest = max(set.longest, len(key))
	t.routes = append(t.routes, r)
	return domain.Route{}, true
}

// Routes returns a copy of the routes: those of the file in its order, then those of
// the base.
func (t *Table) Routes() []domain.Route { return append([]domain.Route{}, t.routes...) }

// Match returns the route for a host, with or without a port, and a path. Routes of
// the host come before those of any host; among them, the longest prefix wins.
func (t *Table) Match(host, path string) (domain.Route, bool) {
	i := t.match(host, path)
	if i < 0 {
		return domain.Route{}, false
	}
	return t.routes[i], true
}

func (t *Table) match(host, path string) int {
	if len(t.hosts) > 0 {
		if set := t.hosts[foldHost(hostOnly(host))]; set != nil {
			if i := set.match(path); i >= 0 {
				return i
			}
		}
	}
	return t.any.match(path)
}

// match tries the path and then what is left when segments are taken from its end.
func (p *prefixes) match(path string) int {
	if !strings.HasPrefix(path, "/") { // "*" of OPTIONS
		return -1
	}
	if len(path) > p.longest { // no longer prefix exists: begin at a border of segments
		if path[p.longest] != '/' {
			path = path[:strings.LastIndexByte(path[:p.longest+1], '/')]
		} else {
			path = path[:p.longest]
		}
	}
	for {
		if i, ok := p.by[path]; ok {
			return i
		}
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 {
			return -1
		}
		path = path[:cut]
	}
}

// matchPath returns the path that routes are matched with: segments without their
// escapes. A slash or a percent sign that came escaped is part of a segment, which
// no prefix has, so it must not make a border.
func matchPath(u *url.URL) string {
	if u.RawPath == "" {
		return u.Path
	}
	raw := strings.Split(u.EscapedPath(), "/")
	for i, s := range raw {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return u.Path
		}
		raw[i] = strings.ReplaceAll(plain, "/", "\x00")
	}
	return strings.Join(raw, "/")
}

// stripped returns the path and raw path of u without the segments of a prefix.
func stripped(u *url.URL, prefix string) (path, raw string) {
	if prefix == "/" {
		return u.Path, u.RawPath
	}
	path = strings.TrimPrefix(u.Path, prefix)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.RawPath == "" {
		return path, ""
	}
	raw = u.EscapedPath()
	for range strings.Count(prefix, "/") {
		next := strings.IndexByte(raw[1:], '/')
		if next < 0 {
			return path, "/"
		}
		raw = raw[next+1:]
	}
	return path, raw
}

// hasDots reports whether a path has a segment . or .., which a service might
// resolve to another place than the route is for.
func hasDots(path string) bool {
	for i := 0; i < len(path); i++ {
		if path[i] != '.' || i > 0 && path[i-1] != '/' && path[i-1] != '\\' && path[i-1] != 0 {
			continue
		}
		rest := path[i+1:]
		rest = strings.TrimPrefix(rest, ".")
		if rest == "" || rest[0] == '/' || rest[0] == '\\' || rest[0] == 0 {
			return true
		}
	}
	return false
}

// hostOnly removes the port of a host header.
func hostOnly(host string) string {
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > 0 {
			return host[1:end]
		}
		return host
	}
	if i := strings.IndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i+1:], ':') < 0 {
		return host[:i]
	}
	return host
}

// foldHost brings a host without port into the form that routes have.
func foldHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel.MatchString(label) {
			return false
		}
	}
	return true
}
