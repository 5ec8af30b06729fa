package workflows

import (
	"go.temporal.io/sdk/workflow"

	gromav1 "groma/proto/groma/v1"
)

// Rescan takes the census of one repository at its head.
func Rescan(workflow.Context, *gromav1.RescanRequest) (*gromav1.RescanResponse, error) {
	return &gromav1.RescanResponse{}, nil
}
