package service

import (
	"cmp"
	"context"
	"errors"
	"io"

	"connectrpc.com/connect/v2"

	"groma/internal/annotation"
	"groma/internal/artefact"
	"groma/internal/difference"
	"groma/internal/form"
	"groma/internal/report"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// partBytes is how much of a file one message has at most.
const partBytes = 256 << 10

func (s *Service) getReport(ctx context.Context, request *gromav1.GetReportRequest, send func(*gromav1.GetReportResponse) error) error {
	k, err := s.find(ctx, request.Survey)
	if err != nil {
		return err
	}
	e, err := k.edition(request.Edition)
	if err != nil {
		return err
	}
	settings := settingsOf(request)
	if err := settings.Check(); err != nil {
		return invalid(err)
	}
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	printed, err := s.printed(ctx, k, e, request.Annotations, settings)
	if err != nil {
		return err
	}
	for _, file := range printed.Files() {
		out := &parts{send: send, part: &gromav1.GetReportResponse{Survey: k.id, Edition: e.Number, File: file.Name, ContentType: file.ContentType}}
		if err := errors.Join(file.Write(ctx, out), out.flush()); err != nil {
			return err
		}
	}
	return nil
}

// settingsOf are the settings that a request asks for; they may be wrong.
func settingsOf(request *gromav1.GetReportRequest) form.Settings {
	rule := form.DefaultRule()
	settings := form.Settings{Formats: request.Formats, Languages: request.Languages, Rule: report.Settings{
		Pure:           cmp.Or(request.Pure, rule.Pure),
		ComponentLines: cmp.Or(request.ComponentLines, rule.ComponentLines),
		Measure:        cmp.Or(request.Measure, rule.Measure),
	}}
	if len(settings.Formats) == 0 {
		settings.Formats = []string{form.Facts}
	}
	return settings
}

// printed makes ready to print an edition. Where a copy of what is kept will do,
// the report is not read.
func (s *Service) printed(ctx context.Context, k *known, e *gromav1.Edition, words []byte, settings form.Settings) (*form.Printed, error) {
	p := form.Printed{Store: s.Store, Kept: artefact.EditionKey(k.id, e.Name, "report.json")}
	if len(words) == 0 && !settings.NeedsReport() {
		return form.Print(ctx, p, settings)
	}
	var err error
	if p.Report, err = survey.ReportOf(ctx, s.Store, k.id, e.Number); err != nil {
		return nil, err
	}
	if len(words) > 0 {
		p.Kept = ""
		if p.Report.Annotations, err = s.words(ctx, words); err != nil {
			return nil, err
		}
	}
	return form.Print(ctx, p, settings)
}

// words are an analyst's, as a request has them.
func (s *Service) words(ctx context.Context, data []byte) (*gromav1.Annotations, error) {
	done, err := s.parseTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	words, err := annotation.Parse("annotations.yml", data)
	if err != nil {
		return nil, connect.Errorf(connect.CodeInvalidArgument, "annotations: %v", err)
	}
	return words, nil
}

// parts sends what is written to it in messages of one size. What has no bytes
// is one message, so that it is not missed.
type parts struct {
	send  func(*gromav1.GetReportResponse) error
	part  *gromav1.GetReportResponse // what the messages have in common
	held  []byte
	begun bool
}

var _ io.Writer = (*parts)(nil)

func (p *parts) Write(data []byte) (int, error) {
	written := len(data)
	for len(data) > 0 {
		if p.held == nil {
			p.held = make([]byte, 0, partBytes)
		}
		n := min(len(data), partBytes-len(p.held))
		p.held, data = append(p.held, data[:n]...), data[n:]
		if len(p.held) == partBytes {
			if err := p.sendHeld(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

func (p *parts) flush() error {
	if len(p.held) == 0 && p.begun {
		return nil
	}
	return p.sendHeld()
}

// sendHeld sends a message of its own: whoever receives it may keep it.
func (p *parts) sendHeld() error {
	message := &gromav1.GetReportResponse{Survey: p.part.Survey, Edition: p.part.Edition, File: p.part.File, ContentType: p.part.ContentType, Data: p.held}
	p.held, p.begun = nil, true
	return p.send(message)
}

func (s *Service) diffSurveys(ctx context.Context, request *gromav1.DiffSurveysRequest) (*gromav1.DiffSurveysResponse, error) {
	k, err := s.find(ctx, request.After)
	if err != nil {
		return nil, err
	}
	done, err := s.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	after, err := s.reportOf(ctx, k, request.AfterEdition)
	if err != nil {
		return nil, err
	}
	before, err := s.before(ctx, request, k)
	if err != nil {
		return nil, err
	}
	return &gromav1.DiffSurveysResponse{Difference: difference.Between(before, after)}, nil
}

// before is the report to compare with. An edition without a survey is of the
// same one.
func (s *Service) before(ctx context.Context, request *gromav1.DiffSurveysRequest, after *known) (*gromav1.Report, error) {
	if request.Before != "" {
		k, err := s.find(ctx, request.Before)
		if err != nil {
			return nil, err
		}
		return s.reportOf(ctx, k, request.BeforeEdition)
	}
	if request.BeforeEdition != 0 {
		return s.reportOf(ctx, after, request.BeforeEdition)
	}
	before, err := survey.Previous(ctx, s.Store, after.id)
	if err == nil && before == nil {
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "there is no survey before %s of its landscape; name one to compare it with", after.id)
	}
	return before, err
}

func (s *Service) reportOf(ctx context.Context, k *known, edition int64) (*gromav1.Report, error) {
	e, err := k.edition(edition)
	if err != nil {
		return nil, err
	}
	return survey.ReportOf(ctx, s.Store, k.id, e.Number)
}
