package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// moody starts workflows, but for some.
type moody struct {
	client.Client
	started []string
}

func (m *moody) SignalWithStartWorkflow(_ context.Context, _, _ string, signal any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	switch name := signal.(*gromav1.RescanRequested).Repository; name {
	case "refused":
		return nil, serviceerror.NewInvalidArgument("never")
	case "away":
		return nil, serviceerror.NewUnavailable("not now")
	default:
		m.started = append(m.started, name)
		return nil, nil
	}
}

// TestRescanAll: what cannot be done keeps nothing else from being done, and
// what never can is not asked for again.
func TestRescanAll(t *testing.T) {
	m := &moody{}
	s := New(Config{Temporal: m})
	long := strings.Repeat("x", longestKey+1)
	var asked []*gromav1.RescanRequested
	for _, name := range []string{long, "refused", "a", "a", "b"} {
		asked = append(asked, &gromav1.RescanRequested{Repository: name})
	}
	if err := s.RescanAll(t.Context(), asked); err != nil || !slices.Equal(m.started, []string{"a", "b"}) {
		t.Errorf("started %v, %v", m.started, err)
	}
	if _, err := s.Rescan(t.Context(), &gromav1.RescanRequested{Repository: long}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a long name: %v", err)
	}
	m.started = nil
	err := s.RescanAll(t.Context(), []*gromav1.RescanRequested{{Repository: "away"}, {Repository: "c"}})
	var away *serviceerror.Unavailable
	if !errors.As(err, &away) || !slices.Equal(m.started, []string{"c"}) {
		t.Errorf("started %v, %v", m.started, err)
	}
}
