package chroma

import (
	"context"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
)

// Query implements vector.Index.
func (c *Client) Query(ctx context.Context, ref vector.Ref, q vector.Query) (hits []vector.Hit, err error) {
	err = c.again(ctx, ref, func(path string, col *vector.Collection) error {
		if err := q.Check(col); err != nil {
			return err
		}
		in := map[string]any{"query_embeddings": [][]float32{q.Vector}, "n_results": q.Limit, "include": []string{"documents", "metadatas", "distances"}}
		if w := where(q.Filter); w != nil {
			in["where"] = w
		}
		var out struct {
			IDs       [][]string         `json:"ids"`
			Distances [][]*float64       `json:"distances"`
			Documents [][]*string        `json:"documents"`
			Metadatas [][]map[string]any `json:"metadatas"`
		}
		if err := c.post(ctx, path+"/query", in, &out); err != nil {
			return err
		}
		if len(out.IDs) != 1 || len(out.Distances) != 1 || len(out.Documents) != 1 || len(out.Metadatas) != 1 {
			return domain.Errorf(domain.CodeUnavailable, "Chroma answered one query with %d results.", len(out.IDs))
		}
		n := len(out.IDs[0])
		if len(out.Distances[0]) != n || len(out.Documents[0]) != n || len(out.Metadatas[0]) != n {
			return domain.Errorf(domain.CodeUnavailable, "Chroma answered with results whose parts do not fit.")
		}
		hits = nil
		for i, id := range out.IDs[0] {
			r, err := record(id, out.Documents[0][i], out.Metadatas[0][i])
			if err != nil {
				return err
			}
			h := vector.Hit{Record: r}
			if d := out.Distances[0][i]; d != nil {
				h.Distance = *d
			}
			hits = append(hits, h)
		}
		return nil
	})
	return hits, err
}

var operators = map[vector.Op]string{
	vector.Eq: "$eq", vector.In: "$in", vector.Gt: "$gt", vector.Gte: "$gte", vector.Lt: "$lt", vector.Lte: "$lte",
}

// where is a filter in the server's words: one key for each object, joined by $and.
func where(f vector.Filter) any {
	var all []any
	for _, c := range f {
		var v any = c.Values[0]
		if c.Op == vector.In {
			v = c.Values
		}
		all = append(all, map[string]any{c.Key: map[string]any{operators[c.Op]: v}})
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return map[string]any{"$and": all}
}
