package service

import (
	"context"

	gromav1 "groma/proto/groma/v1"
	"groma/proto/groma/v1/gromav1connect"
)

// answer checks a request, does what it asks for, and tells what went wrong as
// a caller may hear it.
func answer[Request, Response any](ctx context.Context, s *Service, request Request,
	check func(Request) error, do func(context.Context, Request) (Response, error),
) (Response, error) {
	var none Response
	if err := check(request); err != nil {
		return none, invalid(err)
	}
	response, err := do(ctx, request)
	if err != nil {
		return none, s.told(ctx, err)
	}
	return response, nil
}

// The calls of the contract, in its order. What each promises is written there.

func (s *Service) StartSurvey(ctx context.Context, request *gromav1.StartSurveyRequest) (*gromav1.StartSurveyResponse, error) {
	return answer(ctx, s, request, checkStart, s.startSurvey)
}

func (s *Service) GetSurvey(ctx context.Context, request *gromav1.GetSurveyRequest) (*gromav1.GetSurveyResponse, error) {
	return answer(ctx, s, request, checkGet, s.getSurvey)
}

func (s *Service) ListSurveys(ctx context.Context, request *gromav1.ListSurveysRequest) (*gromav1.ListSurveysResponse, error) {
	return answer(ctx, s, request, checkList, s.listSurveys)
}

func (s *Service) WatchSurvey(ctx context.Context, request *gromav1.WatchSurveyRequest, stream gromav1connect.SurveyServiceWatchSurveyServerStream) error {
	_, err := answer(ctx, s, request, checkWatch, func(ctx context.Context, request *gromav1.WatchSurveyRequest) (any, error) {
		return nil, s.watchSurvey(ctx, request, stream.Send)
	})
	return err
}

func (s *Service) PauseSurvey(ctx context.Context, request *gromav1.PauseSurveyRequest) (*gromav1.PauseSurveyResponse, error) {
	return answer(ctx, s, request, checkPause, s.pauseSurvey)
}

func (s *Service) ResumeSurvey(ctx context.Context, request *gromav1.ResumeSurveyRequest) (*gromav1.ResumeSurveyResponse, error) {
	return answer(ctx, s, request, checkResume, s.resumeSurvey)
}

func (s *Service) CancelSurvey(ctx context.Context, request *gromav1.CancelSurveyRequest) (*gromav1.CancelSurveyResponse, error) {
	return answer(ctx, s, request, checkCancel, s.cancelSurvey)
}

func (s *Service) RescanRepository(ctx context.Context, request *gromav1.RescanRepositoryRequest) (*gromav1.RescanRepositoryResponse, error) {
	return answer(ctx, s, request, checkRescan, s.rescanRepository)
}

func (s *Service) GetCensus(ctx context.Context, request *gromav1.GetCensusRequest) (*gromav1.GetCensusResponse, error) {
	return answer(ctx, s, request, checkCensus, s.getCensus)
}

func (s *Service) GetReport(ctx context.Context, request *gromav1.GetReportRequest, stream gromav1connect.SurveyServiceGetReportServerStream) error {
	_, err := answer(ctx, s, request, checkReport, func(ctx context.Context, request *gromav1.GetReportRequest) (any, error) {
		return nil, s.getReport(ctx, request, stream.Send)
	})
	return err
}

func (s *Service) ListEditions(ctx context.Context, request *gromav1.ListEditionsRequest) (*gromav1.ListEditionsResponse, error) {
	return answer(ctx, s, request, checkEditions, s.listEditions)
}

func (s *Service) DiffSurveys(ctx context.Context, request *gromav1.DiffSurveysRequest) (*gromav1.DiffSurveysResponse, error) {
	return answer(ctx, s, request, checkDiff, s.diffSurveys)
}

func (s *Service) CreateSchedule(ctx context.Context, request *gromav1.CreateScheduleRequest) (*gromav1.CreateScheduleResponse, error) {
	return answer(ctx, s, request, checkCreateSchedule, s.createSchedule)
}

func (s *Service) ListSchedules(ctx context.Context, request *gromav1.ListSchedulesRequest) (*gromav1.ListSchedulesResponse, error) {
	return answer(ctx, s, request, func(*gromav1.ListSchedulesRequest) error { return nil }, s.listSchedules)
}

func (s *Service) PauseSchedule(ctx context.Context, request *gromav1.PauseScheduleRequest) (*gromav1.PauseScheduleResponse, error) {
	return answer(ctx, s, request, checkPauseSchedule, s.pauseSchedule)
}

func (s *Service) RunSchedule(ctx context.Context, request *gromav1.RunScheduleRequest) (*gromav1.RunScheduleResponse, error) {
	return answer(ctx, s, request, checkRunSchedule, s.runSchedule)
}

func (s *Service) DeleteSchedule(ctx context.Context, request *gromav1.DeleteScheduleRequest) (*gromav1.DeleteScheduleResponse, error) {
	return answer(ctx, s, request, checkDeleteSchedule, s.deleteSchedule)
}
