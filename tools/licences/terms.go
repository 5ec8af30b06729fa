package main

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the terms that a module may have. All let a program be given
// away under its own terms with their texts beside it. MPL-2.0 also wants that
// it is said where the module's source is: its path and version say so, since
// nothing of a module is changed here.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-2-Clause-Views", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}

//go:embed texts/go-statsd-client.txt
var statsd []byte

// elsewhere are texts of modules that come without: theirs lie in a folder
// above them, which the module does not have.
var elsewhere = map[string][]byte{
	"github.com/cactus/go-statsd-client/statsd": statsd, // LICENSE.md, as in v5.1.0 of github.com/cactus/go-statsd-client/v5
}

// unsaid are modules whose authors say nowhere what their terms are.
var unsaid = map[string]bool{
	// Generated messages of 300 lines, by the authors of go.temporal.io/api
	// (MIT), which cannot be linked without.
	"github.com/nexus-rpc/nexus-proto-annotations": true,
}

// seen are texts of terms that a person has read, since they are mostly other
// words than those of terms that are known.
var seen = map[string]bool{
	"modernc.org/libc LICENSE-3RD-PARTY.md":                     true, // whose code it has, and all their texts: BSD and MIT
	"modernc.org/memory LICENSE-LOGO":                           true, // of a picture, which is not linked
	"github.com/grpc-ecosystem/go-grpc-middleware/v2 COPYRIGHT": true, // names the LICENSE beside it
}

// A file has terms in it, or what they want to be shown.
type file struct {
	name string // within its module
	text string
}

var (
	withTerms = regexp.MustCompile(`(?i)^(un)?(licen[sc]e|copying|copyright)`)
	withNotes = regexp.MustCompile(`(?i)^(notice|patents)`)
)

// enough is how much of a text, in percent, has to be words of terms that are
// known. What remains are names, years and headings.
const enough = 75

// read finds the texts of a module, and the terms that they are.
func (m *module) read() error {
	folders := map[string]bool{}
	for folder := range m.packages {
		for ; strings.HasPrefix(folder, m.Dir) && !folders[folder]; folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	terms := map[string]bool{}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		if err := m.readFolder(folder, terms); err != nil {
			return err
		}
	}
	if text := elsewhere[m.Path]; text != nil {
		if err := m.take("LICENSE", text, true, terms); err != nil {
			return err
		}
	}
	m.terms = slices.Sorted(maps.Keys(terms))
	return m.judge()
}

// judge says whether the terms of a module will do.
func (m *module) judge() error {
	if len(m.terms) == 0 && !unsaid[m.Path] {
		return fmt.Errorf("%s %s has no text of its terms: look for it, and put it into tools/licences/texts", m.Path, m.Version)
	}
	for _, name := range m.terms {
		if !slices.Contains(allowed, name) {
			return fmt.Errorf("%s %s is under %s, which is not allowed: do without it, or allow it in tools/licences/terms.go", m.Path, m.Version, name)
		}
	}
	return nil
}

// readFolder takes the texts of one folder.
func (m *module) readFolder(folder string, terms map[string]bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		isTerms := withTerms.MatchString(entry.Name())
		if entry.IsDir() || filepath.Ext(entry.Name()) == ".go" || !isTerms && !withNotes.MatchString(entry.Name()) {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(m.Dir, path)
		if err != nil {
			return err
		}
		if err := m.take(filepath.ToSlash(name), text, isTerms, terms); err != nil {
			return err
		}
	}
	return nil
}

// take takes one text, and adds the terms that it is.
func (m *module) take(name string, text []byte, isTerms bool, terms map[string]bool) error {
	m.files = append(m.files, file{name, tidy(text)})
	if !isTerms {
		return nil
	}
	coverage := licensecheck.Scan(text)
	for _, match := range coverage.Match {
		if !match.IsURL {
			terms[match.ID] = true
		}
	}
	if coverage.Percent < enough && !seen[m.Path+" "+name] {
		return fmt.Errorf("%s %s: %.0f %% of %s are terms that are known: read it, and say so in tools/licences/terms.go", m.Path, m.Version, coverage.Percent, name)
	}
	return nil
}

// tidy is a text without spaces at the ends of lines, so that the same terms
// are the same text.
func tidy(text []byte) string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		lines = append(lines, strings.TrimRight(line, " \t\n\f"))
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
