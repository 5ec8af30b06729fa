package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/census"
	"groma/internal/page"
	"groma/internal/report"
	"groma/internal/sheet"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// printed is what forms are made of.
type printed struct {
	report   *gromav1.Report
	analyses []*gromav1.Analysis
	store    artefact.Store // of the file lists; nil if there is none
}

// analyse makes the analyses, with what changed since the survey before, where
// that is kept.
func (p *printed) analyse(ctx context.Context, rule report.Settings) (err error) {
	if p.store == nil {
		p.analyses = report.Analyses(p.report, rule)
		return nil
	}
	p.analyses, err = survey.Analyses(ctx, p.store, p.report, rule)
	return err
}

// A form is one way to print a report: what --format calls it, and its files in
// --out.
type form struct {
	name  string
	about string
	files []formFile
}

type formFile struct {
	name  string
	write func(context.Context, io.Writer, *printed) error
}

// forms are all there are, in the order in which they are told of.
var forms = []form{
	{"terminal", "a short one for people", []formFile{{"report.txt", writeTerminal}}},
	{"markdown", "every section, for a code host", []formFile{{"report.md", writeMarkdown}}},
	{"html", "every section with charts, one file that a browser shows", []formFile{{"report.html", writePage}}},
	{"json", "every section, for programs", []formFile{{"analysis.json", writeAnalyses}}},
	{"facts", "every repository with all of its figures, as JSON", []formFile{{"report.json", writeFacts}}},
	{"csv", "three tables", []formFile{
		{"repositories.csv", func(_ context.Context, out io.Writer, p *printed) error { return sheet.Repositories(out, p.report) }},
		{"languages.csv", func(_ context.Context, out io.Writer, p *printed) error { return sheet.Languages(out, p.report) }},
		{"projects.csv", func(_ context.Context, out io.Writer, p *printed) error {
			return sheet.Projects(out, p.report, p.analyses...)
		}},
	}},
	{"parquet", "a row for each repository, language and class", []formFile{
		{"report.parquet", func(_ context.Context, out io.Writer, p *printed) error { return sheet.Tallies(out, p.report) }},
	}},
	{"files", "a row for each file of every repository, as Parquet", []formFile{{"files.parquet", writeFiles}}},
}

func writeTerminal(_ context.Context, out io.Writer, p *printed) error {
	_, err := io.WriteString(out, report.Terminal(p.analyses...))
	return err
}

func writeMarkdown(_ context.Context, out io.Writer, p *printed) error {
	_, err := out.Write(report.Markdown(p.analyses...))
	return err
}

func writePage(_ context.Context, out io.Writer, p *printed) error {
	file, err := page.Render(p.analyses...)
	if err != nil {
		return err
	}
	_, err = out.Write(file)
	return err
}

// writeAnalyses writes a list, with an element for each language.
func writeAnalyses(_ context.Context, out io.Writer, p *printed) error {
	before := "[\n"
	for _, a := range p.analyses {
		data, err := canonical.MarshalIndent(a)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s%s", before, bytes.TrimSpace(data)); err != nil {
			return err
		}
		before = ",\n"
	}
	_, err := io.WriteString(out, "\n]\n")
	return err
}

func writeFacts(_ context.Context, out io.Writer, p *printed) error {
	data, err := canonical.MarshalIndent(p.report)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

func writeFiles(ctx context.Context, out io.Writer, p *printed) error {
	if p.store == nil {
		return usagef("--format files: file lists are in storage; name a survey, not a file")
	}
	return sheet.Files(out, p.files(ctx))
}

// files yields every file of every repository with a count.
func (p *printed) files(ctx context.Context) iter.Seq2[sheet.File, error] {
	return func(yield func(sheet.File, error) bool) {
		for _, r := range p.report.Repositories {
			if !report.HasCount(r) {
				continue
			}
			for f, err := range census.Files(ctx, p.store, cmp.Or(r.MovedTo, r.Key), r.Commit, r.Method) {
				if !yield(sheet.File{Repository: r.Key, Commit: r.Commit, Method: r.Method, FileCount: f}, err) || err != nil {
					return
				}
			}
		}
	}
}

func formNames() []string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = f.name
	}
	return names
}

// aboutForms says what the forms are, a line each.
func aboutForms() string {
	var text strings.Builder
	for _, f := range forms {
		fmt.Fprintf(&text, "\n  %-9s %s", f.name, f.about)
	}
	return text.String()
}

// formSettings say in which forms a report is made, and by what rule.
type formSettings struct {
	formats []string
	rule    report.Settings

	chosen []form // by check
}

func (s *formSettings) register(flags *pflag.FlagSet, formats ...string) {
	flags.StringSliceVarP(&s.formats, "format", "f", formats, "forms of the report: some of "+strings.Join(formNames(), ", "))
	flags.Float64Var(&s.rule.Pure, "pure", report.DefaultPure, "share from which on a project is pure")
	flags.Int64Var(&s.rule.ComponentLines, "component-lines", report.DefaultComponentLines, "lines of code that make a component")
	flags.StringVar(&s.rule.Measure, "measure", report.Measures[0], "figure that decides shares, order and who is pure: "+strings.Join(report.Measures, ", "))
}

func (s *formSettings) check() error {
	if !slices.Contains(report.Measures, s.rule.Measure) {
		return usagef("--measure %s: want one of %s", s.rule.Measure, strings.Join(report.Measures, ", "))
	}
	if !(s.rule.Pure > 0 && s.rule.Pure <= 1) {
		return usagef("--pure %g: want a share above 0 and at most 1", s.rule.Pure)
	}
	if s.rule.ComponentLines < 1 {
		return usagef("--component-lines %d: want at least 1", s.rule.ComponentLines)
	}
	s.chosen = nil
	for i, name := range s.formats {
		if slices.Contains(s.formats[:i], name) {
			continue
		}
		at := slices.IndexFunc(forms, func(f form) bool { return f.name == name })
		if at < 0 {
			return usagef("--format %s: want some of %s", name, strings.Join(formNames(), ", "))
		}
		s.chosen = append(s.chosen, forms[at])
	}
	if len(s.chosen) == 0 {
		return usagef("--format names no form: want some of %s", strings.Join(formNames(), ", "))
	}
	return nil
}

// print prints the one form there is to print.
func (s *formSettings) print(ctx context.Context, out io.Writer, p *printed) error {
	return s.chosen[0].files[0].write(ctx, out, p)
}

// write writes every form to a folder and returns the files.
func (s *formSettings) write(ctx context.Context, folder string, p *printed) (written []string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the report's folder: %w", err)
	}
	for _, f := range s.chosen {
		for _, file := range f.files {
			path := filepath.Join(folder, file.name)
			if err := writeFile(path, func(out io.Writer) error { return file.write(ctx, out, p) }); err != nil {
				return nil, fmt.Errorf("write %s: %w", path, err)
			}
			written = append(written, path)
		}
	}
	return written, nil
}
