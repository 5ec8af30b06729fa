package workflows

import (
	"errors"
	"fmt"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	gromav1 "groma/proto/groma/v1"
)

// Begin reads what a survey is of, as it is now, and sees the survey to its
// end. It is what schedules start. If a survey of the same is unfinished, that
// one goes on and this one ends with an error that says so.
func Begin(ctx workflow.Context, request *gromav1.StartSurveyRequest) (*gromav1.SurveyResponse, error) {
	prepared, err := prepare.about(request.Spec.GetSource()).run(ctx, request)
	if err != nil {
		return nil, err
	}
	survey := prepared.Request.GetSurvey()
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          ID(prepared.Fingerprint),
		WaitForCancellation: true, // a cancelled survey reports what it has
		ParentClosePolicy:   enums.PARENT_CLOSE_POLICY_ABANDON,
		Memo:                map[string]any{MemoSurvey: survey},
		StaticSummary:       survey,
	}), "Survey", prepared.Request)
	var response *gromav1.SurveyResponse
	err = child.Get(ctx, &response)
	var already *temporal.ChildWorkflowExecutionAlreadyStartedError
	if errors.As(err, &already) {
		return nil, temporal.NewNonRetryableApplicationError(fmt.Sprintf("a survey of the same is unfinished, and goes on: %s", ID(prepared.Fingerprint)), Already, nil)
	}
	return response, err
}

// Already is the type of the error with which a scheduled survey ends if one of
// the same is unfinished.
const Already = "already"
