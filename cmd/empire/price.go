package main

import (
	"context"
	"fmt"
	"math/big"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func priceCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "price", Short: "Show and record what models cost",
		Example: "  empire price list\n  empire price set openai gpt-6-luna --input 0.10 --cached-input 0.01 --output 0.50",
	}
	c.AddCommand(priceListCommand(g), priceSetCommand(g), priceResettleCommand(g))
	return c
}

func priceListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List prices for a million tokens, the newest of each model first", Example: "  empire price list\n  empire price list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Prices(ctx, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, v := range list {
					rows = append(rows, []string{
						v.Provider, v.Model, v.EffectiveFrom.Format("2006-01-02 15:04"), v.InputMicros.Amount(v.Currency), v.CachedInputMicros.Amount(v.Currency),
						v.OutputMicros.Amount(v.Currency), fmt.Sprint(len(v.Bands)),
					})
				}
				return g.printList(cmd, list, w, total, "There are no prices; a model without one is not called. empire price set records one.", []string{"PROVIDER", "MODEL", "FROM", "INPUT", "CACHED", "OUTPUT", "BANDS"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

// rateFlag reads what a million tokens cost.
func rateFlag(name, value string) (domain.Micros, error) {
	r, ok := new(big.Rat).SetString(value)
	if ok {
		r.Mul(r, big.NewRat(1_000_000, 1))
	}
	if !ok || !r.IsInt() || r.Sign() < 0 || !r.Num().IsInt64() {
		return 0, usagef("--%s %q is not an amount such as 2.50, with at most six decimals", name, value)
	}
	return domain.Micros(r.Num().Int64()), nil
}

func priceSetCommand(g *globals) *cobra.Command {
	var input, cached, write, output, currency, from string
	c := &cobra.Command{
		Use: "set PROVIDER MODEL", Short: "Record what a million tokens of a model cost from a time on",
		Long: `Record what a million tokens of a model cost from a time on, until the next price.
MODEL is the vendor's name. A model without a price is not called; one that costs nothing
has the price 0. To correct a price, record it again with the same --from and run
"empire price resettle".`,
		Example: "  empire price set openai gpt-6-luna --input 0.10 --cached-input 0.01 --output 0.50\n  empire price set ollama qwen --input 0 --output 0", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if input == "" || output == "" {
				return usagef("price set needs --input and --output; see empire price set --help")
			}
			p := domain.Price{Provider: args[0], Model: args[1], Currency: currency}
			for _, r := range []struct {
				name, value string
				to          *domain.Micros
			}{{"input", input, &p.Input}, {"cached-input", cached, &p.CachedInput}, {"cache-write", write, &p.CacheWrite}, {"output", output, &p.Output}} {
				if r.value == "" {
					r.value = input
				}
				var err error
				if *r.to, err = rateFlag(r.name, r.value); err != nil {
					return err
				}
			}
			var err error
			if p.EffectiveFrom, err = timeFlag("from", from); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				v, err := at.SetPrice(ctx, p)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, v)
				}
				cmd.Printf("%s %s costs %s for a million tokens of input and %s of output from %s on\n", v.Provider, v.Model, v.InputMicros.Amount(v.Currency),
					v.OutputMicros.Amount(v.Currency), v.EffectiveFrom.Format("2006-01-02 15:04 MST"))
				return nil
			})
		},
	}
	f := c.Flags()
	f.StringVar(&input, "input", "", "for a million tokens of input, such as 2.50")
	f.StringVar(&cached, "cached-input", "", "of input that the provider had in its cache (default as --input)")
	f.StringVar(&write, "cache-write", "", "of input that it put there (default as --input)")
	f.StringVar(&output, "output", "", "of output, with what the model thought")
	f.StringVar(&currency, "currency", "", "of the price (default: the setting models.currency)")
	f.StringVar(&from, "from", "", "day or RFC 3339 time from which on it holds (default now)")
	return c
}

func priceResettleCommand(g *globals) *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use: "resettle PROVIDER MODEL", Short: "Settle calls again after a price was corrected",
		Long: `Compute again what calls of a model cost, at the prices that count now, and move the
difference in every budget that counted them. What they cost before stays in the ledger.
It may be repeated: calls that cost what they should are left alone.`,
		Example: "  empire price resettle openai gpt-6-luna --from 2026-03-01", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if from == "" {
				return usagef("price resettle needs --from; see empire price resettle --help")
			}
			begin, err := timeFlag("from", from)
			if err != nil {
				return err
			}
			end, err := timeFlag("to", to)
			if err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.Resettle(ctx, args[0], args[1], begin, end)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, v)
				}
				cmd.Printf("%d of %d calls cost something else now; the difference is %s\n", v.Adjusted, v.Calls, v.DeltaMicros.Amount(v.Currency))
				return nil
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "day or RFC 3339 time of the first calls to look at")
	c.Flags().StringVar(&to, "to", "", "day or RFC 3339 time before which calls are looked at (default now)")
	return c
}
