package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type historyService interface {
	History(ctx context.Context, feed domain.FeedID, key string) (*domain.PriceHistory, error)
}

type priceHistoryBody struct {
	FeedID domain.FeedID    `json:"feed_id"`
	Key    string           `json:"key"`
	Since  time.Time        `json:"since" doc:"What was before is not known"`
	Points []pricePointBody `json:"points" doc:"Price and stock from each time on, the oldest first"`
}

type pricePointBody struct {
	At      time.Time     `json:"at"`
	Price   *domain.Money `json:"price,omitempty" doc:"Absent: the feed said none"`
	InStock *bool         `json:"in_stock"`
	Gone    bool          `json:"gone" doc:"The feed did not hold it from then on"`
}

type (
	priceHistoryInput struct {
		FeedID domain.FeedID `query:"feed_id" required:"true" minLength:"1" maxLength:"100"`
		Key    string        `query:"key" required:"true" minLength:"1" maxLength:"200" doc:"Of the product in the feed"`
	}
	priceHistoryOutput struct{ Body priceHistoryBody }
)

func registerHistory(a *API, h historyService) {
	in := true
	handle(a, operation{
		id: "get-price-history", method: http.MethodGet, path: "/products/history", tag: "catalogue", permission: domain.WebsitesRead,
		summary: "Show how the price and stock of a product changed", problems: []int{http.StatusNotFound},
		text: "As imports of its feed saw it. It says nothing of the time before, and nothing between two imports.",
		response: priceHistoryBody{FeedID: "feed_01k2ja", Key: "1001", Since: exampleTime, Points: []pricePointBody{
			{At: exampleTime, Price: &domain.Money{Minor: 5999, Currency: "USD"}, InStock: &in},
		}},
	}, func(ctx context.Context, in *priceHistoryInput) (*priceHistoryOutput, error) {
		p, err := h.History(ctx, in.FeedID, in.Key)
		if err != nil {
			return nil, err
		}
		b := priceHistoryBody{FeedID: p.FeedID, Key: p.Key, Since: p.Points[0].At.UTC(), Points: make([]pricePointBody, len(p.Points))}
		for i, q := range p.Points {
			b.Points[i] = pricePointBody{q.At.UTC(), q.Price, q.InStock, q.Gone}
		}
		return &priceHistoryOutput{b}, nil
	})
}
