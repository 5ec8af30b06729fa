package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// stylePolicy and scriptPolicy let a browser take just what is embedded here.
var stylePolicy, scriptPolicy = digestOf(pageStyle), digestOf(pageScript)

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

const (
	// mostRows are on the page: the youngest surveys.
	mostRows = 100
	// mostPages of the list are asked for, to come to its end.
	mostPages = 100
	// mostAsked running surveys are asked how far they are.
	mostAsked = 8
)

// A view is all that the page shows.
type view struct {
	Style  template.CSS
	Script template.JS
	Rows   []row
	// Earlier is how many surveys there are before those that are shown, and
	// Unreadable how many cannot be read.
	Earlier, Unreadable int
	Running             bool
	Now                 string
}

// A row is one survey.
type row struct {
	ID, Name, State, Reason, Started, Ended string
	Projects, Repositories, Edition         string
	Outcomes                                []outcome
	Links                                   []link
	Events                                  string
	Progress                                *progress
}

type outcome struct {
	Name  string
	Count string
}

type link struct{ Href, Text, Title string }

type progress struct {
	Done, Total int64
	Text        string
}

// servePage shows the surveys, the youngest first.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	v, err := s.page.get(r.Context())
	if err != nil {
		s.refuse(w, r, coded(err))
		return
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, v); err != nil {
		fail(w, hidden(r.Context(), s.parts.Log, "the page", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+stylePolicy+"; script-src "+scriptPolicy+
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(page.Bytes()) // of a client who has gone
}

func (s *Server) view(ctx context.Context) (*view, error) {
	v := &view{Style: template.CSS(pageStyle), Script: template.JS(pageScript), Now: time.Now().UTC().Format("2006-01-02 15:04:05 UTC")}
	surveys, err := s.youngest(ctx, v)
	if err != nil {
		return nil, err
	}
	asked := 0
	for _, survey := range slices.Backward(surveys) {
		r := rowOf(survey)
		if running(survey.GetState()) {
			v.Running = true
			if asked++; asked <= mostAsked {
				r.Progress = s.progress(ctx, survey)
			}
		}
		v.Rows = append(v.Rows, r)
	}
	return v, nil
}

// youngest lists the last surveys, the oldest of them first.
func (s *Server) youngest(ctx context.Context, v *view) ([]*gromav1.SurveyState, error) {
	var last []*gromav1.SurveyState
	request := &gromav1.ListSurveysRequest{}
	for range mostPages {
		response, err := s.client.ListSurveys(ctx, request)
		if err != nil {
			return nil, err
		}
		v.Unreadable += len(response.GetUnreadable())
		last = append(last, response.GetSurveys()...)
		if over := len(last) - mostRows; over > 0 {
			last = slices.Clone(last[over:])
			v.Earlier += over
		}
		if request.PageToken = response.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	return last, nil
}

func running(state string) bool {
	return slices.Contains([]string{"planning", "counting", "paused", "reporting"}, state)
}

// progress is how far a survey is, or nil if it does not say.
func (s *Server) progress(ctx context.Context, survey *gromav1.SurveyState) *progress {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	response, err := s.client.GetSurvey(ctx, &gromav1.GetSurveyRequest{Survey: survey.GetSurvey()})
	if err != nil || response.GetProgress().GetTotal() == 0 {
		return nil
	}
	p := &progress{Total: response.GetProgress().GetTotal()}
	for _, n := range response.GetProgress().GetOutcomes() {
		p.Done += n
	}
	p.Text = grouped(p.Done) + " of " + grouped(p.Total)
	return p
}

// linked are the forms that the page leads to, in this order.
var linked = []string{"report.html", "report.md", "report.json", "repositories.csv", "report.parquet"}

func rowOf(survey *gromav1.SurveyState) row {
	spec := survey.GetSpec()
	r := row{
		ID: survey.GetSurvey(), Name: cmp.Or(spec.GetName(), survey.GetSurvey()), State: survey.GetState(), Reason: survey.GetReason(),
		Started: instant(survey.GetStartedAt()), Ended: instant(survey.GetEndedAt()),
		Projects: grouped(survey.GetProjects()), Repositories: grouped(survey.GetRepositories()),
	}
	for _, name := range slices.Sorted(maps.Keys(survey.GetOutcomes())) {
		if n := survey.GetOutcomes()[name]; n > 0 {
			r.Outcomes = append(r.Outcomes, outcome{name, grouped(n)})
		}
	}
	at := "/surveys/" + url.PathEscape(survey.GetSurvey()) + "/"
	if running(survey.GetState()) {
		r.Events = at + "events"
	}
	if survey.GetEdition() == 0 {
		return r
	}
	r.Edition = grouped(survey.GetEdition())
	for _, file := range linked {
		kind := strings.TrimPrefix(file[strings.LastIndexByte(file, '.'):], ".")
		r.Links = append(r.Links, link{at + file, kind, "the report as " + kind + ": " + printed[file].about})
	}
	return r
}

func instant(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().UTC().Format("2006-01-02 15:04")
}
