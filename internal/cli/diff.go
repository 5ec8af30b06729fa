package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"groma/internal/canonical"
	"groma/internal/difference"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

type diffCommand struct {
	terminal  Terminal
	engine    engineSettings
	languages []string
	format    string
}

func newDiff(terminal Terminal) *cobra.Command {
	c := &diffCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "diff [BEFORE] [AFTER]",
		Short: "Tell what changed from one survey to another",
		Long: `Diff compares two surveys: projects and repositories that came, went, moved or
were renamed, maturities, outcomes, and lines by language. What changed because
the method did is told apart from what changed in the code.

BEFORE and AFTER are ids of surveys, the beginnings of ids, or paths of
report.json. With one, AFTER, it is compared with the survey of the same
landscape before it; without any, that is the latest survey.`,
		Example: `  groma diff
  groma diff cncf-landscape-20260801 cncf-landscape-20261122 --language Rust
  groma diff july/report.json august/report.json --format markdown > changes.md`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&c.languages, "language", "l", nil, "language to tell of; may be repeated, or have several with commas (default: those that the surveys asked for)")
	flags.StringVarP(&c.format, "format", "f", "terminal", "terminal, markdown or json")
	c.engine.register(flags, terminal)
	return cmd
}

func (c *diffCommand) run(ctx context.Context, args []string) (err error) {
	if c.languages, err = namedLanguages(c.languages); err != nil {
		return err
	}
	print, ok := map[string]func(io.Writer, *gromav1.Difference, ...string) error{
		"terminal": func(out io.Writer, d *gromav1.Difference, languages ...string) error {
			_, err := io.WriteString(out, difference.Terminal(d, languages...))
			return err
		},
		"markdown": func(out io.Writer, d *gromav1.Difference, languages ...string) error {
			_, err := out.Write(difference.Document(d, languages...))
			return err
		},
		"json": func(out io.Writer, d *gromav1.Difference, _ ...string) error {
			data, err := canonical.MarshalIndent(d)
			if err != nil {
				return err
			}
			_, err = out.Write(data)
			return err
		},
	}[c.format]
	if !ok {
		return usagef("--format %s: want terminal, markdown or json", c.format)
	}
	before, after, err := c.read(ctx, args)
	if err != nil {
		return err
	}
	return print(c.terminal.Out, difference.Between(before, after), c.languages...)
}

// read reads the two reports.
func (c *diffCommand) read(ctx context.Context, args []string) (before, after *gromav1.Report, err error) {
	reports := reportCommand{terminal: c.terminal, engine: c.engine}
	if len(args) == 2 {
		first, err := reports.read(ctx, args[:1])
		if err != nil {
			return nil, nil, err
		}
		before, args = first.report, args[1:]
	}
	last, err := reports.read(ctx, args)
	if err != nil {
		return nil, nil, err
	}
	if before != nil {
		return before, last.report, nil
	}
	if last.store == nil {
		return nil, nil, usagef("%s: name what to compare it with, too", args[0])
	}
	if before, err = survey.Previous(ctx, last.store, last.report.Survey.Id); err != nil {
		return nil, nil, err
	}
	if before == nil {
		return nil, nil, fmt.Errorf("there is no survey before %s of its landscape; name one to compare it with", last.report.Survey.Id)
	}
	return before, last.report, nil
}
