package survey

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/fault"
	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// windows are those of a survey's vitals: as the spec has them, else by the
// instant that the survey is of.
func windows(request *gromav1.PlanRequest) ([]*gromav1.Window, error) {
	spec := request.GetSpec()
	if spec.GetNoVitals() {
		return nil, nil
	}
	at := request.StartedAt
	if spec.AsOf != nil {
		at = spec.AsOf
	}
	wanted := vitals.Windows(at.AsTime())
	if len(spec.Windows) > 0 {
		wanted = nil
	}
	for _, text := range spec.Windows {
		w, err := vitals.ParseWindow(text)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "%w", err)
		}
		wanted = append(wanted, w)
	}
	if err := vitals.CheckWindows(wanted); err != nil {
		return nil, fault.Errorf(fault.Invalid, "%w", err)
	}
	var of []*gromav1.Window
	for _, w := range wanted {
		of = append(of, &gromav1.Window{Name: w.Name, From: timestamppb.New(w.From), Until: timestamppb.New(w.Until)})
	}
	return of, nil
}
