package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"groma/internal/artefact"
	"groma/internal/fault"
	"groma/internal/report"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

func newSurveys(terminal Terminal) *cobra.Command {
	var settings engineSettings
	cmd := &cobra.Command{
		Use:     "surveys",
		Short:   "List the surveys that are kept, the oldest first",
		Example: "  groma surveys",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := settings.openStore(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			return listSurveys(cmd.Context(), store, terminal)
		},
	}
	settings.register(cmd.Flags(), terminal)
	return cmd
}

func listSurveys(ctx context.Context, store artefact.Store, terminal Terminal) error {
	manifests, err := kept(ctx, store, terminal)
	if err != nil {
		return err
	}
	if len(manifests) == 0 {
		fmt.Fprintln(terminal.Err, "No survey is kept here yet. Begin one with 'groma survey SOURCE'.")
		return nil
	}
	t := newTable("survey", "started", "state", "projects", "repositories", "without a count", "languages")
	for _, m := range manifests {
		state, gaps := "unfinished", "-"
		rep, err := survey.Report(ctx, store, m.Survey)
		if err == nil {
			state, gaps = "reported", report.Number(int64(len(report.Uncounted(rep))))
		} else if !errors.Is(err, artefact.ErrMissing) {
			return err
		}
		languages := strings.Join(m.GetSpec().GetLanguages(), ", ")
		if languages == "" {
			languages = "all"
		}
		t.row(m.Survey, m.StartedAt.AsTime().Format("2006-01-02 15:04"), state,
			int64(len(m.GetLandscape().GetProjects())), int64(len(m.GetLandscape().GetRepositories())), gaps, languages)
	}
	t.print(terminal.Out)
	return nil
}

// kept reads the manifests of all surveys, sorted by when they started.
func kept(ctx context.Context, store artefact.Store, terminal Terminal) ([]*gromav1.Manifest, error) {
	var manifests []*gromav1.Manifest
	for key, err := range store.List(ctx, artefact.SurveysPrefix) {
		if err != nil {
			return nil, err
		}
		id, rest, ok := artefact.SurveyOf(key)
		if !ok || rest != "manifest.json" {
			continue
		}
		manifest, err := survey.Manifest(ctx, store, id)
		if fault.KindOf(err) == fault.Invalid {
			fmt.Fprintf(terminal.Err, "groma: passing over a survey that cannot be read: %s\n", printable(err.Error()))
			continue
		}
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, manifest)
	}
	slices.SortStableFunc(manifests, func(a, b *gromav1.Manifest) int { return a.StartedAt.AsTime().Compare(b.StartedAt.AsTime()) })
	return manifests, nil
}

func newShow(terminal Terminal) *cobra.Command {
	var settings engineSettings
	var asJSON, asMarkdown bool
	cmd := &cobra.Command{
		Use:   "show [SURVEY]",
		Short: "Show what a survey found (default: the latest)",
		Example: `  groma show
  groma show cncf-landscape-20261122-073345-1f0c
  groma show --markdown > report.md
  groma show --json | jq .totals`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := settings.openStore(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			rep, err := latestReport(cmd.Context(), store, terminal, args)
			if err != nil {
				return err
			}
			return show(cmd.Context(), terminal.Out, &printed{report: rep, store: store}, asJSON, asMarkdown)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print report.json")
	cmd.Flags().BoolVar(&asMarkdown, "markdown", false, "print report.md")
	cmd.MarkFlagsMutuallyExclusive("json", "markdown")
	settings.register(cmd.Flags(), terminal)
	return cmd
}

func show(ctx context.Context, out io.Writer, p *printed, asJSON, asMarkdown bool) error {
	rep := p.report
	switch {
	case asJSON:
		return writeFacts(ctx, out, p)
	case asMarkdown:
		if err := p.analyse(ctx, report.Settings{}); err != nil {
			return err
		}
		return writeMarkdown(ctx, out, p)
	}
	printHeadline(out, rep, report.Settings{})
	if gaps := report.Uncounted(rep); len(gaps) > 0 {
		fmt.Fprintln(out)
		t := newTable("not counted", "outcome", "reason")
		for _, r := range gaps {
			t.row(r.Key, r.Outcome, r.Reason)
		}
		t.print(out)
	}
	return nil
}

// find returns the manifest of the survey whose id begins as the argument
// does, or of the latest.
func find(ctx context.Context, store artefact.Store, terminal Terminal, args []string) (*gromav1.Manifest, error) {
	manifests, err := kept(ctx, store, terminal)
	if err != nil {
		return nil, err
	}
	if len(manifests) == 0 {
		return nil, errors.New("no survey is kept here; begin one with 'groma survey SOURCE', or say with --data or --store where they are")
	}
	if len(args) == 0 {
		return manifests[len(manifests)-1], nil
	}
	var found []*gromav1.Manifest
	for _, m := range manifests {
		if m.Survey == args[0] {
			return m, nil
		}
		if strings.HasPrefix(m.Survey, args[0]) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no survey is called %s; 'groma surveys' lists them", args[0])
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%d surveys begin with %s; 'groma surveys' lists them", len(found), args[0])
}

// printHeadline prints what most people want to know, on one screen.
func printHeadline(out io.Writer, rep *gromav1.Report, rule report.Settings) {
	io.WriteString(out, report.Terminal(report.Analyses(rep, rule)...))
}

func newCancel(terminal Terminal) *cobra.Command {
	var settings engineSettings
	cmd := &cobra.Command{
		Use:   "cancel SURVEY",
		Short: "Give up an unfinished survey, and report what it has",
		Long: `Cancel ends an unfinished survey for good. What was counted is kept and
reported; what was not is reported as such.`,
		Example: "  groma cancel cncf-landscape-20261122-073345-1f0c",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return cancelSurvey(cmd.Context(), terminal, &settings, args)
		},
	}
	settings.register(cmd.Flags(), terminal)
	return cmd
}

func cancelSurvey(ctx context.Context, terminal Terminal, settings *engineSettings, args []string) error {
	store, err := settings.openStore(ctx, terminal)
	if err != nil {
		return err
	}
	manifest, err := find(ctx, store, terminal, args)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	r := &run{terminal: terminal, log: log, concurrency: 1, again: terminal.command()}
	fingerprint := survey.Fingerprint(manifest.Spec)
	if err := r.open(ctx, settings.config(terminal, log), workflows.TaskQueue(fingerprint)); err != nil {
		return err
	}
	defer r.close()
	workflow := workflows.ID(fingerprint)
	running, err := r.running(ctx, workflow)
	if err != nil {
		return err
	}
	if running != manifest.Survey {
		return fmt.Errorf("survey %s is not running", manifest.Survey)
	}
	if err := r.engine.Temporal.CancelWorkflow(ctx, workflow, ""); err != nil {
		return fmt.Errorf("cancel survey %s: %w", manifest.Survey, err)
	}
	return r.follow(ctx, manifest.Survey, r.engine.Temporal.GetWorkflow(ctx, workflow, ""))
}
