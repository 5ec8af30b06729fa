// Package page renders an analysis as one HTML file.
//
// The file needs nothing else: no request leaves it, and its own policy would
// stop one. It says what Markdown says, in the same words and the same order;
// charts show figures that stand in a table beside them. Without scripts all of
// it is there; they add sorting and filtering.
//
// Whatever strangers wrote (names, sentences, reasons, addresses) is text: it
// makes no element and no attribute, and a link leads to the web or nowhere.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"unicode"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

var (
	//go:embed page.html
	markup string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var page = template.Must(template.New("page").Funcs(template.FuncMap{"plain": plain, "web": report.WebLink}).Parse(markup))

// A document is all that the template prints.
type document struct {
	Title  string
	Policy string
	Style  template.CSS
	Script template.JS
	Parts  []*part
}

// Render makes a file of analyses, each a part of it, in their order. It is a
// function of them. An error would mean that the template is wrong.
func Render(analyses ...*gromav1.Analysis) ([]byte, error) {
	doc := &document{
		Title: title(analyses), Policy: Policy(),
		Style: template.CSS(style), Script: template.JS(script),
	}
	names := anchors{}
	for i, a := range analyses {
		doc.Parts = append(doc.Parts, newWriter(a, names, i).part())
	}
	var out bytes.Buffer
	if err := page.Execute(&out, doc); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func title(analyses []*gromav1.Analysis) string {
	titles := make([]string, len(analyses))
	for i, a := range analyses {
		titles[i] = a.GetTitle()
	}
	return strings.Join(titles, "; ")
}

// Policy is the Content-Security-Policy of every page. It allows the style and the
// script, each by its digest, and nothing else: no image, font, frame, form or
// request. A page says it itself, and whoever serves one can say it, too.
func Policy() string {
	return "default-src 'none'; style-src " + digest(style) + "; script-src " + digest(script) + "; base-uri 'none'; form-action 'none'"
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// plain makes every character that nobody would see a space: among them are
// controls, and marks that turn the direction of what follows. A share stays
// on one line.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	return strings.ReplaceAll(text, " %", nonBreaking+"%")
}

const nonBreaking = "\u00a0"
