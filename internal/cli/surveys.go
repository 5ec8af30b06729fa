package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"groma/internal/canonical"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

func newSurveys(terminal Terminal) *cobra.Command {
	var ask askSettings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "surveys",
		Short: "List the surveys that are kept, the oldest first",
		Example: `  groma surveys
  groma surveys --server https://groma.example.org`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := ask.reading(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			return listSurveys(cmd.Context(), a, terminal, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each survey, for programs")
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func listSurveys(ctx context.Context, a *api, terminal Terminal, asJSON bool) error {
	var surveys []*gromav1.SurveyState
	request := &gromav1.ListSurveysRequest{}
	for {
		page, err := a.ListSurveys(ctx, request)
		if err != nil {
			return said(err)
		}
		surveys = append(surveys, page.Surveys...)
		for _, u := range page.Unreadable {
			fmt.Fprintf(terminal.Err, "groma: passing over a survey that cannot be read: %s: %s\n", report.Printable(u.Key), report.Printable(u.Reason))
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			break
		}
	}
	if asJSON {
		return printEach(terminal, surveys)
	}
	if len(surveys) == 0 {
		fmt.Fprintln(terminal.Err, "No survey is kept here yet. Begin one with 'groma survey SOURCE'.")
		return nil
	}
	t := report.NewColumns("survey", "started", "state", "projects", "repositories", "without a count", "edition", "languages")
	for _, s := range surveys {
		gaps, edition := "-", "-"
		if s.Edition > 0 {
			gaps, edition = report.Number(s.Uncounted), report.Number(s.Edition)
		}
		languages := cmp.Or(strings.Join(s.GetSpec().GetLanguages(), ", "), "all")
		t.Row(s.Survey, s.StartedAt.AsTime().Format("2006-01-02 15:04"), s.State, s.Projects, s.Repositories, gaps, edition, languages)
	}
	fmt.Fprint(terminal.Out, t)
	return nil
}

func newShow(terminal Terminal) *cobra.Command {
	c := showCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "show [SURVEY]",
		Short: "Show what a survey found (default: the latest)",
		Example: `  groma show
  groma show cncf-landscape-20261122-073345-1f0c
  groma show --markdown > report.md
  groma show --json | jq .totals`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print report.json")
	cmd.Flags().BoolVar(&c.markdown, "markdown", false, "print report.md")
	cmd.Flags().Int64Var(&c.edition, "edition", 0, "edition of the report (default: the latest)")
	cmd.MarkFlagsMutuallyExclusive("json", "markdown")
	c.askSettings.register(cmd.Flags(), terminal)
	return cmd
}

type showCommand struct {
	terminal Terminal
	askSettings
	json, markdown bool
	edition        int64
}

func (c *showCommand) run(ctx context.Context, args []string) error {
	a, err := c.reading(ctx, c.terminal)
	if err != nil {
		return err
	}
	defer a.close()
	request := &gromav1.GetReportRequest{Survey: argument(args), Edition: c.edition, Formats: []string{"terminal"}}
	switch {
	case c.json:
		request.Formats = []string{"facts"}
	case c.markdown:
		request.Formats = []string{"markdown"}
	}
	if err := a.print(ctx, request, c.terminal.Out); err != nil || c.json || c.markdown {
		return err
	}
	answer, err := a.GetSurvey(ctx, &gromav1.GetSurveyRequest{Survey: argument(args), Edition: c.edition})
	if err != nil {
		return said(err)
	}
	c.gaps(answer)
	tellCancelled(c.terminal, answer.GetSurvey())
	return nil
}

// tellCancelled says of a survey that was cancelled that its report is not whole.
func tellCancelled(terminal Terminal, survey *gromav1.SurveyState) {
	if survey.GetState() == "cancelled" {
		fmt.Fprintf(terminal.Err, "Survey %s was cancelled; the report has what was counted until then.\n", report.Printable(survey.GetSurvey()))
	}
}

// gaps lists the repositories without a count.
func (c *showCommand) gaps(answer *gromav1.GetSurveyResponse) {
	if len(answer.Uncounted) == 0 {
		return
	}
	fmt.Fprintln(c.terminal.Out)
	t := report.NewColumns("not counted", "outcome", "reason")
	for _, r := range answer.Uncounted {
		t.Row(r.Key, r.Outcome, r.Reason)
	}
	fmt.Fprint(c.terminal.Out, t)
	if more := answer.GetSurvey().GetUncounted() - int64(len(answer.Uncounted)); more > 0 {
		fmt.Fprintf(c.terminal.Out, "and %s more, which 'groma report --format csv' has\n", report.Number(more))
	}
}

func newEditions(terminal Terminal) *cobra.Command {
	var ask askSettings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "editions [SURVEY]",
		Short: "List the editions of a survey's report, and what is new in each (default: the latest survey)",
		Example: `  groma editions
  groma diff cncf-landscape-20261122 --editions 1,2`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := ask.reading(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			answer, err := a.ListEditions(cmd.Context(), &gromav1.ListEditionsRequest{Survey: argument(args)})
			if err != nil {
				return said(err)
			}
			if asJSON {
				return printEach(terminal, answer.GetEditions().GetEditions())
			}
			printEditions(terminal, answer.GetEditions())
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each edition, for programs")
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func printEditions(terminal Terminal, editions *gromav1.Editions) {
	t := report.NewColumns("edition", "made", "repositories", "without a count", "new in it")
	for _, e := range editions.GetEditions() {
		t.Row(report.Number(e.Number), e.MadeAt.AsTime().Format("2006-01-02 15:04:05"), e.Repositories, e.Uncounted, newIn(e))
	}
	fmt.Fprint(terminal.Out, t)
}

// mostNew is how many repositories of an edition a line names.
const mostNew = 3

// newIn says what an edition has anew.
func newIn(e *gromav1.Edition) string {
	if e.Number <= 1 {
		return "everything"
	}
	var names []string
	for _, r := range e.Revisions[:min(len(e.Revisions), mostNew)] {
		names = append(names, fmt.Sprintf("%s (%s)", r.Key, revised(r)))
	}
	if more := len(e.Revisions) - mostNew; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// revised says how one repository has changed.
func revised(r *gromav1.Revision) string {
	if r.Commit != "" && r.CommitBefore != "" && r.Commit != r.CommitBefore {
		return short(r.CommitBefore) + " to " + short(r.Commit)
	}
	if r.Commit != "" {
		return "counted at " + short(r.Commit)
	}
	return r.Outcome
}

func short(commit string) string { return commit[:min(len(commit), 10)] }

// printEach prints one JSON object a line.
func printEach[M proto.Message](terminal Terminal, messages []M) error {
	for _, m := range messages {
		line, err := canonical.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(terminal.Out, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}
