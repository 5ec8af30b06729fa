package server

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"connectrpc.com/connect/v2"

	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A badge is a small picture of two words.
type badge struct {
	Label, Value string
	Known        bool
}

// serveBadge draws how many lines of code a repository has: of source and test
// files, at the youngest commit that is counted.
func (s *Server) serveBadge(w http.ResponseWriter, r *http.Request) {
	repository, ok := strings.CutSuffix(r.PathValue("repository"), ".svg")
	language, known := "", true
	if word := r.URL.Query().Get("language"); word != "" {
		language = tally.LanguageNamed(word)
		known = language != ""
	}
	if !ok || !known || strings.Count(repository, "/") < 2 {
		say(w, http.StatusBadRequest, "want /badge/HOST/OWNER/NAME.svg, and a language that can be counted if any")
		return
	}
	response, err := s.client.GetCensus(r.Context(), &gromav1.GetCensusRequest{Repository: repository})
	switch connect.CodeOf(err) {
	case connect.CodeNotFound:
		w.Header().Set("Cache-Control", "max-age=60")
		draw(w, badge{Label: labelOf(language), Value: "unknown"})
		return
	default:
		if err != nil {
			s.refuse(w, r, coded(err))
			return
		}
	}
	census := response.GetCensus()
	w.Header().Set("ETag", `"`+census.GetCommit()+suffix(language)+`"`)
	w.Header().Set("Cache-Control", s.visibility()+", max-age=300")
	w.Header().Set("Vary", "Authorization")
	if matches(r, w.Header().Get("ETag")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	draw(w, badge{Label: labelOf(language), Value: grouped(codeOf(census, language)), Known: true})
}

// visibility says who may keep what anybody, or not anybody, may see.
func (s *Server) visibility() string {
	if s.config.AnonymousRead {
		return "public"
	}
	return "private"
}

func suffix(language string) string {
	if language == "" {
		return ""
	}
	return "-" + url.QueryEscape(language)
}

func labelOf(language string) string {
	if language == "" {
		return "lines of code"
	}
	return "lines of " + language
}

// codeOf is what a report's headline counts, of one language or of all.
func codeOf(census *gromav1.Census, language string) (code int64) {
	for _, t := range census.GetTally() {
		if (language == "" || t.GetLanguage() == language) && (t.GetClass() == "source" || t.GetClass() == "test") {
			code += t.GetCode()
		}
	}
	return code
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var text strings.Builder
	for i, digit := range digits {
		if i > 0 && digits[i-1] != '-' && (len(digits)-i)%3 == 0 {
			text.WriteByte(',')
		}
		text.WriteRune(digit)
	}
	return text.String()
}

var badgeTemplate = template.Must(template.New("badge").Parse(
	`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="20" role="img" aria-label="{{.Label}}: {{.Value}}">
<title>{{.Label}}: {{.Value}}</title>
<clipPath id="r"><rect width="{{.Width}}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="{{.Left}}" height="20" fill="#3b434b"/><rect x="{{.Left}}" width="{{.Right}}" height="20" fill="{{.Colour}}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{{.LeftMiddle}}" y="14" textLength="{{.LeftText}}">{{.Label}}</text><text x="{{.RightMiddle}}" y="14" textLength="{{.RightText}}">{{.Value}}</text></g>
</svg>
`))

// A drawing is a badge with where its parts stand, in pixels.
type drawing struct {
	badge
	Colour                                                           string
	Width, Left, Right, LeftMiddle, RightMiddle, LeftText, RightText int
}

func draw(w http.ResponseWriter, b badge) {
	const padding = 6
	d := drawing{badge: b, Colour: "#6b7280", LeftText: widthOf(b.Label), RightText: widthOf(b.Value)}
	if b.Known {
		d.Colour = "#1d63a6"
	}
	d.Left, d.Right = d.LeftText+2*padding, d.RightText+2*padding
	d.Width, d.LeftMiddle, d.RightMiddle = d.Left+d.Right, d.Left/2, d.Left+d.Right/2
	var picture bytes.Buffer
	if err := badgeTemplate.Execute(&picture, d); err != nil {
		say(w, http.StatusInternalServerError, "the badge cannot be drawn")
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // for pages of code hosts
	_, _ = w.Write(picture.Bytes())                                // of a client who has gone
}

// widthOf is how wide words are at 11 pixels, about; the picture says so, and
// letters are set to fit.
func widthOf(words string) int {
	tenths := 0
	for _, r := range words {
		switch {
		case strings.ContainsRune("fijlrt,.:()'I ", r):
			tenths += 44
		case strings.ContainsRune("mwMW@#", r):
			tenths += 104
		default:
			tenths += 71
		}
	}
	return max(tenths/10, utf8.RuneCountInString(words))
}
