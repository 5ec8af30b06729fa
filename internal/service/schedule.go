package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// memoSchedule is the key of a schedule's memo that has the schedule as it was
// asked for: Temporal takes cron apart, and lists memos but no arguments.
const memoSchedule = "schedule"

// catchUp is how late a survey may start after Temporal was away: a later one
// is as good as the next.
const catchUp = time.Hour

// mostNext is how many coming times are told.
const mostNext = 5

func (s *Service) createSchedule(ctx context.Context, request *gromav1.CreateScheduleRequest) (*gromav1.CreateScheduleResponse, error) {
	temporalClient, err := s.temporal()
	if err != nil {
		return nil, err
	}
	asked := proto.CloneOf(request.Schedule)
	asked.Next, asked.Last = nil, nil
	handle, err := temporalClient.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:   workflows.ScheduleID(asked.Name),
		Spec: scheduleSpec(asked),
		Action: &client.ScheduleWorkflowAction{
			ID: workflows.ScheduleID(asked.Name), Workflow: "Begin", Args: []any{s.windowed(asked.Survey)},
			TaskQueue: s.queue(""), StaticSummary: asked.Name,
		},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchUp,
		Paused: asked.Paused, Note: noteOf(asked.Paused),
		Memo: map[string]any{memoSchedule: discreet(asked)},
	})
	var refused *serviceerror.InvalidArgument
	switch {
	case errors.Is(err, temporal.ErrScheduleAlreadyRunning):
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "there is a schedule called %s already: delete it first, or choose another name", asked.Name)
	case errors.As(err, &refused):
		return nil, connect.Errorf(connect.CodeInvalidArgument, "the schedule's times cannot be read: %s", refused.Error())
	case err != nil:
		return nil, fmt.Errorf("create schedule %s: %w", asked.Name, err)
	}
	schedule, err := s.described(ctx, asked.Name, handle)
	return &gromav1.CreateScheduleResponse{Schedule: schedule}, err
}

// remembered is the schedule in a memo.
func (s *Service) remembered(memo *commonpb.Memo) (*gromav1.Schedule, error) {
	schedule := &gromav1.Schedule{}
	err := s.Payloads.FromPayload(memo.GetFields()[memoSchedule], schedule)
	return discreet(schedule), err
}

// discreet is a schedule as anybody may read it: what is surveyed may be read
// with a token in the query of an address.
func discreet(schedule *gromav1.Schedule) *gromav1.Schedule {
	schedule = proto.CloneOf(schedule)
	if spec := schedule.GetSurvey().GetSpec(); spec != nil {
		spec.Source, spec.Clomonitor, spec.Annotations = survey.Shown(spec.Source), survey.Shown(spec.Clomonitor), survey.Shown(spec.Annotations)
	}
	return schedule
}

// windowed is what a schedule begins, with the window of this server's surveys
// unless it asks for one: the worker that begins it knows of itself only.
func (s *Service) windowed(asked *gromav1.StartSurveyRequest) *gromav1.StartSurveyRequest {
	windowed := proto.CloneOf(asked)
	if windowed != nil && windowed.Window == 0 {
		windowed.Window = s.Window
	}
	return windowed
}

func scheduleSpec(asked *gromav1.Schedule) client.ScheduleSpec {
	spec := client.ScheduleSpec{TimeZoneName: asked.TimeZone}
	if asked.Cron != "" {
		spec.CronExpressions = []string{asked.Cron}
	} else {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: time.Duration(asked.EverySeconds) * time.Second}}
	}
	return spec
}

func noteOf(paused bool) string {
	if paused {
		return "paused through the API"
	}
	return "goes on, through the API"
}

// described is a schedule as it stands.
func (s *Service) described(ctx context.Context, name string, handle client.ScheduleHandle) (*gromav1.Schedule, error) {
	found, err := handle.Describe(ctx)
	if err != nil {
		return nil, noSchedule(name, err)
	}
	schedule, err := s.remembered(found.Memo)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", name, err)
	}
	if state := found.Schedule.State; state != nil {
		schedule.Paused = state.Paused
	}
	schedule.Name = name
	s.complement(ctx, schedule, found.Info.NextActionTimes, found.Info.RecentActions)
	return schedule, nil
}

// complement adds what only Temporal knows of a schedule.
func (s *Service) complement(ctx context.Context, schedule *gromav1.Schedule, next []time.Time, recent []client.ScheduleActionResult) {
	schedule.Next, schedule.Last = nil, nil
	for _, at := range next[:min(len(next), mostNext)] {
		schedule.Next = append(schedule.Next, timestamppb.New(at))
	}
	for _, action := range recent {
		if action.StartWorkflowResult == nil {
			continue
		}
		if id := s.startedBy(ctx, action.StartWorkflowResult.WorkflowID); id != "" && !slices.Contains(schedule.Last, id) {
			schedule.Last = append(schedule.Last, id)
		}
	}
}

// startedBy is the survey that an action of a schedule started, or empty if that
// is not known. While the survey runs it is the action's child.
func (s *Service) startedBy(ctx context.Context, workflow string) string {
	described, err := s.Temporal.DescribeWorkflowExecution(ctx, workflow, "")
	if err != nil {
		return ""
	}
	for _, child := range described.GetPendingChildren() {
		if id, _, err := s.describe(ctx, child.GetWorkflowId()); err == nil {
			return id
		}
	}
	var ended gromav1.SurveyResponse
	if described.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_COMPLETED ||
		s.Temporal.GetWorkflow(ctx, workflow, "").Get(ctx, &ended) != nil {
		return ""
	}
	return ended.Survey
}

// mostSchedules is how many schedules are listed.
const mostSchedules = 1000

func (s *Service) listSchedules(ctx context.Context, _ *gromav1.ListSchedulesRequest) (*gromav1.ListSchedulesResponse, error) {
	temporalClient, err := s.temporal()
	if err != nil {
		return nil, err
	}
	listed, err := temporalClient.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 100})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	response := &gromav1.ListSchedulesResponse{}
	for listed.HasNext() && len(response.Schedules) < mostSchedules {
		entry, err := listed.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules: %w", err)
		}
		name, ours := strings.CutPrefix(entry.ID, workflows.ScheduleID(""))
		schedule, err := s.remembered(entry.Memo)
		if ours && isShut(err) {
			return nil, fmt.Errorf("schedule %s: %w", name, err)
		}
		if !ours || err != nil {
			continue // another program's
		}
		schedule.Name, schedule.Paused = name, entry.Paused
		s.complement(ctx, schedule, entry.NextActionTimes, entry.RecentActions)
		response.Schedules = append(response.Schedules, schedule)
	}
	slices.SortFunc(response.Schedules, func(a, b *gromav1.Schedule) int { return strings.Compare(a.Name, b.Name) })
	return response, nil
}

func (s *Service) pauseSchedule(ctx context.Context, request *gromav1.PauseScheduleRequest) (*gromav1.PauseScheduleResponse, error) {
	handle, err := s.schedule(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	if request.Paused {
		err = handle.Pause(ctx, client.SchedulePauseOptions{Note: noteOf(true)})
	} else {
		err = handle.Unpause(ctx, client.ScheduleUnpauseOptions{Note: noteOf(false)})
	}
	if err != nil {
		return nil, noSchedule(request.Name, err)
	}
	schedule, err := s.described(ctx, request.Name, handle)
	return &gromav1.PauseScheduleResponse{Schedule: schedule}, err
}

// runSchedule starts the survey of a schedule though the one before may still
// run: then that one goes on.
func (s *Service) runSchedule(ctx context.Context, request *gromav1.RunScheduleRequest) (*gromav1.RunScheduleResponse, error) {
	handle, err := s.schedule(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	err = handle.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL})
	return &gromav1.RunScheduleResponse{}, noSchedule(request.Name, err)
}

func (s *Service) deleteSchedule(ctx context.Context, request *gromav1.DeleteScheduleRequest) (*gromav1.DeleteScheduleResponse, error) {
	handle, err := s.schedule(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	return &gromav1.DeleteScheduleResponse{}, noSchedule(request.Name, handle.Delete(ctx))
}

func (s *Service) schedule(ctx context.Context, name string) (client.ScheduleHandle, error) {
	temporalClient, err := s.temporal()
	if err != nil {
		return nil, err
	}
	return temporalClient.ScheduleClient().GetHandle(ctx, workflows.ScheduleID(name)), nil
}

// noSchedule tells of a schedule that is not there.
func noSchedule(name string, err error) error {
	var missing *serviceerror.NotFound
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return connect.Errorf(connect.CodeNotFound, "there is no schedule called %s: 'groma schedule list' lists them", name)
	}
	return fmt.Errorf("schedule %s: %w", name, err)
}
