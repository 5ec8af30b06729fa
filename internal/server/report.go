package server

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"groma/internal/page"
	gromav1 "groma/proto/groma/v1"
)

// A printed file is one that a report can be had as.
type printedFile struct{ format, file, about string }

// printed are the files by the names that they are asked for with. Those of the
// first names are linked to from pages.
var printed = map[string]printedFile{
	"report.html":      {"html", "report.html", "with charts"},
	"report.md":        {"markdown", "report.md", "Markdown"},
	"report.txt":       {"terminal", "report.txt", "in short"},
	"report.json":      {"facts", "report.json", "all figures"},
	"analysis.json":    {"json", "analysis.json", "every section"},
	"report.csv":       {"csv", "repositories.csv", "repositories"},
	"repositories.csv": {"csv", "repositories.csv", "repositories"},
	"languages.csv":    {"csv", "languages.csv", "languages"},
	"projects.csv":     {"csv", "projects.csv", "projects"},
	"report.parquet":   {"parquet", "report.parquet", "rows"},
	"files.parquet":    {"files", "files.parquet", "every file"},
}

// latest stands in a path for the latest survey, which a request says by
// saying nothing.
const latest = "latest"

func surveyIn(r *http.Request) string {
	if survey := r.PathValue("survey"); survey != latest {
		return survey
	}
	return ""
}

// serveReport prints a report in one form.
func (s *Server) serveReport(w http.ResponseWriter, r *http.Request) {
	file, ok := printed[r.PathValue("file")]
	if !ok {
		say(w, http.StatusNotFound, "there is no such form of a report")
		return
	}
	request, err := reportRequest(surveyIn(r), file.format, r.URL.Query())
	if err == nil {
		err = s.pinEdition(r, request)
	}
	if err != nil {
		s.refuse(w, r, coded(err))
		return
	}
	w.Header().Set("ETag", tagOf(request, file.file))
	w.Header().Set("Cache-Control", "private, no-cache") // it may be kept, and is asked about each time
	w.Header().Set("Vary", "Authorization")
	if matches(r, w.Header().Get("ETag")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.stream(w, r, request, file.file)
}

// coded is an error with a code, as everything that a client answers has.
func coded(err error) *connect.Error {
	var written *connect.Error
	if errors.As(err, &written) {
		return written
	}
	return connect.NewError(connect.CodeInternal, "the server failed")
}

func reportRequest(survey, format string, query url.Values) (*gromav1.GetReportRequest, error) {
	request := &gromav1.GetReportRequest{Survey: survey, Formats: []string{format}, Measure: query.Get("measure")}
	for _, word := range query["language"] {
		for name := range strings.SplitSeq(word, ",") {
			request.Languages = append(request.Languages, strings.TrimSpace(name))
		}
	}
	var errs [3]error
	request.Edition, errs[0] = number(query.Get("edition"))
	request.ComponentLines, errs[1] = number(query.Get("component-lines"))
	if word := query.Get("pure"); word != "" {
		request.Pure, errs[2] = strconv.ParseFloat(word, 64)
	}
	if errors.Join(errs[:]...) != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, "edition, component-lines and pure are numbers")
	}
	return request, nil
}

func number(word string) (int64, error) {
	if word == "" {
		return 0, nil
	}
	return strconv.ParseInt(word, 10, 64)
}

// pinEdition makes a request for the latest one for the one that it is.
func (s *Server) pinEdition(r *http.Request, request *gromav1.GetReportRequest) error {
	response, err := s.client.ListEditions(r.Context(), &gromav1.ListEditionsRequest{Survey: request.GetSurvey()})
	if err != nil {
		return err
	}
	editions := response.GetEditions()
	request.Survey = editions.GetSurvey()
	if n := len(editions.GetEditions()); request.GetEdition() == 0 && n > 0 {
		request.Edition = editions.GetEditions()[n-1].GetNumber()
	}
	return nil
}

// build tells programs apart, which may print the same report in other words.
var build = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.String()
})

// tagOf is the ETag of a file: of all that decides its bytes.
func tagOf(request *gromav1.GetReportRequest, file string) string {
	settings, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(build() + "\x00" + file + "\x00" + string(settings)))
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
}

// matches says whether a client has what a tag stands for.
func matches(r *http.Request, tag string) bool {
	for word := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		word = strings.TrimPrefix(strings.TrimSpace(word), "W/")
		if word == "*" || tag != "" && word == tag {
			return true
		}
	}
	return false
}

// stream writes the one file of a report that was asked for.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, request *gromav1.GetReportRequest, file string) {
	ctx, cancel := s.untilStop(r.Context())
	defer cancel()
	parts, err := s.client.GetReport(ctx, request)
	if err != nil {
		s.refuse(w, r, coded(err))
		return
	}
	defer parts.Close()
	begun := false
	for {
		part, err := parts.Receive()
		switch {
		case errors.Is(err, io.EOF) && begun:
			return
		case errors.Is(err, io.EOF):
			say(w, http.StatusNotFound, "the report has no such file")
			return
		case err != nil && !begun:
			w.Header().Del("ETag")
			s.refuse(w, r, coded(err))
			return
		case err != nil:
			panic(http.ErrAbortHandler) // so that nobody takes the half for the whole
		case part.GetFile() != file:
			continue
		}
		if !begun {
			begin(w, part)
			begun = true
		}
		if _, err := w.Write(part.GetData()); err != nil {
			return // whoever asked has gone
		}
	}
}

// begin writes the header of a file. What is no page runs no script at all; a page
// runs its own, by its digest. Both have an origin of their own.
func begin(w http.ResponseWriter, part *gromav1.GetReportResponse) {
	h := w.Header()
	h.Set("Content-Type", part.GetContentType())
	kind, _, _ := strings.Cut(part.GetContentType(), ";")
	policy := "sandbox; default-src 'none'"
	if kind == "text/html" {
		policy = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; " + page.Policy()
	}
	h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
	if kind == "text/csv" || kind == "application/vnd.apache.parquet" {
		h.Set("Content-Disposition", `attachment; filename="`+part.GetFile()+`"`)
	}
}
