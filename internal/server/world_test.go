package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
	"groma/proto/groma/v1/gromav1connect"
)

// Tokens of the world, one of each role.
const (
	readToken    = "read-0123456789abcdef"
	triggerToken = "trigger-0123456789abcdef"
	adminToken   = "admin-0123456789abcdef"
)

var allTokens = fmt.Sprintf("# of the tests\nread %s reader\ntrigger %s\n\nadmin %s somebody in charge\n", readToken, triggerToken, adminToken)

func tokens(t testing.TB) Tokens {
	t.Helper()
	known, err := ParseTokens(allTokens)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// A fake is a service with surveys of its own making.
type fake struct {
	gromav1connect.UnimplementedSurveyServiceHandler
	surveys []*gromav1.SurveyState
	// broken is what every call fails with, if it is set.
	broken error
	// watched is closed when a watch has begun that waits, and ended when it
	// has ended.
	watched, ended chan struct{}
	waits          bool

	mu   sync.Mutex
	last *gromav1.GetReportRequest
}

const (
	firstSurvey = "rome-2026-01-06-a1"
	lastSurvey  = "ostia-2026-01-07-b2"
)

func newFake() *fake {
	at := func(hour int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, 1, 6, hour, 0, 0, 0, time.UTC))
	}
	return &fake{
		watched: make(chan struct{}), ended: make(chan struct{}),
		surveys: []*gromav1.SurveyState{
			{Survey: firstSurvey, State: "reported", StartedAt: at(10), EndedAt: at(11), Spec: &gromav1.SurveySpec{Name: "Rome"},
				Projects: 12, Repositories: 1234, Outcomes: map[string]int64{"counted": 1230, "not-found": 4}, Uncounted: 4, Edition: 3},
			{Survey: "hostile", State: "failed", Reason: `<script>alert(1)</script>"' onload=x`, StartedAt: at(11), Spec: &gromav1.SurveySpec{Name: `</h2><img src=x onerror=alert(1)>`}},
			{Survey: lastSurvey, State: "counting", StartedAt: at(12), Spec: &gromav1.SurveySpec{Name: "Ostia"}, Projects: 3, Repositories: 40},
		},
	}
}

func (f *fake) find(id string) (*gromav1.SurveyState, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	if id == "" {
		return f.surveys[0], nil
	}
	for _, survey := range f.surveys {
		if strings.HasPrefix(survey.GetSurvey(), id) {
			return survey, nil
		}
	}
	return nil, connect.Errorf(connect.CodeNotFound, "there is no survey %s: groma surveys lists them", id)
}

func (f *fake) ListSurveys(_ context.Context, request *gromav1.ListSurveysRequest) (*gromav1.ListSurveysResponse, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	if request.GetPageToken() == "" { // the first page has one, the second the rest
		return &gromav1.ListSurveysResponse{Surveys: f.surveys[:1], NextPageToken: "rest"}, nil
	}
	return &gromav1.ListSurveysResponse{Surveys: f.surveys[1:], Unreadable: []*gromav1.Uncounted{{Key: "torn"}}}, nil
}

func (f *fake) GetSurvey(_ context.Context, request *gromav1.GetSurveyRequest) (*gromav1.GetSurveyResponse, error) {
	survey, err := f.find(request.GetSurvey())
	if err != nil {
		return nil, err
	}
	response := &gromav1.GetSurveyResponse{Survey: survey}
	if running(survey.GetState()) {
		response.Progress = &gromav1.Progress{Survey: survey.GetSurvey(), Total: 40, Outcomes: map[string]int64{"counted": 9, "empty": 1}}
	}
	return response, nil
}

func (f *fake) StartSurvey(context.Context, *gromav1.StartSurveyRequest) (*gromav1.StartSurveyResponse, error) {
	return &gromav1.StartSurveyResponse{Survey: lastSurvey}, f.broken
}

func (f *fake) RescanRepository(ctx context.Context, request *gromav1.RescanRepositoryRequest) (*gromav1.RescanRepositoryResponse, error) {
	if request.GetWait() {
		close(f.watched)
		<-ctx.Done()
		close(f.ended)
		return nil, ctx.Err()
	}
	return &gromav1.RescanRepositoryResponse{Repository: request.GetRepository()}, nil
}

func (f *fake) DeleteSchedule(context.Context, *gromav1.DeleteScheduleRequest) (*gromav1.DeleteScheduleResponse, error) {
	return &gromav1.DeleteScheduleResponse{}, nil
}

func (f *fake) ListSchedules(context.Context, *gromav1.ListSchedulesRequest) (*gromav1.ListSchedulesResponse, error) {
	panic("a secret that panics: /var/lib/groma")
}

func (f *fake) GetCensus(_ context.Context, request *gromav1.GetCensusRequest) (*gromav1.GetCensusResponse, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	if request.GetRepository() != "gitlab.example.org/works/water/aqueduct" {
		return nil, connect.NewError(connect.CodeNotFound, "it is not counted")
	}
	return &gromav1.GetCensusResponse{Census: &gromav1.Census{
		Key: request.GetRepository(), Commit: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
		Tally: []*gromav1.Tally{
			{Language: "Go", Class: "source", Code: 1_000_000}, {Language: "Go", Class: "test", Code: 234_567}, {Language: "Go", Class: "vendored", Code: 5},
			{Language: "Rust", Class: "source", Code: 42},
		},
	}}, nil
}

func (f *fake) ListEditions(_ context.Context, request *gromav1.ListEditionsRequest) (*gromav1.ListEditionsResponse, error) {
	survey, err := f.find(request.GetSurvey())
	if err != nil {
		return nil, err
	}
	editions := &gromav1.Editions{Survey: survey.GetSurvey()}
	for i := range survey.GetEdition() {
		editions.Editions = append(editions.Editions, &gromav1.Edition{Number: i + 1})
	}
	return &gromav1.ListEditionsResponse{Editions: editions}, nil
}

func (f *fake) GetReport(_ context.Context, request *gromav1.GetReportRequest, stream gromav1connect.SurveyServiceGetReportServerStream) error {
	survey, err := f.find(request.GetSurvey())
	if err != nil {
		return err
	}
	if survey.GetEdition() == 0 {
		return connect.NewError(connect.CodeNotFound, "it has no report yet")
	}
	f.mu.Lock()
	f.last = request
	f.mu.Unlock()
	for name, file := range printed {
		if name != file.file || file.format != request.GetFormats()[0] {
			continue
		}
		for _, half := range []string{"first half of ", file.file} {
			err := stream.Send(&gromav1.GetReportResponse{
				Survey: survey.GetSurvey(), Edition: request.GetEdition(), File: file.file, ContentType: kindOf(file.file), Data: []byte(half),
			})
			if err != nil {
				return err
			}
		}
		if request.GetMeasure() == "torn" {
			return connect.NewError(connect.CodeUnavailable, "storage is away")
		}
	}
	return nil
}

func (f *fake) WatchSurvey(ctx context.Context, request *gromav1.WatchSurveyRequest, stream gromav1connect.SurveyServiceWatchSurveyServerStream) error {
	survey, err := f.find(request.GetSurvey())
	if err != nil {
		return err
	}
	for sequence := request.GetAfter() + 1; sequence <= 5; sequence++ {
		n := &gromav1.Notice{Id: fmt.Sprint("n", sequence), Survey: survey.GetSurvey(), Event: &gromav1.Notice_Taken{Taken: &gromav1.Taken{Key: "github.com/a/\nb"}}}
		if err := stream.Send(&gromav1.WatchSurveyResponse{Sequence: sequence, Event: &gromav1.WatchSurveyResponse_Notice{Notice: n}}); err != nil {
			return err
		}
	}
	if f.waits {
		close(f.watched)
		<-ctx.Done()
		close(f.ended)
		return ctx.Err()
	}
	return stream.Send(&gromav1.WatchSurveyResponse{Event: &gromav1.WatchSurveyResponse_Ended{Ended: survey}})
}

// A house is a server that listens on loopback.
type house struct {
	url    string
	server *Server
	log    *locked
	stop   context.CancelFunc
	served chan error
}

// A locked buffer is written to by many.
type locked struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

// newHouse serves until its test ends.
func newHouse(t testing.TB, c Config, parts Parts) *house {
	t.Helper()
	h := buildHouse(t, c, parts)
	h.serve(t)
	return h
}

// buildHouse listens, and does not serve yet: its server can be changed.
func buildHouse(t testing.TB, c Config, parts Parts) *house {
	t.Helper()
	h := &house{log: &locked{}, served: make(chan error, 1)}
	parts.Log = slog.New(slog.NewTextHandler(h.log, nil))
	if parts.API == nil {
		parts.API = newFake()
	}
	c.Listen = "127.0.0.1:0"
	server, err := New(c, parts)
	if err != nil {
		t.Fatal(err)
	}
	address, err := server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	h.server, h.url = server, "http://"+address
	if c.TLSCert != "" {
		h.url = "https://" + address
	}
	return h
}

func (h *house) serve(t testing.TB) {
	var ctx context.Context
	ctx, h.stop = context.WithCancel(context.Background())
	go func() { h.served <- h.server.Serve(ctx) }()
	t.Cleanup(func() { h.end(t) })
}

// end stops the house, once.
func (h *house) end(t testing.TB) {
	t.Helper()
	h.stop()
	select {
	case err, open := <-h.served:
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
		if open {
			close(h.served)
		}
	case <-time.After(time.Minute):
		t.Error("Serve does not end")
	}
}

// dial is a bare connection.
func dial(h *house) (net.Conn, error) { return net.Dial("tcp", strings.TrimPrefix(h.url, "http://")) }

// An answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; fields are names and values in turn.
func (h *house) ask(t testing.TB, method, path, body string, fields ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] == "Host" {
			request.Host = fields[i+1]
		}
		request.Header.Set(fields[i], fields[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		text = append(text, " ["+err.Error()+"]"...)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// call is an RPC as curl makes it.
func (h *house) call(t testing.TB, name, body string, fields ...string) answer {
	t.Helper()
	return h.ask(t, http.MethodPost, "/groma.v1.SurveyService/"+name, body, append([]string{"Content-Type", "application/json"}, fields...)...)
}

func bearing(token string) []string {
	if token == "" {
		return nil
	}
	return []string{"Authorization", "Bearer " + token}
}

// kindOf is a file's kind, as the service has it.
func kindOf(file string) string {
	return map[string]string{".html": "text/html; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".json": "application/json"}[path.Ext(file)]
}
