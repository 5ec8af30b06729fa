package form

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/census"
	"groma/internal/page"
	"groma/internal/report"
	"groma/internal/sheet"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// Printed is what forms are made of.
type Printed struct {
	Report *gromav1.Report
	// Analyses are those of the report, where a form asks for them.
	Analyses []*gromav1.Analysis
	// Store has the lists of files, and the surveys before; nil if the report
	// is from elsewhere.
	Store artefact.Store
	// Kept is the key of report.json if the report is as it is kept, so that it
	// can be copied; empty otherwise. Where it alone is asked for, the report
	// need not have been read.
	Kept string

	settings Settings
}

// Print makes ready to print: it makes the analyses that the forms print, with
// what changed since the survey before where that is kept. The settings are
// checked already.
func Print(ctx context.Context, p Printed, settings Settings) (*Printed, error) {
	p.settings = settings
	if len(settings.Languages) > 0 {
		p.Report.Survey.Spec.Languages = settings.Languages
		p.Kept = ""
	}
	if !p.analysed() {
		return &p, nil
	}
	if p.Store == nil {
		p.Analyses = report.Analyses(p.Report, settings.Rule)
		return &p, nil
	}
	var err error
	p.Analyses, err = survey.Analyses(ctx, p.Store, p.Report, settings.Rule)
	return &p, err
}

// analysed reports whether any of the forms prints analyses.
func (p *Printed) analysed() bool {
	for _, f := range p.settings.chosen() {
		if f.analysed {
			return true
		}
	}
	return false
}

// NeedsReport reports whether settings print more than a copy of report.json.
func (s *Settings) NeedsReport() bool {
	for _, name := range s.Formats {
		if name != Facts {
			return true
		}
	}
	return len(s.Languages) > 0
}

// A File is one file of a report.
type File struct {
	// Name is the file's name, for example report.md.
	Name        string
	ContentType string
	// Write writes it all, or fails with some of it written.
	Write func(context.Context, io.Writer) error
}

type file struct {
	name, contentType string
	write             func(context.Context, io.Writer, *Printed) error
}

// Files are those of the forms that were asked for, in their order.
func (p *Printed) Files() (files []File) {
	for _, form := range p.settings.chosen() {
		for _, f := range form.files {
			files = append(files, File{f.name, f.contentType, func(ctx context.Context, out io.Writer) error { return f.write(ctx, out, p) }})
		}
	}
	return files
}

func writeTerminal(_ context.Context, out io.Writer, p *Printed) error {
	_, err := io.WriteString(out, report.Terminal(p.Analyses...))
	return err
}

func writeMarkdown(_ context.Context, out io.Writer, p *Printed) error {
	_, err := out.Write(report.Markdown(p.Analyses...))
	return err
}

func writePage(_ context.Context, out io.Writer, p *Printed) error {
	file, err := page.Render(p.Analyses...)
	if err != nil {
		return err
	}
	_, err = out.Write(file)
	return err
}

// writeAnalyses writes a list, with an element for each language.
func writeAnalyses(_ context.Context, out io.Writer, p *Printed) error {
	before := "[\n"
	for _, a := range p.Analyses {
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

// writeFacts copies what is kept, where that is the report.
func writeFacts(ctx context.Context, out io.Writer, p *Printed) (err error) {
	var data []byte
	if p.Kept != "" && p.Store != nil {
		data, err = p.Store.Get(ctx, p.Kept)
	} else {
		data, err = canonical.MarshalIndent(p.Report)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

func writeRepositories(_ context.Context, out io.Writer, p *Printed) error {
	return sheet.Repositories(out, p.Report)
}

func writeLanguages(_ context.Context, out io.Writer, p *Printed) error {
	return sheet.Languages(out, p.Report)
}

func writeProjects(_ context.Context, out io.Writer, p *Printed) error {
	return sheet.Projects(out, p.Report, p.Analyses...)
}

func writeTallies(_ context.Context, out io.Writer, p *Printed) error {
	return sheet.Tallies(out, p.Report)
}

// ErrNoFiles is why a report from elsewhere cannot be printed file by file.
var ErrNoFiles = errors.New("format files: file lists are in storage; name a survey, not a file")

func writeFiles(ctx context.Context, out io.Writer, p *Printed) error {
	if p.Store == nil {
		return ErrNoFiles
	}
	return sheet.Files(out, p.fileRows(ctx))
}

// fileRows yields every file of every repository with a count.
func (p *Printed) fileRows(ctx context.Context) iter.Seq2[sheet.File, error] {
	return func(yield func(sheet.File, error) bool) {
		for _, r := range p.Report.Repositories {
			if !report.HasCount(r) {
				continue
			}
			for f, err := range census.Files(ctx, p.Store, cmp.Or(r.MovedTo, r.Key), r.Commit, r.Method) {
				if !yield(sheet.File{Repository: r.Key, Commit: r.Commit, Method: r.Method, FileCount: f}, err) || err != nil {
					return
				}
			}
		}
	}
}
