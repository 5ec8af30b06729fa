package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/report"
	"groma/internal/survey"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A form is one way to print a report.
type form struct {
	name, file string // what --format calls it, and its file in --out
	write      func(io.Writer, *gromav1.Report, []*gromav1.Analysis) error
}

// forms are all there are, in the order in which they are told of.
var forms = []form{
	{"terminal", "report.txt", func(out io.Writer, _ *gromav1.Report, analyses []*gromav1.Analysis) error {
		_, err := io.WriteString(out, report.Terminal(analyses...))
		return err
	}},
	{"markdown", "report.md", func(out io.Writer, _ *gromav1.Report, analyses []*gromav1.Analysis) error {
		_, err := out.Write(report.Markdown(analyses...))
		return err
	}},
	{"json", "analysis.json", writeAnalyses},
}

func writeAnalyses(out io.Writer, _ *gromav1.Report, analyses []*gromav1.Analysis) error {
	for _, a := range analyses {
		data, err := canonical.MarshalIndent(a)
		if err != nil {
			return err
		}
		if _, err := out.Write(data); err != nil {
			return err
		}
	}
	return nil
}

func formNames() []string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = f.name
	}
	return names
}

type reportCommand struct {
	terminal  Terminal
	engine    engineSettings
	languages []string
	formats   []string
	out       string
	settings  report.Settings
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
on all of the landscape.`,
		Example: `  groma report --language Rust
  groma report cncf-landscape-2026 --language Go --format markdown > go.md
  groma report report.json --language Rust --measure bytes --format markdown,json --out rust`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&c.languages, "language", "l", nil, "language to report on; may be repeated, or have several with commas")
	flags.StringSliceVarP(&c.formats, "format", "f", []string{"terminal"}, "how to print it, some of "+strings.Join(formNames(), ", "))
	flags.StringVarP(&c.out, "out", "o", "", "folder to write to, a file for each format (default: standard output)")
	flags.Float64Var(&c.settings.Pure, "pure", report.DefaultPure, "share from which on a project is pure")
	flags.Int64Var(&c.settings.ComponentLines, "component-lines", report.DefaultComponentLines, "lines of code that make a component")
	flags.StringVar(&c.settings.Measure, "measure", report.Measures[0], "figure that decides: "+strings.Join(report.Measures, ", "))
	c.engine.register(flags, terminal)
	return cmd
}

func (c *reportCommand) run(ctx context.Context, args []string) error {
	chosen, err := c.check()
	if err != nil {
		return err
	}
	rep, err := c.read(ctx, args)
	if err != nil {
		return err
	}
	if len(c.languages) > 0 {
		rep.Survey.Spec.Languages = c.languages
	}
	analyses := report.Analyses(rep, c.settings)
	for _, f := range chosen {
		if err := c.write(f, rep, analyses); err != nil {
			return err
		}
	}
	return nil
}

func (c *reportCommand) check() (chosen []form, err error) {
	if c.languages, err = namedLanguages(c.languages); err != nil {
		return nil, err
	}
	if !slices.Contains(report.Measures, c.settings.Measure) {
		return nil, usagef("--measure %s: want one of %s", c.settings.Measure, strings.Join(report.Measures, ", "))
	}
	if c.settings.Pure <= 0 || c.settings.Pure > 1 {
		return nil, usagef("--pure %g: want a share above 0 and at most 1", c.settings.Pure)
	}
	if c.settings.ComponentLines < 1 {
		return nil, usagef("--component-lines %d: want at least 1", c.settings.ComponentLines)
	}
	for _, name := range c.formats {
		i := slices.IndexFunc(forms, func(f form) bool { return f.name == name })
		if i < 0 {
			return nil, usagef("--format %s: want some of %s", name, strings.Join(formNames(), ", "))
		}
		chosen = append(chosen, forms[i])
	}
	if c.out == "" && len(chosen) != 1 {
		return nil, usagef("%d formats: say with --out which folder to write them to", len(chosen))
	}
	return chosen, nil
}

// read finds the report of a survey that is kept, or reads a report.json.
func (c *reportCommand) read(ctx context.Context, args []string) (*gromav1.Report, error) {
	if len(args) == 1 && strings.HasSuffix(args[0], ".json") {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return nil, err
		}
		rep := &gromav1.Report{}
		if err := canonical.Unmarshal(data, rep); err != nil || rep.GetSurvey().GetSpec() == nil {
			return nil, errors.Join(fmt.Errorf("%s is no report.json", args[0]), err)
		}
		return rep, nil
	}
	store, err := c.engine.openStore(ctx, c.terminal)
	if err != nil {
		return nil, err
	}
	return latestReport(ctx, store, c.terminal, args)
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

// write prints one form, to standard output or to its file.
func (c *reportCommand) write(f form, rep *gromav1.Report, analyses []*gromav1.Analysis) error {
	if c.out == "" {
		return f.write(c.terminal.Out, rep, analyses)
	}
	var data bytes.Buffer
	if err := f.write(&data, rep, analyses); err != nil {
		return err
	}
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return err
	}
	path := filepath.Join(c.out, f.file)
	if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintln(c.terminal.Err, path)
	return nil
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
