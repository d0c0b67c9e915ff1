package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// searchKeeper finds things.
type searchKeeper interface {
	Search(ctx context.Context, q domain.SearchQuery) (*searchView, error)
}

// searchView is what search prints as JSON.
type searchView struct {
	Hits     []searchHitView `json:"hits"`
	Embedder string          `json:"embedder"`
	Vectors  bool            `json:"vectors"`
	Reason   string          `json:"reason"`
}

type searchHitView struct {
	Kind      string            `json:"kind"`
	Ref       string            `json:"ref"`
	Title     string            `json:"title"`
	Excerpt   string            `json:"excerpt"`
	Language  string            `json:"language"`
	WebsiteID domain.WebsiteID  `json:"website_id"`
	FeedID    domain.FeedID     `json:"feed_id"`
	Score     float64           `json:"score"`
	Words     *searchWordsView  `json:"words"`
	Vector    *searchVectorView `json:"vector"`
}

type searchWordsView struct {
	Rank  int      `json:"rank"`
	Score float64  `json:"score"`
	Words []string `json:"words"`
}

type searchVectorView struct {
	Rank     int     `json:"rank"`
	Distance float64 `json:"distance"`
}

func viewSearch(a *domain.SearchAnswer) searchView {
	v := searchView{Hits: []searchHitView{}, Embedder: a.Embedder, Vectors: a.Vectors, Reason: a.Reason}
	for i := range a.Hits {
		d := &a.Hits[i].Document
		h := searchHitView{
			Kind: string(d.Kind), Ref: d.Ref, Title: d.Title, Excerpt: d.Text, Language: d.Language, WebsiteID: d.WebsiteID, FeedID: d.FeedID, Score: a.Hits[i].Score,
		}
		if w := a.Hits[i].Words; w != nil {
			h.Words = &searchWordsView{w.Rank, w.Score, w.Words}
		}
		if n := a.Hits[i].Near; n != nil {
			h.Vector = &searchVectorView{n.Rank, n.Distance}
		}
		v.Hits = append(v.Hits, h)
	}
	return v
}

// Search implements portfolio.
func (l local) Search(ctx context.Context, q domain.SearchQuery) (*searchView, error) {
	return view(viewSearch)(l.a.Search.Find(ctx, q))
}

// Search implements portfolio.
func (r *remote) Search(ctx context.Context, q domain.SearchQuery) (*searchView, error) {
	in := client.SearchInput{Query: q.Text, Limit: new(int64(q.Limit)), WebsiteID: string(q.WebsiteID)}
	for _, k := range q.Kinds {
		in.Kinds = append(in.Kinds, string(k))
	}
	found, err := r.api.Search(ctx, in)
	return shown[searchView](r, found, err)
}

func searchCommand(g *globals) *cobra.Command {
	var kinds []string
	var website string
	var limit int
	c := &cobra.Command{
		Use: "search QUERY", Short: "Search pages, products and evidence by words and by nearness",
		Long: `Search the pages and the evidence of the websites and the products of the feeds. A
hit may share words with the query, or stand near it; it says which words, and at
which place each of the two rankings has it. What was imported or published is found
once a server has indexed it.`,
		Example: `  empire search "quiet mechanical keyboard"
  empire search "leise Tastatur" --kind product --limit 5 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := domain.SearchQuery{Text: strings.Join(args, " "), WebsiteID: domain.WebsiteID(website), Limit: limit}
			for _, k := range kinds {
				q.Kinds = append(q.Kinds, domain.SearchKind(k))
			}
			if err := q.Validate(); err != nil {
				return usagef("%s", domain.MessageOf(err))
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error { return g.search(ctx, cmd, p, q) })
		},
	}
	c.Flags().StringSliceVar(&kinds, "kind", nil, "only page, product or evidence; several with commas")
	c.Flags().StringVar(&website, "website", "", "only what belongs to the website with this id")
	c.Flags().IntVar(&limit, "limit", 10, "how many at most, up to 100")
	return c
}

func (g *globals) search(ctx context.Context, cmd *cobra.Command, p portfolio, q domain.SearchQuery) error {
	found, err := p.Search(ctx, q)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, found)
	}
	if !found.Vectors {
		cmd.PrintErrln("By words alone: " + found.Reason)
	}
	if len(found.Hits) == 0 {
		cmd.Println("Nothing was found.")
		return nil
	}
	rows := make([][]string, 0, len(found.Hits))
	for i := range found.Hits {
		h := &found.Hits[i]
		words, near := "", ""
		if h.Words != nil {
			words = fmt.Sprintf("%d (%s)", h.Words.Rank, strings.Join(h.Words.Words, " "))
		}
		if h.Vector != nil {
			near = fmt.Sprintf("%d (%.2f)", h.Vector.Rank, h.Vector.Distance)
		}
		rows = append(rows, []string{h.Kind, h.Ref, h.Title, fmt.Sprintf("%.4f", h.Score), words, near})
	}
	return table(g.io.out, []string{"KIND", "REF", "TITLE", "SCORE", "BY WORDS", "BY VECTOR"}, rows)
}
