package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

func newSchedule(terminal Terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Have a server survey again and again",
		Example: `  groma schedule create weekly https://example.org/landscape.yml --cron '0 6 * * 1' --language Rust
  groma schedule list
  groma schedule run weekly`,
	}
	cmd.AddCommand(newScheduleCreate(terminal), newScheduleList(terminal),
		scheduleAction(terminal, "pause NAME", "Stop a schedule for a while", func(ctx context.Context, a *api, name string) error {
			_, err := a.PauseSchedule(ctx, &gromav1.PauseScheduleRequest{Name: name, Paused: true})
			return err
		}),
		scheduleAction(terminal, "resume NAME", "Let a paused schedule go on", func(ctx context.Context, a *api, name string) error {
			_, err := a.PauseSchedule(ctx, &gromav1.PauseScheduleRequest{Name: name})
			return err
		}),
		scheduleAction(terminal, "run NAME", "Start the survey of a schedule now", func(ctx context.Context, a *api, name string) error {
			_, err := a.RunSchedule(ctx, &gromav1.RunScheduleRequest{Name: name})
			return err
		}),
		scheduleAction(terminal, "delete NAME", "Forget a schedule; surveys that it started stay", func(ctx context.Context, a *api, name string) error {
			_, err := a.DeleteSchedule(ctx, &gromav1.DeleteScheduleRequest{Name: name})
			return err
		}),
	)
	return cmd
}

// needsServer refuses to schedule in a process that ends with its command.
func (s *askSettings) needsServer(ctx context.Context, terminal Terminal) (*api, error) {
	if s.server.address == "" && s.engine.temporal == "" {
		return nil, usagef("a schedule is a server's: say with --server which ('groma serve' is one)")
	}
	return s.steering(ctx, terminal)
}

func scheduleAction(terminal Terminal, use, short string, act func(context.Context, *api, string) error) *cobra.Command {
	var ask askSettings
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := ask.needsServer(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			return said(act(cmd.Context(), a, args[0]))
		},
	}
	cmd.Example = fmt.Sprintf("  groma schedule %s weekly --server https://groma.example.org", cmd.Name())
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func newScheduleList(terminal Terminal) *cobra.Command {
	var ask askSettings
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the schedules, and when they start a survey next",
		Example: "  groma schedule list --server https://groma.example.org",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := ask.needsServer(cmd.Context(), terminal)
			if err != nil {
				return err
			}
			defer a.close()
			answer, err := a.ListSchedules(cmd.Context(), &gromav1.ListSchedulesRequest{})
			if err != nil {
				return said(err)
			}
			if asJSON {
				return printEach(terminal, answer.Schedules)
			}
			printSchedules(terminal, answer.Schedules)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each schedule, for programs")
	ask.register(cmd.Flags(), terminal)
	return cmd
}

func printSchedules(terminal Terminal, schedules []*gromav1.Schedule) {
	if len(schedules) == 0 {
		fmt.Fprintln(terminal.Err, "There is no schedule yet. Make one with 'groma schedule create NAME SOURCE'.")
		return
	}
	t := report.NewColumns("schedule", "source", "when", "state", "next", "last survey")
	for _, s := range schedules {
		state, next, last := "active", "-", "-"
		if s.Paused {
			state = "paused"
		}
		if len(s.Next) > 0 && !s.Paused {
			next = s.Next[0].AsTime().Format("2006-01-02 15:04")
		}
		if n := len(s.Last); n > 0 {
			last = s.Last[n-1]
		}
		t.Row(s.Name, s.GetSurvey().GetSpec().GetSource(), when(s), state, next, last)
	}
	fmt.Fprint(terminal.Out, t)
}

// when says when a schedule starts surveys.
func when(s *gromav1.Schedule) string {
	if s.Cron == "" {
		return "every " + (time.Duration(s.EverySeconds) * time.Second).String()
	}
	return strings.TrimSpace(s.Cron + " " + s.TimeZone)
}

// scheduleCommand makes a schedule: what to survey is said as for a survey.
type scheduleCommand struct {
	surveyCommand
	cron, zone string
	every      time.Duration
	paused     bool
}

func newScheduleCreate(terminal Terminal) *cobra.Command {
	c := &scheduleCommand{surveyCommand: surveyCommand{terminal: terminal}}
	cmd := &cobra.Command{
		Use:   "create NAME SOURCE",
		Short: "Survey a landscape again and again",
		Long: `Create has a server survey a landscape again and again. SOURCE, and what
--clomonitor and --annotations name, are https addresses that the server reads
anew each time. A survey that is still running when the next is due is let
finish, and that time is passed over.`,
		Example: `  groma schedule create weekly https://example.org/landscape.yml --cron '0 6 * * 1' --time-zone Europe/Rome
  groma schedule create often https://example.org/landscape.yml --every 6h --language Rust`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return c.create(cmd.Context(), args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.cron, "cron", "", "when, in five fields: minute, hour, day of the month, month, day of the week")
	flags.StringVar(&c.zone, "time-zone", "", "time zone of --cron, as in Europe/Rome (default: UTC)")
	flags.DurationVar(&c.every, "every", 0, "how often, as in 24h")
	flags.BoolVar(&c.paused, "paused", false, "make it paused")
	c.registerSpec(flags)
	c.askSettings.register(flags, terminal)
	cmd.MarkFlagsMutuallyExclusive("cron", "every")
	cmd.MarkFlagsMutuallyExclusive("no-vitals", "window")
	return cmd
}

func (c *scheduleCommand) create(ctx context.Context, name, source string) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.cron == "" && c.every == 0 {
		return usagef("say when: --cron or --every")
	}
	request, err := c.request(source, &given{})
	if err != nil {
		return err
	}
	// The server reads them, and needs what is not shown of them.
	request.Spec.Source, request.Spec.Clomonitor, request.Spec.Annotations = source, c.clomonitor, c.annotations
	a, err := c.needsServer(ctx, c.terminal)
	if err != nil {
		return err
	}
	defer a.close()
	answer, err := a.CreateSchedule(ctx, &gromav1.CreateScheduleRequest{Schedule: &gromav1.Schedule{
		Name: name, Survey: request, Cron: c.cron, TimeZone: c.zone, EverySeconds: int64(c.every / time.Second), Paused: c.paused,
	}})
	if err != nil {
		return said(err)
	}
	if answer.GetSchedule() == nil {
		return errors.New("the server does not say what it made; see 'groma schedule list'")
	}
	printSchedules(c.terminal, []*gromav1.Schedule{answer.Schedule})
	return nil
}
