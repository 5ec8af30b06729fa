// Package annotation reads what an analyst says of the projects of a landscape,
// and applies it.
//
// An analyst's words are never mixed with what was read or measured: a
// repository that they add says so, and what they leave out is told of. What
// cannot be understood is an error with its line, and never passed over, so
// that nobody's words are lost by a misspelt key.
//
// For any landscape that keeps the promises of package landscape, and any
// annotations that [Parse] returns, [Apply] returns one that keeps them, too.
//
// The package computes and does nothing else.
package annotation

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

// Bounds of a file.
const (
	largestFile  = 4 << 20 // bytes
	mostNodes    = 400_000 // keys, values and elements
	mostProjects = 20_000
	mostListed   = 1000 // elements of one list of a project
	longestText  = 2000 // characters
	mostErrors   = 20   // that are told of at once
)

// Parse reads annotations in YAML. The name is that of the file, for people.
//
// The error names all that is wrong, each with its line; then there are no
// annotations. Trying again cannot help.
func Parse(name string, data []byte) (*gromav1.Annotations, error) {
	r := &reader{name: name}
	root, err := r.document(data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	a := &gromav1.Annotations{Name: clean(name), Sha256: hex.EncodeToString(sum[:])}
	r.annotations(a, root)
	if err := r.error(); err != nil {
		return nil, err
	}
	slices.SortFunc(a.Projects, func(a, b *gromav1.ProjectAnnotation) int { return strings.Compare(a.Slug, b.Slug) })
	return a, nil
}

// reader gathers what is wrong with a document.
type reader struct {
	name   string
	errors []problem
	more   int
}

type problem struct {
	line    int
	message string
}

func (r *reader) fail(line int, format string, args ...any) {
	if len(r.errors) == mostErrors {
		r.more++
		return
	}
	r.errors = append(r.errors, problem{line, fmt.Sprintf(format, args...)})
}

// error is all that is wrong, by line, or nil.
func (r *reader) error() error {
	if len(r.errors) == 0 {
		return nil
	}
	slices.SortStableFunc(r.errors, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var all []error
	for _, p := range r.errors {
		all = append(all, fmt.Errorf("%s:%d: %s", clean(r.name), p.line, p.message))
	}
	if r.more > 0 {
		all = append(all, fmt.Errorf("%s: and %d more", clean(r.name), r.more))
	}
	return errors.Join(all...)
}

// document reads the one YAML document that a file holds. The library promises
// no behaviour for malformed documents beyond an error or a panic.
func (r *reader) document(data []byte) (root *yaml.Node, err error) {
	if len(data) > largestFile {
		return nil, fmt.Errorf("%s: it is larger than the %d MiB that annotations may have", clean(r.name), largestFile>>20)
	}
	if n := landscape.Nodes(data); n > mostNodes {
		return nil, fmt.Errorf("%s: it has some %d keys, values and elements, and may have %d", clean(r.name), n, mostNodes)
	}
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("%s: it is no YAML: %s", clean(r.name), clean(fmt.Sprint(p)))
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: it is empty: expected a key \"projects\" with a list", clean(r.name))
	} else if err != nil {
		return nil, fmt.Errorf("%s: it is no YAML: %s", clean(r.name), clean(strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.fail(max(second.Line, 1), "a second YAML document begins here: annotations are one")
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) != 1 {
		return nil, fmt.Errorf("%s: it is empty: expected a key \"projects\" with a list", clean(r.name))
	}
	return first.Content[0], nil
}
