package report

import gromav1 "groma/proto/groma/v1"

// health joins what the histories of a project's repositories say; nil where
// none was measured.
func (l *ledger) health(p *projectEntry) *gromav1.Health { return nil }

// windows are the stretches of time that any project's health has, in order.
func windows(a *gromav1.Analysis) []string {
	for _, p := range a.Projects {
		var names []string
		for _, span := range p.Health.GetSpans() {
			names = append(names, span.Window)
		}
		if len(names) > 0 {
			return names
		}
	}
	return nil
}
