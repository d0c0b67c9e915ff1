package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// logPage is how many entries are read at a time.
const logPage = 1000

func approvalLogCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "log", Short: "Print the log of approvals, for a check with sha256sum",
		Long: `Print every entry of the log of approvals, oldest first, one a line: its SHA-256, two
spaces, and the entry byte for byte as it was hashed. An entry is a JSON list that
begins with the hash of the entry before, so that none can be changed, inserted or
left out without changing all that follow. The last hash, kept elsewhere, proves
later that nothing up to it was rewritten. Of entries that belong to another tenant
only the hash is printed. To check it without this program:

  empire approval log | {
    last=
    while IFS= read -r line; do
      hash=${line%%  *} entry=${line#*  }
      [ "$(printf %s "$entry" | sha256sum | cut -c1-64)" = "$hash" ] || echo "changed: $line"
      case $entry in "[\"$last\","*) ;; *) echo "does not follow: $line" ;; esac
      last=$hash
    done
  }

empire approval verify-log does the same and more.`,
		Example: "  empire approval log > approvals.log\n  empire approval log --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				all := []approvalEntryView{}
				for after := int64(0); ; {
					page, err := p.ApprovalLog(ctx, after, logPage)
					if err != nil {
						return err
					}
					for _, e := range page {
						after = e.Seq
						if g.json {
							all = append(all, e)
						} else if _, err := fmt.Fprintf(g.io.out, "%s  %s\n", e.Hash, entryText(e.Entry)); err != nil {
							return err
						}
					}
					if len(page) < logPage {
						break
					}
				}
				if g.json {
					return printJSON(g.io.out, all)
				}
				return nil
			})
		},
	}
}

func entryText(entry *string) string {
	if entry == nil {
		return ""
	}
	return *entry
}

func approvalVerifyCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "verify-log", Short: "Check that nobody changed the log of approvals",
		Long: `Compute all hashes of the log of approvals again, compare every approval with its
entries and every payload with its hash, and trace every release that was ever
published to the approval of exactly its manifest. It exits with 1 if anything is
not as the program left it, and names the first such entry. Note the hash of the
last entry elsewhere: whoever can rewrite the whole database can rewrite the log.`,
		Example: "  empire approval verify-log\n  empire approval verify-log --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				r, err := p.VerifyApprovals(ctx)
				if err != nil {
					return err
				}
				return g.showVerified(cmd, r)
			})
		},
	}
}

func (g *globals) showVerified(cmd *cobra.Command, r *approvalReportView) error {
	broken := &reportedError{domain.Errorf(domain.CodeConflict, "The log of approvals is broken.")}
	if g.json {
		if err := printJSON(g.io.out, r); err != nil || r.OK {
			return err
		}
		return broken
	}
	cmd.Printf("%d entries, %d approvals and %d published releases were checked.\n", r.Entries, r.Approvals, r.Releases)
	if r.OK {
		cmd.Println("Nothing was changed.")
		if r.Head != "" {
			cmd.Printf("Hash of the last entry: %s\n", r.Head)
		}
		return nil
	}
	cmd.Println("Broken:")
	for i, f := range r.Faults {
		if i == 10 {
			cmd.Printf("  … and more (%d in all)\n", len(r.Faults))
			break
		}
		cmd.Printf("  %s\n", f.Problem)
	}
	return broken
}
