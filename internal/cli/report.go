package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"groma/internal/annotation"
	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/survey"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

type reportCommand struct {
	terminal  Terminal
	engine    engineSettings
	forms     formSettings
	languages []string
	out       string

	annotations string
}

func newReport(terminal Terminal) *cobra.Command {
	c := &reportCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "report [SURVEY]",
		Short: "Report on a survey again: another language, rule or form (default: the latest)",
		Long: `Report makes the report of a survey that is kept, without asking any remote.
SURVEY is a survey's id, the beginning of one, or the path of a report.json.

A project is pure if the language has at least --pure of its code, over all its
repositories; it has a component if it is not pure and has at least
--component-lines of it. --measure says which figure decides shares and order:
lines of code, all lines, or bytes as the host counts them.

Without --language the report is on the languages that the survey asked for, or
on all of the landscape. Its forms are
` + aboutForms(),
		Example: `  groma report --language Rust
  groma report cncf-landscape-2026 --language Go --format markdown > go.md
  groma report report.json --language Rust --measure bytes --format markdown,json --out rust`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&c.languages, "language", "l", nil, "language to report on; may be repeated, or have several with commas")
	flags.StringVarP(&c.out, "out", "o", "", "folder to write to, a file or some for each format (default: standard output)")
	flags.StringVar(&c.annotations, "annotations", "", "an analyst's file to show the words of, instead of the one that the survey had")
	c.forms.register(flags, "terminal")
	c.engine.register(flags, terminal)
	return cmd
}

func (c *reportCommand) run(ctx context.Context, args []string) error {
	if err := c.check(); err != nil {
		return err
	}
	annotations, err := readBeside(ctx, "--annotations", c.annotations)
	if err != nil {
		return err
	}
	p, err := c.read(ctx, args)
	if err != nil {
		return err
	}
	if annotations != nil {
		if p.report.Annotations, err = annotation.Parse(annotations.Name, annotations.Data); err != nil {
			return usagef("--annotations: %w", err)
		}
	}
	if len(c.languages) > 0 {
		p.report.Survey.Spec.Languages = c.languages
	}
	if err := p.analyse(ctx, c.forms.rule); err != nil {
		return err
	}
	if c.out == "" {
		return c.forms.print(ctx, c.terminal.Out, p)
	}
	written, err := c.forms.write(ctx, c.out, p)
	for _, path := range written {
		fmt.Fprintln(c.terminal.Err, path)
	}
	return err
}

func (c *reportCommand) check() (err error) {
	if c.languages, err = namedLanguages(c.languages); err != nil {
		return err
	}
	if err := c.forms.check(); err != nil {
		return err
	}
	files := 0
	for _, f := range c.forms.chosen {
		files += len(f.files)
	}
	if c.out == "" && files != 1 {
		return usagef("%d files: say with --out which folder to write them to", files)
	}
	return nil
}

// read finds the report of a survey that is kept, or reads a report.json.
func (c *reportCommand) read(ctx context.Context, args []string) (*printed, error) {
	if len(args) == 1 && strings.HasSuffix(args[0], ".json") {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return nil, err
		}
		rep := &gromav1.Report{}
		if err := canonical.Unmarshal(data, rep); err != nil || rep.GetSurvey().GetSpec() == nil {
			return nil, errors.Join(fmt.Errorf("%s is no report.json", args[0]), err)
		}
		return &printed{report: rep}, nil
	}
	store, err := c.engine.openStore(ctx, c.terminal)
	if err != nil {
		return nil, err
	}
	rep, err := latestReport(ctx, store, c.terminal, args)
	if err != nil {
		return nil, err
	}
	return &printed{report: rep, store: store}, nil
}

// latestReport is the report of the survey that is named, or of the latest.
func latestReport(ctx context.Context, store artefact.Store, terminal Terminal, args []string) (*gromav1.Report, error) {
	manifest, err := find(ctx, store, terminal, args)
	if err != nil {
		return nil, err
	}
	rep, err := survey.Report(ctx, store, manifest.Survey)
	if errors.Is(err, artefact.ErrMissing) {
		return nil, fmt.Errorf("survey %s is unfinished; go on with: groma survey %s …", manifest.Survey, quoteArgs(manifest.GetSpec().GetSource()))
	}
	return rep, err
}

// namedLanguages gives languages the names that tallies have, each once.
func namedLanguages(asked []string) (named []string, err error) {
	for _, language := range asked {
		name := tally.LanguageNamed(strings.TrimSpace(language))
		if name == "" {
			return nil, usagef("--language %s: no language of that name can be counted; want names such as Rust, Go, C++ or TypeScript", language)
		}
		if !slices.Contains(named, name) {
			named = append(named, name)
		}
	}
	return named, nil
}
