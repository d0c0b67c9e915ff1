package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"empire/internal/intelligence/extract"
)

// robotsAnswers is what another parser says about robots.txt files.
type robotsAnswers struct {
	Paths []string `json:"paths"`
	Sites []struct {
		Site     string             `json:"site"`
		Sitemaps []string           `json:"sitemaps"`
		Delay    map[string]float64 `json:"crawl_delay"`
		Allow    map[string][]bool  `json:"allow"`
	} `json:"sites"`
}

// robotsTask compares decisions, sitemaps and delays with the answers in JSON files of
// the folder pages with the fields paths and sites; the robots.txt files are those of
// the collections there, named after their site.
func robotsTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	paths, err := files(dir, "pages", "*.json")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	var bodies map[string][]byte
	for _, p := range paths {
		data, err := readAll(p)
		if err != nil {
			return nil, err
		}
		var want robotsAnswers
		if json.Unmarshal(data, &want) != nil || len(want.Paths) == 0 || len(want.Sites) == 0 {
			continue
		}
		if bodies == nil {
			if bodies, err = bySite(ctx, dir); err != nil {
				return nil, err
			}
		}
		n := 0
		d, err := measured(label(p), 0, func() (m map[string]float64, err error) {
			n, m, err = want.compare(bodies, progress)
			return m, err
		})
		if err != nil {
			return nil, err
		}
		d.N = n
		out = append(out, d)
	}
	return out, nil
}

// bySite returns the files of all collections by name, with and without ".txt".
func bySite(ctx context.Context, dir string) (map[string][]byte, error) {
	all, err := collections(dir, "pages")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		files, err := members(p)
		if err != nil {
			return nil, err
		}
		for name, body := range files {
			if base := path.Base(name); path.Ext(base) != ".html" {
				out[base] = body
			}
		}
	}
	return out, nil
}

func (a *robotsAnswers) compare(bodies map[string][]byte, progress Progress) (int, map[string]float64, error) {
	var n, equal, sites, sitemaps, delays, delaysEqual float64
	for _, s := range a.Sites {
		body, ok := bodies[s.Site]
		if !ok {
			if body, ok = bodies[s.Site+".txt"]; !ok {
				return 0, nil, fmt.Errorf("the robots.txt of %s is missing", s.Site)
			}
		}
		r := extract.ParseRobots(body)
		sites++
		if slices.Equal(s.Sitemaps, r.Sitemaps) {
			sitemaps++
		}
		for agent, answers := range s.Allow {
			for i, want := range answers {
				n++
				if r.Allowed(agent, a.Paths[i]) == want {
					equal++
				} else {
					progress(fmt.Sprintf("differs: %s for %s at %s", a.Paths[i], agent, s.Site))
				}
			}
			delays++
			got, has := r.CrawlDelay(agent)
			want, stated := s.Delay[agent]
			if has == stated && (!has || got.Seconds() == want) {
				delaysEqual++
			}
		}
	}
	return int(n), map[string]float64{
		"equal": ratio(equal, n), "sitemaps_equal": ratio(sitemaps, sites), "crawl_delays_equal": ratio(delaysEqual, delays), "sites": sites,
	}, nil
}
