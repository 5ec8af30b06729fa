package workers

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/landscape"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// editor is as much of Temporal as rescans ask for: it keeps what the workflow
// that makes editions is told.
type editor struct {
	client.Client
	running bool
	told    []*gromav1.Taken
	rescans []string // that were asked for
	// onSignal is called when somebody looks for a workflow that does not run.
	onSignal func()
}

func (e *editor) SignalWithStartWorkflow(_ context.Context, id, signal string, arg any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	if push, ok := arg.(*gromav1.RescanRequested); ok {
		if id != workflows.RescanID(push.Repository) || signal != workflows.PushSignal {
			panic(id + " " + signal)
		}
		e.rescans = append(e.rescans, push.Repository)
		return nil, nil
	}
	if id != workflows.EditionID(surveyed) || signal != workflows.TakenSignal {
		panic(id + " " + signal)
	}
	e.running, e.told = true, append(e.told, arg.(*gromav1.Taken))
	return nil, nil
}

func (e *editor) SignalWorkflow(_ context.Context, _, _, _ string, arg any) error {
	if !e.running {
		if e.onSignal != nil {
			e.onSignal()
			e.onSignal = nil
		}
		return serviceerror.NewNotFound("no such workflow")
	}
	e.told = append(e.told, arg.(*gromav1.Taken))
	return nil
}

const (
	surveyed   = "list-20261122-120000-abcd"
	repository = "github.com/o/r"
	method     = "m"
)

// newRescans has a survey of one repository, counted at commit "a", and
// activities to revise it.
func newRescans(t *testing.T) (*testsuite.TestActivityEnvironment, *editor, artefact.Store) {
	t.Helper()
	store := artefacttest.NewFolder(t)
	spec := &gromav1.SurveySpec{Name: "list", Kind: string(landscape.KindList), NoVitals: true}
	sources := survey.Sources{Landscape: landscape.Document{Name: "list", Data: []byte("https://" + repository + "\n")}}
	must(t, survey.KeepSources(t.Context(), store, surveyed, sources))
	_, err := survey.Plan(t.Context(), store, &gromav1.PlanRequest{Survey: surveyed, Spec: spec, StartedAt: timestamppb.Now()})
	must(t, err)
	for _, commit := range []string{"a", "b"} {
		must(t, store.Create(t.Context(), artefact.CensusKey(repository, commit, method), []byte(`{"commit":"`+commit+`"}`)))
	}
	_, err = survey.SummariseShard(t.Context(), store, &gromav1.SummariseShardRequest{Survey: surveyed, Taken: []*gromav1.Taken{counted("a")}})
	must(t, err)
	_, _, err = survey.Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: surveyed, Shards: 1})
	must(t, err)
	temporal := &editor{}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(&Activities{Config: Config{Store: store, Temporal: temporal, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}})
	return env, temporal, store
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func counted(commit string) *gromav1.Taken {
	return &gromav1.Taken{Key: repository, Outcome: "counted", Commit: commit, Method: method, Attempts: 1}
}

func handOver(t *testing.T, env *testsuite.TestActivityEnvironment, taken *gromav1.Taken) *gromav1.Rescanned {
	t.Helper()
	value, err := env.ExecuteActivity("HandOver", &gromav1.Rescanned{Survey: surveyed, Taken: taken})
	must(t, err)
	rescanned := &gromav1.Rescanned{}
	must(t, value.Get(rescanned))
	return rescanned
}

func makeEdition(t *testing.T, env *testsuite.TestActivityEnvironment, taken ...*gromav1.Taken) *gromav1.Edition {
	t.Helper()
	value, err := env.ExecuteActivity("MakeEdition", &gromav1.ReviseRequest{Survey: surveyed, Taken: taken, MadeAt: timestamppb.Now()})
	must(t, err)
	response := &gromav1.ReviseResponse{}
	must(t, value.Get(response))
	return response.Edition
}

// TestRescan goes the way of a push: the surveys that have the repository are
// found, what is new is handed over, and an edition is made of it.
func TestRescan(t *testing.T) {
	env, temporal, store := newRescans(t)
	value, err := env.ExecuteActivity("FindSurveys", &gromav1.FindSurveysRequest{Repository: repository})
	must(t, err)
	found := &gromav1.FindSurveysResponse{}
	must(t, value.Get(found))
	if len(found.Surveys) != 1 || found.Surveys[0].Survey != surveyed || found.Surveys[0].Target.GetAddress() != "https://"+repository {
		t.Fatalf("found %v", found.Surveys)
	}
	if rescanned := handOver(t, env, counted("a")); rescanned.Revised || len(temporal.told) != 0 {
		t.Errorf("what is as it was is told: %v, %v", rescanned, temporal.told)
	}
	if rescanned := handOver(t, env, counted("b")); !rescanned.Revised || len(temporal.told) != 1 {
		t.Errorf("what is new is not told: %v, %v", rescanned, temporal.told)
	}
	if edition := makeEdition(t, env, temporal.told...); edition.GetNumber() != 2 {
		t.Errorf("made edition %v, want the second", edition)
	}
	if edition := makeEdition(t, env, counted("b")); edition != nil {
		t.Errorf("made edition %v of what is in the report", edition)
	}
	rep, err := survey.Report(t.Context(), store, surveyed)
	if err != nil || rep.Repositories[0].Commit != "b" {
		t.Errorf("the report has %v, %v", rep.GetRepositories(), err)
	}
}

// TestHandOver_TakenBack: a push that is taken back while an edition with it is
// in the making is heard by that edition; what it makes of both is nothing.
func TestHandOver_TakenBack(t *testing.T) {
	env, temporal, _ := newRescans(t)
	handOver(t, env, counted("b"))
	if rescanned := handOver(t, env, counted("a")); rescanned.Revised {
		t.Errorf("what is as the report has it is said to be new: %v", rescanned)
	}
	if len(temporal.told) != 2 || !proto.Equal(temporal.told[1], counted("a")) {
		t.Fatalf("the edition in the making was told %v, want the last word, too", temporal.told)
	}
	if edition := makeEdition(t, env, temporal.told[1]); edition != nil {
		t.Errorf("made edition %v of nothing new", edition)
	}
}

// TestHandOver_JustMade: an edition that is made between the look at the report
// and the signal is looked at again.
func TestHandOver_JustMade(t *testing.T) {
	env, temporal, store := newRescans(t)
	temporal.onSignal = func() {
		_, err := survey.Revise(context.Background(), store, &gromav1.ReviseRequest{Survey: surveyed, Taken: []*gromav1.Taken{counted("b")}, MadeAt: timestamppb.Now()})
		must(t, err)
	}
	if rescanned := handOver(t, env, counted("a")); !rescanned.Revised || len(temporal.told) != 1 {
		t.Errorf("the report has another commit, yet it is not told: %v, %v", rescanned, temporal.told)
	}
}

// TestCatchUp: repositories of a survey whose rescan was asked for while it ran
// are rescanned, and no others.
func TestCatchUp(t *testing.T) {
	env, temporal, _ := newRescans(t)
	catchUp := func() int64 {
		t.Helper()
		value, err := env.ExecuteActivity("CatchUp", &gromav1.CatchUpRequest{Survey: surveyed, StartedAt: timestamppb.Now()})
		must(t, err)
		response := &gromav1.CatchUpResponse{}
		must(t, value.Get(response))
		return response.Rescans
	}
	if n := catchUp(); n != 0 {
		t.Errorf("%d are rescanned that nobody pushed to", n)
	}
	for _, pushed := range []string{"github.com/z/z", repository, repository} {
		_, err := env.ExecuteActivity("FindSurveys", &gromav1.FindSurveysRequest{Repository: pushed})
		must(t, err)
	}
	if n := catchUp(); n != 1 || len(temporal.rescans) != 1 || temporal.rescans[0] != repository {
		t.Errorf("%d are rescanned: %q", n, temporal.rescans)
	}
}
