package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"groma/internal/report"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

func newCancel(terminal Terminal) *cobra.Command {
	var ask askSettings
	cmd := &cobra.Command{
		Use:   "cancel SURVEY",
		Short: "Give up an unfinished survey, and report what it has",
		Long: `Cancel ends an unfinished survey for good. What was counted is kept and
reported; what was not is reported as such.`,
		Example: "  groma cancel cncf-landscape-20261122-073345-1f0c",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return cancelSurvey(cmd.Context(), terminal, &ask, args[0])
		},
	}
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func cancelSurvey(ctx context.Context, terminal Terminal, ask *askSettings, id string) error {
	a, err := ask.ending(ctx, terminal, id)
	if err != nil {
		return err
	}
	defer a.close()
	cancelled, err := a.CancelSurvey(ctx, &gromav1.CancelSurveyRequest{Survey: id})
	if err != nil {
		return said(err)
	}
	s := &session{terminal: terminal, api: a, again: terminal.command(), view: &letGo{view: newView(terminal, false, ""), out: terminal.Err}}
	if a.remote == "" {
		s.handBack = func() {} // nothing is counted here
	}
	return s.see(ctx, cancelled.GetSurvey().GetSurvey())
}

// ending asks for a survey to be ended: by a server, or here by a worker that
// takes no censuses, since the one that did may be gone.
func (s *askSettings) ending(ctx context.Context, terminal Terminal, id string) (*api, error) {
	if s.server.address != "" {
		return s.there(terminal)
	}
	kept, err := s.reading(ctx, terminal)
	if err != nil {
		return nil, err
	}
	found, err := kept.GetSurvey(ctx, &gromav1.GetSurveyRequest{Survey: id})
	if err != nil {
		return nil, said(err)
	}
	e, _, err := s.engine.openOrJoin(ctx, terminal)
	if err != nil {
		return nil, err
	}
	l := &local{log: slog.New(slog.DiscardHandler), concurrency: 1, engine: e}
	if err := l.work(ctx, survey.Fingerprint(found.GetSurvey().GetSpec())); err != nil {
		return nil, err
	}
	return l.api(), nil
}

func newPause(terminal Terminal) *cobra.Command {
	return newSteering(terminal, steering{
		use: "pause SURVEY", short: "Begin no further repository of a survey; those in flight end",
		long: `Pause holds a survey up: repositories that are being counted end, and none is
begun until 'groma resume'. It stays paused when servers and workers restart.`,
		ask: func(ctx context.Context, a *api, id string) (*gromav1.SurveyState, error) {
			answer, err := a.PauseSurvey(ctx, &gromav1.PauseSurveyRequest{Survey: id})
			return answer.GetSurvey(), err
		},
	})
}

func newResume(terminal Terminal) *cobra.Command {
	return newSteering(terminal, steering{
		use: "resume SURVEY", short: "Go on with a paused survey",
		ask: func(ctx context.Context, a *api, id string) (*gromav1.SurveyState, error) {
			answer, err := a.ResumeSurvey(ctx, &gromav1.ResumeSurveyRequest{Survey: id})
			return answer.GetSurvey(), err
		},
	})
}

// steering is a command that changes how a survey runs.
type steering struct {
	use, short, long string
	ask              func(context.Context, *api, string) (*gromav1.SurveyState, error)
}

func newSteering(terminal Terminal, s steering) *cobra.Command {
	var settings askSettings
	cmd := &cobra.Command{
		Use: s.use, Short: s.short, Long: s.long, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := settings.steering(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			state, err := s.ask(cmd.Context(), a, args[0])
			if err != nil {
				return said(err)
			}
			fmt.Fprintf(terminal.Out, "%s is %s\n", state.Survey, state.State)
			return nil
		},
	}
	cmd.Example = fmt.Sprintf("  groma %s cncf-landscape-20261122-073345-1f0c --server https://groma.example.org", cmd.Name())
	settings.register(cmd.Flags(), terminal)
	return cmd
}

func newWatch(terminal Terminal) *cobra.Command {
	var ask askSettings
	var asJSON, editions bool
	cmd := &cobra.Command{
		Use:   "watch [SURVEY]",
		Short: "Show how a survey gets on (default: the latest)",
		Long: `Watch shows how a survey gets on until it ends; with --editions it stays, and
tells of each new edition of its report as it is made. A server that restarts
meanwhile is asked again, from where it broke off. The exit status is that of
'groma survey'. With --json the last line is how the survey stands.`,
		Example: `  groma watch --server https://groma.example.org
  groma watch cncf-landscape-2026 --editions --server https://groma.example.org
  groma watch cncf-landscape-2026 --json --server https://groma.example.org`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := ask.steering(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			return watchSurvey(cmd.Context(), terminal, a, argument(args), asJSON, editions)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each event, for programs")
	cmd.Flags().BoolVar(&editions, "editions", false, "go on after the end, and tell of new editions")
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func watchSurvey(ctx context.Context, terminal Terminal, a *api, id string, asJSON, editions bool) error {
	found, err := a.GetSurvey(ctx, &gromav1.GetSurveyRequest{Survey: id})
	if err != nil {
		return said(err)
	}
	id = found.GetSurvey().GetSurvey()
	if a.silent && (asJSON || editions) {
		return usagef("what has happened can be heard where NATS is: ask the server that surveys, with --server")
	}
	if a.idle && (editions || running(found.GetSurvey().GetState())) {
		return fmt.Errorf("nobody surveys here now, so that nothing happens to %s: to go on with an unfinished survey give its command again", id)
	}
	f := &follower{api: a, survey: id, json: asJSON || editions, editions: editions, view: newView(terminal, asJSON, "")}
	if editions && !asJSON {
		f.view = &newEditionsView{out: terminal.Out}
	}
	ended, err := f.follow(ctx)
	if ctx.Err() != nil {
		return nil // whoever watches has seen enough
	}
	if err != nil {
		return err
	}
	if asJSON {
		if err := printEach(terminal, []*gromav1.WatchSurveyResponse{{Event: &gromav1.WatchSurveyResponse_Ended{Ended: ended}}}); err != nil {
			return err
		}
	}
	if err := fruitless(ended); err != nil {
		return err
	}
	if !asJSON {
		fmt.Fprintf(terminal.Out, "%s is %s; 'groma show %s' has what it found\n", id, ended.State, id)
	}
	return verdictOf(ctx, a, ended)
}

// running reports whether a survey in a state goes on, if anybody works for it.
func running(state string) bool {
	return slices.Contains([]string{"planning", "counting", "paused", "reporting"}, state)
}

func newRescan(terminal Terminal) *cobra.Command {
	var ask askSettings
	var asJSON, detach bool
	cmd := &cobra.Command{
		Use:   "rescan REPOSITORY",
		Short: "Count one repository at its head again, and make new editions of the reports it is in",
		Long: `Rescan has a server count one repository at its head. The reports of the latest
surveys that contain it get a new edition, without asking any other repository.
REPOSITORY is its address, or host/owner/name.`,
		Example: `  groma rescan github.com/tikv/tikv --server https://groma.example.org
  groma editions --server https://groma.example.org`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ask.server.address == "" && ask.engine.temporal == "" {
				return usagef("rescan is done by workers: say with --server which server has some ('groma serve' is one), or survey the repository: groma survey %s", quoteArgs(survey.Shown(args[0])))
			}
			a, err := ask.steering(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			answer, err := a.RescanRepository(cmd.Context(), &gromav1.RescanRepositoryRequest{Repository: args[0], Wait: !detach})
			if err != nil {
				return said(err)
			}
			return printRescan(terminal, answer, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as one JSON object, for programs")
	cmd.Flags().BoolVar(&detach, "detach", false, "do not wait until it is done")
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func printRescan(terminal Terminal, answer *gromav1.RescanRepositoryResponse, asJSON bool) error {
	if asJSON {
		if err := printEach(terminal, []*gromav1.RescanRepositoryResponse{answer}); err != nil {
			return err
		}
	} else {
		tellRescan(terminal, answer)
	}
	if answer.Taken != nil && answer.Taken.Commit == "" {
		return errGaps
	}
	return nil
}

func tellRescan(terminal Terminal, answer *gromav1.RescanRepositoryResponse) {
	taken := answer.Taken
	if taken == nil {
		fmt.Fprintf(terminal.Out, "%s will be counted\n", report.Printable(answer.Repository))
		return
	}
	fmt.Fprintf(terminal.Out, "%s: %s", report.Printable(answer.Repository), taken.Outcome)
	if taken.Commit != "" {
		fmt.Fprintf(terminal.Out, " at %s", short(taken.Commit))
	}
	if taken.Reason != "" {
		fmt.Fprintf(terminal.Out, ": %s", report.Printable(taken.Reason))
	}
	fmt.Fprintln(terminal.Out)
	for _, e := range answer.Editions {
		fmt.Fprintf(terminal.Out, "%s has edition %s\n", e.Survey, report.Number(e.GetEdition().GetNumber()))
	}
	for _, id := range answer.Unchanged {
		fmt.Fprintf(terminal.Out, "%s has it so already\n", id)
	}
}
