package engine

import (
	"context"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"groma/workflows"
)

// searchAttributes are those of surveys. The embedded server's namespace has
// them from the beginning.
var searchAttributes = map[string]enums.IndexedValueType{
	workflows.SearchLandscape: enums.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.SearchState:     enums.INDEXED_VALUE_TYPE_KEYWORD,
}

// Searchable registers the search attributes of surveys with Temporal, if it
// may, and says whether they are there. Where they are new it takes seconds,
// until all of Temporal knows. Of several processes that register them at once
// all but one are refused, though they are there a moment later.
func (e *Engine) Searchable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	add := func(ctx context.Context) error {
		_, err := e.Temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: e.namespace, SearchAttributes: searchAttributes,
		})
		return err
	}
	return register(ctx, e.searchable, add)
}

// register waits until they are there. It adds them until that is not refused,
// and gives up if this process may not.
func register(ctx context.Context, there func(context.Context) bool, add func(context.Context) error) bool {
	for added := false; ctx.Err() == nil; {
		if there(ctx) {
			return true
		}
		if !added {
			err := add(ctx)
			switch serviceerror.ToStatus(err).Code() {
			case codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
				return false
			}
			added = err == nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false
}

// searchable reports whether surveys can be searched for by all of their
// attributes, which is more than that they are on a list.
func (e *Engine) searchable(ctx context.Context) bool {
	query := workflows.SearchLandscape + " = 'any' AND " + workflows.SearchState + " = 'any'"
	_, err := e.Temporal.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: e.namespace, Query: query,
	})
	return err == nil
}
