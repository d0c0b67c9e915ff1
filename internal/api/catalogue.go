package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type catalogueService interface {
	Feeds(ctx context.Context) ([]domain.Feed, error)
	Products(ctx context.Context, feedID domain.FeedID, query string, w domain.Window) ([]domain.Product, int, error)
	Programs(ctx context.Context) ([]domain.Program, error)
	historyService
}

type feedBody struct {
	ID        domain.FeedID `json:"id"`
	Name      string        `json:"name"`
	Source    string        `json:"source"`
	Language  string        `json:"language"`
	Rows      int           `json:"rows" doc:"Products held now"`
	LastState string        `json:"last_state" doc:"Of the last import: complete, partial, refused; empty before the first"`
	ReadAt    *time.Time    `json:"read_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

type productBody struct {
	FeedID       domain.FeedID      `json:"feed_id"`
	Key          string             `json:"key"`
	Name         string             `json:"name"`
	Brand        string             `json:"brand"`
	Category     string             `json:"category"`
	MerchantName string             `json:"merchant_name"`
	Price        *domain.Money      `json:"price,omitempty" doc:"Absent: the feed does not say"`
	InStock      *bool              `json:"in_stock"`
	EAN          string             `json:"ean"`
	Attributes   []domain.Attribute `json:"attributes" doc:"Typed values, each with the place it came from"`
	ReadAt       time.Time          `json:"read_at"`
}

type programBody struct {
	ID                    domain.ProgramID `json:"id"`
	Network               string           `json:"network"`
	AdvertiserID          string           `json:"advertiser_id"`
	Name                  string           `json:"name"`
	Joined                bool             `json:"joined"`
	Open                  bool             `json:"open"`
	CommissionBasisPoints *int             `json:"commission_basis_points" doc:"Share of the order value in hundredths of a percent"`
	CommissionFixed       *domain.Money    `json:"commission_fixed,omitempty"`
	EPC                   *domain.Money    `json:"epc,omitempty" doc:"What 100 clicks earned, as the network says"`
	LinkWay               domain.LinkWay   `json:"link_way" doc:"How pages lead to the merchant: direct or redirect; empty: as links.way says"`
	CookieDays            *int             `json:"cookie_days"`
	DeepLinks             bool             `json:"deep_links"`
	Source                string           `json:"source"`
	UpdatedAt             time.Time        `json:"updated_at"`
}

type (
	listFeedsInput    struct{ Window }
	listProgramsInput struct{ Window }
	listProductsInput struct {
		Window
		FeedID domain.FeedID `query:"feed_id" maxLength:"100" doc:"Only products of this feed"`
		Query  string        `query:"query" maxLength:"200" doc:"Only products whose name has these words"`
	}
)

func registerCatalogue(a *API, c catalogueService) {
	points, stock := 500, true
	handle(a, operation{
		id: "list-feeds", method: http.MethodGet, path: "/feeds", tag: "catalogue", permission: domain.WebsitesRead, summary: "List product feeds",
		response: []feedBody{{
			ID: "feed_01k2ja", Name: "pcparts.csv.gz", Source: "pcparts.csv.gz", Language: "en", Rows: 5000, LastState: "complete",
			ReadAt: &exampleTime, UpdatedAt: exampleTime,
		}},
	}, func(ctx context.Context, in *listFeedsInput) (*listOutput[feedBody], error) {
		all, err := c.Feeds(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toFeed), nil
	})
	handle(a, operation{
		id: "list-products", method: http.MethodGet, path: "/products", tag: "catalogue", permission: domain.WebsitesRead, summary: "List products",
		response: []productBody{{
			FeedID: "feed_01k2ja", Key: "1001", Name: "Example K2", Brand: "Example", Category: "Keyboards", MerchantName: "Example Shop",
			Price: &domain.Money{Minor: 5999, Currency: "USD"}, InStock: &stock, Attributes: []domain.Attribute{{
				Name: "key_count", Kind: domain.AttributeNumber, Number: 84, Field: "specifications", Raw: "84 keys",
			}}, ReadAt: exampleTime,
		}},
	}, func(ctx context.Context, in *listProductsInput) (*listOutput[productBody], error) {
		items, total, err := c.Products(ctx, in.FeedID, in.Query, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toProduct), nil
	})
	handle(a, operation{
		id: "list-programs", method: http.MethodGet, path: "/programs", tag: "catalogue", permission: domain.WebsitesRead, summary: "List affiliate programs",
		response: []programBody{{
			ID: "prog_01k2ja", Network: "awin", AdvertiserID: "4242", Name: "Example Shop", Joined: true, Open: true,
			CommissionBasisPoints: &points, DeepLinks: true, Source: "programs.json", UpdatedAt: exampleTime,
		}},
	}, func(ctx context.Context, in *listProgramsInput) (*listOutput[programBody], error) {
		all, err := c.Programs(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toProgram), nil
	})
}

func toFeed(f *domain.Feed) feedBody {
	return feedBody{f.ID, f.Name, f.Source, f.Language, f.Rows, f.LastState, utc(f.ReadAt), f.UpdatedAt.UTC()}
}

func toProduct(p *domain.Product) productBody {
	return productBody{
		FeedID: p.FeedID, Key: p.Key, Name: p.Name, Brand: p.Brand, Category: p.Category, MerchantName: p.MerchantName, Price: p.Price,
		InStock: p.InStock, EAN: p.EAN, Attributes: list(p.Attributes), ReadAt: p.ReadAt.UTC(),
	}
}

func toProgram(p *domain.Program) programBody {
	return programBody{
		p.ID, p.Network, p.AdvertiserID, p.Name, p.Joined, p.Open, p.CommissionBasisPoints, p.CommissionFixed, p.EPC, p.LinkWay, p.CookieDays, p.DeepLinks,
		p.Source, p.UpdatedAt.UTC(),
	}
}
