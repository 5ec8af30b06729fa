package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"groma/internal/form"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// standardOutput is what people of other commands give as a file to mean that. No
// --out takes it for the name of a folder, which is ./- if anybody wants one.
const standardOutput = "-"

// formSettings say in which forms a report is made, and by what rule.
type formSettings struct{ form.Settings }

func (s *formSettings) register(flags *pflag.FlagSet, formats ...string) {
	s.Rule = form.DefaultRule()
	flags.StringSliceVarP(&s.Formats, "format", "f", formats, "forms of the report: some of "+strings.Join(form.Names(), ", "))
	flags.Float64Var(&s.Rule.Pure, "pure", s.Rule.Pure, "share from which on a project is pure")
	flags.Int64Var(&s.Rule.ComponentLines, "component-lines", s.Rule.ComponentLines, "lines of code that make a component")
	flags.StringVar(&s.Rule.Measure, "measure", s.Rule.Measure, "figure that decides shares, order and who is pure: "+strings.Join(report.Measures, ", "))
}

func (s *formSettings) check() error {
	if err := s.Check(); err != nil {
		return usagef("--%w", err)
	}
	return nil
}

// ask has a request ask for these forms.
func (s *formSettings) ask(request *gromav1.GetReportRequest) {
	request.Formats, request.Languages = s.Formats, s.Languages
	request.Pure, request.ComponentLines, request.Measure = s.Rule.Pure, s.Rule.ComponentLines, s.Rule.Measure
}
