package eval

import (
	"context"
	"encoding/json"

	"empire/internal/analytics/bot"
)

// botsTask tells bots from people: in CSV files of the folder analytics with the
// columns user_agent and label (bot is positive, everything else negative), and in
// JSON lists of crawlers with the field instances (all positive).
func botsTask(_ context.Context, dir string, _ Progress) ([]Dataset, error) {
	paths, err := files(dir, "analytics", "*.csv", "*.json")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range paths {
		var tp, fp, fn, tn float64
		count := func(agent string, positive bool) {
			switch is := bot.Is(agent); {
			case is && positive:
				tp++
			case is:
				fp++
			case positive:
				fn++
			default:
				tn++
			}
		}
		d, err := measured(label(path), 0, func() (map[string]float64, error) {
			ok, err := rows(path, []string{"user_agent", "label"}, func(get func(string) string) {
				count(get("user_agent"), get("label") == "bot")
			})
			if err != nil || !ok {
				err = crawlers(path, count)
			}
			p, r := ratio(tp, tp+fp), ratio(tp, tp+fn)
			human := harmonic(ratio(tn, tn+fn), ratio(tn, tn+fp))
			m := map[string]float64{"recall": r}
			if tn+fp > 0 {
				m["precision"], m["f1"], m["accuracy"] = p, harmonic(p, r), (tp+tn)/(tp+tn+fp+fn)
				m["macro_f1"] = (harmonic(p, r) + human) / 2
			}
			return m, err
		})
		if err != nil {
			return nil, err
		}
		if d.N = int(tp + fp + fn + tn); d.N > 0 {
			out = append(out, d)
		}
	}
	return out, nil
}

// crawlers counts the instances of a JSON list of crawlers; other files have none.
func crawlers(path string, count func(string, bool)) error {
	data, err := readAll(path)
	if err != nil {
		return err
	}
	var list []struct {
		Instances []string `json:"instances"`
	}
	if json.Unmarshal(data, &list) != nil {
		return nil //nolint:nilerr // another kind of file
	}
	for _, c := range list {
		for _, agent := range c.Instances {
			count(agent, true)
		}
	}
	return nil
}
