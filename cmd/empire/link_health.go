package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// linkHealthView is what is known of where a link leads, as the API shows it.
type linkHealthView struct {
	LinkID       domain.LinkID    `json:"link_id"`
	URL          string           `json:"url"`
	State        domain.LookState `json:"state"`
	Reason       string           `json:"reason"`
	Status       int              `json:"status"`
	FinalURL     string           `json:"final_url"`
	Looks        int              `json:"looks"`
	Unknown      int              `json:"unknown"`
	Failing      int              `json:"failing"`
	FailingSince *time.Time       `json:"failing_since"`
	Dead         bool             `json:"dead"`
	DeadAs       domain.LookState `json:"dead_as"`
	CheckedAt    *time.Time       `json:"checked_at"`
	NextAt       time.Time        `json:"next_at"`
	NoSwap       string           `json:"no_swap"`
}

// linkSwapView is another offer in the place of a dead link, as the API shows it.
type linkSwapView struct {
	ID         domain.SwapID    `json:"id"`
	LinkID     domain.LinkID    `json:"link_id"`
	Merchant   string           `json:"merchant"`
	Product    string           `json:"product"`
	Why        domain.LookState `json:"why"`
	ToLinkID   domain.LinkID    `json:"to_link_id"`
	ToMerchant string           `json:"to_merchant"`
	ToProduct  string           `json:"to_product"`
	Same       bool             `json:"same_product"`
	Reason     string           `json:"reason"`
	WebsiteID  domain.WebsiteID `json:"website_id"`
	State      domain.SwapState `json:"state"`
	Automatic  bool             `json:"automatic"`
	RunID      domain.RunID     `json:"run_id"`
	CreatedAt  time.Time        `json:"created_at"`
	EndedAt    *time.Time       `json:"ended_at"`
}

type linkHealer interface {
	LinkHealth(ctx context.Context, f domain.HealthFilter, w domain.Window) ([]linkHealthView, int, error)
	CheckLink(ctx context.Context, id domain.LinkID) (*linkHealthView, error)
	LinkSwaps(ctx context.Context, state domain.SwapState, w domain.Window) ([]linkSwapView, int, error)
	UndoLinkSwap(ctx context.Context, id domain.SwapID) (*linkSwapView, error)
}

func viewHealth(h *domain.LinkHealth) linkHealthView {
	return linkHealthView{
		h.LinkID, h.URL, h.State, h.Reason, h.Status, h.FinalURL, h.Looks, h.Unknown, h.Failing, h.FailingSince, h.Dead, h.DeadAs, h.CheckedAt, h.NextAt.UTC(), h.NoSwap,
	}
}

func viewSwap(w *domain.LinkSwap) linkSwapView {
	return linkSwapView{
		w.ID, w.LinkID, w.Merchant, w.Product, w.Why, w.To.ID, w.To.Merchant, w.ToProduct, w.Same, w.Reason, w.WebsiteID, w.State, w.Automatic, w.RunID, w.CreatedAt.UTC(), w.EndedAt,
	}
}

// LinkHealth implements portfolio.
func (l local) LinkHealth(ctx context.Context, f domain.HealthFilter, w domain.Window) ([]linkHealthView, int, error) {
	list, total, err := l.a.Healing.List(ctx, f, w)
	out := make([]linkHealthView, 0, len(list))
	for i := range list {
		out = append(out, viewHealth(&list[i]))
	}
	return out, total, err
}

// CheckLink implements portfolio.
func (l local) CheckLink(ctx context.Context, id domain.LinkID) (*linkHealthView, error) {
	h, err := l.a.Healing.Check(ctx, id)
	if err != nil {
		return nil, err
	}
	return new(viewHealth(h)), nil
}

// LinkSwaps implements portfolio.
func (l local) LinkSwaps(ctx context.Context, state domain.SwapState, w domain.Window) ([]linkSwapView, int, error) {
	list, total, err := l.a.Healing.Swaps(ctx, state, w)
	out := make([]linkSwapView, 0, len(list))
	for i := range list {
		out = append(out, viewSwap(&list[i]))
	}
	return out, total, err
}

// UndoLinkSwap implements portfolio.
func (l local) UndoLinkSwap(ctx context.Context, id domain.SwapID) (*linkSwapView, error) {
	w, err := l.a.Healing.Undo(ctx, id)
	if err != nil {
		return nil, err
	}
	return new(viewSwap(w)), nil
}

// LinkHealth implements portfolio.
func (r *remote) LinkHealth(ctx context.Context, f domain.HealthFilter, w domain.Window) ([]linkHealthView, int, error) {
	list, err := r.api.ListLinkHealth(ctx, client.ListLinkHealthParams{Limit: w.Limit, Offset: w.Offset, State: string(f.State), Dead: f.Dead})
	return window[linkHealthView](r, list, err)
}

// CheckLink implements portfolio.
func (r *remote) CheckLink(ctx context.Context, id domain.LinkID) (*linkHealthView, error) {
	answer, err := r.api.CheckLink(ctx, string(id))
	return shown[linkHealthView](r, answer, err)
}

// LinkSwaps implements portfolio.
func (r *remote) LinkSwaps(ctx context.Context, state domain.SwapState, w domain.Window) ([]linkSwapView, int, error) {
	list, err := r.api.ListLinkSwaps(ctx, client.ListLinkSwapsParams{Limit: w.Limit, Offset: w.Offset, State: string(state)})
	return window[linkSwapView](r, list, err)
}

// UndoLinkSwap implements portfolio.
func (r *remote) UndoLinkSwap(ctx context.Context, id domain.SwapID) (*linkSwapView, error) {
	answer, err := r.api.UndoLinkSwap(ctx, string(id))
	return shown[linkSwapView](r, answer, err)
}

func linkHealthCommand(g *globals) *cobra.Command {
	var w domain.Window
	var f domain.HealthFilter
	c := &cobra.Command{
		Use: "health", Short: "What is known of where links lead", Long: "What is known of where links lead. The merchants' own pages are looked at, never an address of a network.",
		Example: "  empire link health --dead\n  empire link health --state unknown", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if f.State != "" && !f.State.Valid() {
				return usagef("--state must be ok, moved, gone, soft_404, sold_out, program_closed, unknown or unchecked, not %q", f.State)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.LinkHealth(ctx, f, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, h := range list {
					dead := "-"
					if h.Dead {
						dead = string(h.DeadAs)
					}
					rows = append(rows, []string{string(h.LinkID), string(h.State), dead, strconv.Itoa(h.Failing), strconv.Itoa(h.Unknown), h.Reason, h.URL})
				}
				return g.printList(cmd, list, w, total, "Nothing is known of such links. Links of live websites are looked at by a server; empire link check looks at once.",
					[]string{"LINK", "LAST LOOK", "DEAD", "FAILING", "UNKNOWN", "WHY", "PAGE"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar((*string)(&f.State), "state", "", "ok, moved, gone, soft_404, sold_out, program_closed, unknown or unchecked")
	c.Flags().BoolVar(&f.Dead, "dead", false, "dead ones alone")
	return c
}

func linkCheckCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "check LINK", Short: "Look now where a link leads", Example: "  empire link check link_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				h, err := p.CheckLink(ctx, domain.LinkID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, h)
				}
				cmd.Printf("%s  %s  %s\n  page      %s\n  failing   %d looks in a row, dead: %t\n", h.LinkID, h.State, h.Reason, h.URL, h.Failing, h.Dead)
				return nil
			})
		},
	}
}

func linkSwapsCommand(g *globals) *cobra.Command {
	var w domain.Window
	var state string
	c := &cobra.Command{
		Use: "swaps", Short: "Other offers in the place of dead links", Example: "  empire link swaps --state applied", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			switch state {
			case "", "proposed", "applied", "rejected", "undone":
			default:
				return usagef("--state must be proposed, applied, rejected or undone, not %q", state)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.LinkSwaps(ctx, domain.SwapState(state), w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, s := range list {
					rows = append(rows, []string{string(s.ID), string(s.State), string(s.Why), s.Merchant, s.Product, s.ToMerchant, s.ToProduct, string(s.LinkID)})
				}
				return g.printList(cmd, list, w, total, "There is no such replacement.", []string{"ID", "STATE", "WHY", "MERCHANT", "PRODUCT", "TO MERCHANT", "TO PRODUCT", "LINK"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&state, "state", "", "proposed, applied, rejected or undone")
	return c
}

func linkUndoCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "undo SWAP", Short: "Take a replacement back", Long: "Take a replacement back: the link leads where it led before, at once, and is not replaced again until it was found well.",
		Example: "  empire link undo swap_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				w, err := p.UndoLinkSwap(ctx, domain.SwapID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, w)
				}
				cmd.Printf("%s  %s  %s leads to %s again\n", w.ID, w.State, w.LinkID, w.Merchant)
				return nil
			})
		},
	}
}
