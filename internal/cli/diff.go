package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"groma/internal/canonical"
	"groma/internal/difference"
	"groma/internal/form"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

type diffCommand struct {
	terminal Terminal
	askSettings
	languages []string
	format    string
	editions  []int64
}

func newDiff(terminal Terminal) *cobra.Command {
	c := &diffCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "diff [BEFORE] [AFTER]",
		Short: "Tell what changed from one survey, or edition, to another",
		Long: `Diff compares two surveys: projects and repositories that came, went, moved or
were renamed, maturities, outcomes, and lines by language. What changed because
the method did is told apart from what changed in the code.

BEFORE and AFTER are ids of surveys, the beginnings of ids, or paths of
report.json. With one, AFTER, it is compared with the survey of the same
landscape before it; without any, that is the latest survey. With --editions
two editions of one survey, AFTER, are compared.`,
		Example: `  groma diff
  groma diff cncf-landscape-20260801 cncf-landscape-20261122 --language Rust
  groma diff cncf-landscape-20261122 --editions 1,2
  groma diff july/report.json august/report.json --format markdown > changes.md`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&c.languages, "language", "l", nil, "language to tell of; may be repeated, or have several with commas (default: those that the surveys asked for)")
	flags.StringVarP(&c.format, "format", "f", "terminal", "terminal, markdown or json")
	flags.Int64SliceVar(&c.editions, "editions", nil, "two editions of one survey to compare, as in 1,2")
	c.askSettings.register(flags, terminal)
	return cmd
}

// differencePrinters are the forms of a difference.
var differencePrinters = map[string]func(io.Writer, *gromav1.Difference, ...string) error{
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
}

func (c *diffCommand) run(ctx context.Context, args []string) (err error) {
	if c.languages, err = tally.LanguagesNamed(c.languages); err != nil {
		return usagef("--%w", err)
	}
	print, ok := differencePrinters[c.format]
	if !ok {
		return usagef("--format %s: want terminal, markdown or json", c.format)
	}
	if n := len(c.editions); n != 0 && n != 2 || n == 2 && len(args) == 2 {
		return usagef("--editions: want two editions of one survey, as in 1,2")
	}
	d, err := c.difference(ctx, args)
	if err != nil {
		return err
	}
	return print(c.terminal.Out, d, c.languages...)
}

func (c *diffCommand) difference(ctx context.Context, args []string) (*gromav1.Difference, error) {
	for _, arg := range args {
		if strings.HasSuffix(arg, ".json") {
			return c.ofFiles(ctx, args)
		}
	}
	a, err := c.reading(ctx, c.terminal)
	if err != nil {
		return nil, err
	}
	defer a.close()
	request := &gromav1.DiffSurveysRequest{}
	switch {
	case len(c.editions) == 2:
		request.Before, request.After = argument(args), argument(args)
		request.BeforeEdition, request.AfterEdition = c.editions[0], c.editions[1]
		if request.Before == "" {
			latest, err := a.GetSurvey(ctx, &gromav1.GetSurveyRequest{})
			if err != nil {
				return nil, said(err)
			}
			request.Before, request.After = latest.GetSurvey().GetSurvey(), latest.GetSurvey().GetSurvey()
		}
	case len(args) == 2:
		request.Before, request.After = args[0], args[1]
	default:
		request.After = argument(args)
	}
	answer, err := a.DiffSurveys(ctx, request)
	if err != nil {
		return nil, said(err)
	}
	return answer.Difference, nil
}

// ofFiles compares where at least one of the two is a file.
func (c *diffCommand) ofFiles(ctx context.Context, args []string) (*gromav1.Difference, error) {
	if len(args) != 2 {
		return nil, usagef("%s: name what to compare it with, too", args[0])
	}
	before, err := c.whole(ctx, args[0])
	if err != nil {
		return nil, err
	}
	after, err := c.whole(ctx, args[1])
	if err != nil {
		return nil, err
	}
	return difference.Between(before, after), nil
}

// whole is the report that a file has, or that a survey has.
func (c *diffCommand) whole(ctx context.Context, arg string) (*gromav1.Report, error) {
	if isReport([]string{arg}) {
		return readReport(arg)
	}
	a, err := c.reading(ctx, c.terminal)
	if err != nil {
		return nil, err
	}
	defer a.close()
	var data bytes.Buffer
	if err := a.print(ctx, &gromav1.GetReportRequest{Survey: arg, Formats: []string{form.Facts}}, &data); err != nil {
		return nil, err
	}
	rep := &gromav1.Report{}
	if err := canonical.Unmarshal(data.Bytes(), rep); err != nil {
		return nil, fmt.Errorf("the report of %s cannot be read: %w", arg, err)
	}
	return rep, nil
}
