package eval_test

import (
	"math"
	"testing"

	"empire/internal/domain"
	"empire/internal/eval"
)

// TestLanguageTasks measures data of a few rows whose figures can be told by hand,
// beside files that no task can read.
func TestLanguageTasks(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"text/other.jsonl": "{\"a\":1}\n", "text/broken.jsonl": "{not json\n", "text/empty.jsonl": "",
		"text/ids.jsonl": `{"lang":"de","kind":"sentences","text":"Das ist ein ganz einfacher deutscher Satz."}
{"lang":"fr","kind":"sentences","text":"This sentence is English and its label is wrong."}`,
		"text/mood.jsonl": `{"text":"The sound is excellent.","label":"pos"}
{"text":"The sound is terrible.","label":"neg"}
{"text":"It is of a kind that was sold in the shop of the town.","label":"neg"}
{"text":"I hate it.","label":"pos"}`,
		"text/my_lexicon.json": `{"positive":["terrible"],"negative":["excellent"]}`,
		"text/names.jsonl": `{"tokens":["Acme","Tools","Inc.","sells","the","iPhone","and","more","of","it","."],"tags":["B-corporation","I-corporation","I-corporation","O","O","B-product","O","O","O","O","O"]}
{"tokens":["I","met","Bob","in","the","street","and","he","told","me","all"],"tags":["O","O","B-person","O","O","O","O","O","O","O","O"]}`,
		"text/pairs.jsonl": `{"score":5,"a":"A dog sleeps.","b":"A dog sleeps."}
{"score":2,"a":"A dog sleeps on the mat.","b":"The dog eats the mat."}
{"score":0,"a":"A dog sleeps.","b":"Prices rose again."}`,
		"text/levels.jsonl": `{"article":"x","level":"easy","text":"one two three four five six seven eight nine ten eleven twelve"}
{"article":"x","level":"hard","text":"one two three four five six seven eight nine ten eleven thirteen"}
{"article":"y","level":"hard","text":"wholly other words stand in this text about something else entirely different"}`,
		"text/kinds.jsonl": `{"text":"This is better than that.","label":"comparative","type":1}
{"text":"It came in a box.","label":"none","type":0}`,
		"products/match_gold_demo.csv": "id_a,id_b\n1,7\n2,8\n",
		"products/feed_demo_a.csv":     "aw_product_id,merchant_product_id,product_name\n11,1,Zenith Harvest Moon Lamp ZHM-2000\n12,2,Violet River Garden Bench\n",
		"products/feed_demo_b.csv":     "aw_product_id,merchant_product_id,product_name\n21,7,zenith harvest moon lamp (ZHM2000)\n22,9,Office chair\n",
	})
	for _, tt := range []struct {
		task, set, metric string
		want              float64
	}{
		{"langid", "ids sentences", "accuracy", 0.5},
		{"langid", "ids sentences", "accuracy_de_en", 1},
		{"langid", "ids sentences", "others_taken_for_de_en", 1},
		{"sentiment", "mood, own lexicon", "accuracy", 0.5},
		{"sentiment", "mood, own lexicon", "coverage", 0.75},
		{"sentiment", "mood, own lexicon", "accuracy_judged", 2.0 / 3},
		{"sentiment", "mood, my_lexicon", "accuracy", 0.25},
		{"ner", "names", "f1", 1},
		{"ner", "names", "f1_all_tags", 0.8},
		{"sts", "pairs", "spearman", 1},
		{"near-duplicates", "levels levels, 5 words, threshold 0.5", "pairs_at_threshold", 1},
		{"near-duplicates", "levels levels, 5 words, threshold 0.5", "same_article_recall", 1},
		{"aspects", "kinds", "f1", 1},
		{"match", "demo", "precision", 1},
		{"match", "demo", "recall", 0.5},
	} {
		report, err := eval.Run(t.Context(), tt.task, dir, func(string) {})
		if err != nil {
			t.Errorf("%s: %v", tt.task, err)
			continue
		}
		got := math.NaN()
		for _, d := range report.Datasets {
			if d.Name == tt.set {
				got = d.Metrics[tt.metric]
			}
		}
		if !(math.Abs(got-tt.want) < 1e-9) {
			t.Errorf("%s, %s, %s = %v, want %v", tt.task, tt.set, tt.metric, got, tt.want)
		}
	}
}

// TestLanguageTaskDamaged refuses a file that begins well and ends badly.
func TestLanguageTaskDamaged(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"text/ids.jsonl": "{\"lang\":\"de\",\"kind\":\"sentences\",\"text\":\"Das ist gut.\"}\n{\"lang\":"})
	_, err := eval.Run(t.Context(), "langid", dir, func(string) {})
	if got := domain.CodeOf(err); got != domain.CodeMalformed {
		t.Errorf("error = %v, want %s", err, domain.CodeMalformed)
	}
}
