package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"groma/internal/artefact"
	"groma/internal/report"
	"groma/internal/survey"
)

type pruneCommand struct {
	terminal  Terminal
	engine    engineSettings
	keep      []string
	keepLast  int
	keepNewer age
	grace     age
	yes, json bool
}

func newPrune(terminal Terminal) *cobra.Command {
	c := &pruneCommand{terminal: terminal, grace: age(24 * time.Hour)}
	cmd := &cobra.Command{
		Use:   "prune [SURVEY...]",
		Short: "Remove surveys, and what no kept survey needs; only says what would go unless told --yes",
		Long: `Prune removes the surveys that are named, or that the rules leave over, and then
the censuses, file lists, words and vitals that no survey that stays names in
any of its editions. With several rules a survey stays if any of them keeps it;
without a rule or a name no survey goes.

It only says what would go, unless told --yes. An unfinished survey stays, with
everything of the repositories it asks for, and so does whatever is younger than
--grace. It may be stopped at any moment. Begin no survey while it removes.

It works on storage alone, and has no --server. Where GROMA_SERVER, or the file
of --config, names one, it removes nothing unless --data or --store says from
where.`,
		Example: `  groma prune
  groma prune --keep-last 3
  groma prune --keep-last 1 --keep-newer-than 90d --yes
  groma prune cncf-landscape-20260101-073345-1f0c --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.engine.alone(cmd, terminal, c.yes); err != nil {
				return err
			}
			return c.run(cmd.Context(), args)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&c.keep, "keep", nil, "keep this survey, whatever a rule says; may be repeated")
	flags.IntVar(&c.keepLast, "keep-last", 0, "keep the latest so many that ask the same of one landscape")
	flags.Var(&c.keepNewer, "keep-newer-than", "keep what began within this time, as 90d, 12w or 36h")
	flags.Var(&c.grace, "grace", "keep what no survey names for so long: somebody may be about to name it")
	flags.BoolVar(&c.yes, "yes", false, "remove it")
	flags.BoolVar(&c.json, "json", false, "print what goes as one JSON object, for programs")
	c.engine.register(flags, terminal)
	return cmd
}

func (c *pruneCommand) run(ctx context.Context, remove []string) error {
	if c.keepLast < 0 || c.keepNewer < 0 || c.grace < 0 {
		return usagef("--keep-last, --keep-newer-than and --grace are not negative")
	}
	store, err := c.engine.openStore(ctx, c.terminal)
	if err != nil {
		return err
	}
	keeper, ok := store.(artefact.Keeper)
	if !ok {
		return errors.New("this storage lets nothing be removed")
	}
	request := survey.PruneRequest{KeepLast: c.keepLast, KeepNewer: time.Duration(c.keepNewer), Grace: time.Duration(c.grace), Now: time.Now(), Do: c.yes}
	if request.Remove, err = findAll(ctx, store, remove); err != nil {
		return err
	}
	if request.Keep, err = findAll(ctx, store, c.keep); err != nil {
		return err
	}
	for _, id := range request.Keep {
		if slices.Contains(request.Remove, id) {
			return usagef("%s is to be kept and to be removed", id)
		}
	}
	pruned, err := survey.Prune(ctx, keeper, request)
	if pruned != nil && (err == nil || c.yes) {
		if failed := c.print(pruned); err == nil {
			err = failed
		}
	}
	return err
}

func findAll(ctx context.Context, store artefact.Store, beginnings []string) (ids []string, err error) {
	for _, beginning := range beginnings {
		if beginning == "" {
			return nil, usagef("a survey has a name")
		}
		id, err := survey.Find(ctx, store, beginning)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c *pruneCommand) print(p *survey.Pruned) error {
	out := c.terminal.Out
	if c.json {
		return printJSON(out, p)
	}
	would := "would go"
	if p.Done {
		would = "removed"
	}
	for _, id := range p.Surveys {
		fmt.Fprintf(out, "survey %s: %s\n", report.Printable(id), would)
	}
	t := report.NewColumns(would, "artefacts", "bytes")
	var sum survey.PrunedKind
	for _, kind := range p.Kinds {
		if kind.Artefacts > 0 {
			t.Row(kind.Kind, kind.Artefacts, kind.Bytes)
		}
		sum.Artefacts += kind.Artefacts
		sum.Bytes += kind.Bytes
	}
	if sum.Artefacts > 0 {
		t.Row("all", sum.Artefacts, sum.Bytes)
		fmt.Fprint(out, t)
	} else {
		fmt.Fprintln(out, "nothing goes")
	}
	for _, note := range p.Notes {
		fmt.Fprintf(out, "note: %s\n", report.Printable(note))
	}
	unfinished := ""
	if p.Unfinished > 0 {
		unfinished = fmt.Sprintf(", and %s unfinished", report.Number(p.Unfinished))
	}
	fmt.Fprintf(out, "%s%s\n", report.Plural(p.Kept, "survey stays", "surveys stay"), unfinished)
	if !p.Done && sum.Artefacts > 0 {
		fmt.Fprintln(c.terminal.Err, "Nothing was removed. With --yes it is.")
	}
	return nil
}

// age is a flag: a time such as 36h, 90d or 12w.
type age time.Duration

func (a *age) Set(text string) error {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		digits, ok := strings.CutSuffix(text, suffix)
		if n, err := strconv.ParseUint(digits, 10, 16); ok && err == nil && n <= 36500 {
			*a = age(time.Duration(n) * unit)
			return nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("want a time such as 36h, 90d or 12w")
	}
	*a = age(d)
	return nil
}

func (a *age) String() string {
	if d := time.Duration(*a); d != 0 {
		return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
	}
	return ""
}

func (*age) Type() string { return "time" }
