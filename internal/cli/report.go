package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"groma/internal/annotation"
	"groma/internal/canonical"
	"groma/internal/form"
	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

type reportCommand struct {
	terminal Terminal
	askSettings
	forms   formSettings
	out     string
	edition int64

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
` + form.About(),
		Example: `  groma report --language Rust
  groma report cncf-landscape-2026 --language Go --format markdown > go.md
  groma report cncf-landscape-2026 --edition 1
  groma report report.json --language Rust --measure bytes --format markdown,json --out rust`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&c.forms.Languages, "language", "l", nil, "language to report on; may be repeated, or have several with commas")
	flags.StringVarP(&c.out, "out", "o", "", "folder to write to, a file or some for each format (default: standard output)")
	flags.Int64Var(&c.edition, "edition", 0, "edition of the report (default: the latest)")
	flags.StringVar(&c.annotations, "annotations", "", "an analyst's file to show the words of, instead of the one that the survey had")
	c.forms.register(flags, "terminal")
	c.askSettings.register(flags, terminal)
	return cmd
}

func (c *reportCommand) run(ctx context.Context, args []string) error {
	if err := c.forms.check(); err != nil {
		return err
	}
	if c.out == standardOutput {
		return usagef("--out - would be a folder called so: leave it out, and one form is printed to standard output")
	}
	if files := c.forms.FileNames(); c.out == "" && len(files) != 1 {
		return usagef("%d files: say with --out which folder to write them to", len(files))
	}
	annotations, err := readBeside(ctx, "--annotations", c.annotations)
	if err != nil {
		return err
	}
	if isReport(args) {
		return c.printFile(ctx, args[0], annotations)
	}
	a, err := c.reading(ctx, c.terminal)
	if err != nil {
		return err
	}
	defer a.close()
	request := &gromav1.GetReportRequest{Survey: argument(args), Edition: c.edition}
	c.forms.ask(request)
	if annotations != nil {
		request.Annotations = annotations.Data
	}
	if c.out == "" {
		return a.print(ctx, request, c.terminal.Out)
	}
	written, err := a.save(ctx, request, c.out)
	c.list(written)
	return err
}

// printFile prints a report that is a file, without asking anybody.
func (c *reportCommand) printFile(ctx context.Context, path string, annotations *landscape.Document) error {
	rep, err := readReport(path)
	if err != nil {
		return err
	}
	if annotations != nil {
		if rep.Annotations, err = annotation.Parse(annotations.Name, annotations.Data); err != nil {
			return usagef("--annotations: %w", err)
		}
	}
	printed, err := form.Print(ctx, form.Printed{Report: rep}, c.forms.Settings)
	if err != nil {
		return err
	}
	files := printed.Files()
	if c.out == "" {
		return onlyInStorage(files[0].Write(ctx, c.terminal.Out))
	}
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return fmt.Errorf("make the report's folder: %w", err)
	}
	for _, file := range files {
		path := filepath.Join(c.out, file.Name)
		if err := writeFile(path, func(out io.Writer) error { return file.Write(ctx, out) }); err != nil {
			return onlyInStorage(err)
		}
		c.list([]string{path})
	}
	return nil
}

// onlyInStorage makes wrong usage of asking a file for what it has not.
func onlyInStorage(err error) error {
	if errors.Is(err, form.ErrNoFiles) {
		return usagef("--%w", err)
	}
	return err
}

func (c *reportCommand) list(written []string) {
	for _, path := range written {
		fmt.Fprintln(c.terminal.Err, path)
	}
}

// isReport reports whether arguments name a file, not a survey.
func isReport(args []string) bool { return len(args) == 1 && strings.HasSuffix(args[0], ".json") }

// argument is the argument, or nothing, which stands for the latest.
func argument(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// readReport reads a report.json.
func readReport(path string) (*gromav1.Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rep := &gromav1.Report{}
	if err := canonical.Unmarshal(data, rep); err != nil || rep.GetSurvey().GetSpec() == nil {
		return nil, errors.Join(fmt.Errorf("%s is no report.json", path), err)
	}
	return rep, nil
}
