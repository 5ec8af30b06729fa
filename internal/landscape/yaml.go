package landscape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tree reads a YAML document by its nodes, since a node knows its line.
// Nothing that a node holds is taken for granted: what is not as it should be
// is told of, and read as nothing.
type tree struct {
	source string
	notes  *notes
	root   *yaml.Node
	// budget is how many more nodes may be looked at. A document without
	// aliases looks at each a few times; a document that unfolds into a
	// thousand times its size runs out.
	budget int
}

// field is a key of a mapping, and its value.
type field struct {
	key   string
	line  int
	value *yaml.Node
}

// nothing stands for what is not there.
var nothing = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}

// mostNodes is how many nodes a document may have: one of 150,000 projects has a
// million. The library takes some 500 bytes for each.
const mostNodes = 2_000_000

// Nodes is at least how many nodes a YAML document comes to, as far as that can
// be told without reading it: each stands on a line of its own, behind a dash, a
// comma or a bracket, or behind the colon of one that does.
func Nodes(data []byte) int {
	nodes := 1
	for i, c := range data {
		switch c {
		case '\n', ',', '[', '{':
			nodes++
		case '-', '?', ':':
			if i+1 == len(data) || data[i+1] <= ' ' {
				nodes++
			}
		}
	}
	return nodes
}

// parseTree reads the first document of a file. The library promises no
// behaviour for malformed documents beyond an error or a panic.
func parseTree(source string, data []byte, notes *notes) (t *tree, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("it is no YAML: %v", p)
		}
	}()
	if n := Nodes(data); n > mostNodes {
		return nil, fmt.Errorf("it has some %d keys, values and elements, and may have %d", n, mostNodes)
	}
	t = &tree{source: source, notes: notes, root: nothing, budget: 10_000 + 4*len(data)}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		return t, nil
	case err != nil:
		return nil, fmt.Errorf("it is no YAML: %s%s", clean(strings.TrimPrefix(err.Error(), "yaml: ")), looksLike(data))
	}
	if first.Kind == yaml.DocumentNode && len(first.Content) > 0 {
		t.root = first.Content[0]
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		notes.add(source, second.Line, "a second YAML document begins here; only the first is read")
	}
	return t, nil
}

// looksLike says what a file seems to be that should be YAML.
func looksLike(data []byte) string {
	start := strings.ToLower(string(data[:min(len(data), 512)]))
	switch {
	case strings.Contains(start, "<html") || strings.Contains(start, "<!doctype"):
		return "; this is a web page: ask for the raw file"
	case strings.IndexByte(start, 0) >= 0:
		return "; this is a binary file"
	}
	return ""
}

// spent is the error of a document that unfolds without end.
func (t *tree) spent() error {
	if t.budget > 0 {
		return nil
	}
	return errors.New("its YAML aliases unfold into far more than the file holds: write them out")
}

// value follows an alias to what it stands for.
func (t *tree) value(n *yaml.Node) *yaml.Node {
	t.budget--
	if n == nil || t.budget <= 0 {
		return nothing
	}
	if n.Kind == yaml.AliasNode {
		return t.value(n.Alias)
	}
	return n
}

// fields returns a mapping's keys in their order, each once: the last one
// counts, as most programs read YAML, and the others are told of.
func (t *tree) fields(n *yaml.Node) []field {
	return t.merge(nil, map[string]int{}, n, 0)
}

// deepestMerge is how far a merge of merges is followed; one that merges
// itself has no end.
const deepestMerge = 20

// merge appends the keys of a mapping, then those it merges from others with
// "<<", which never replace its own.
func (t *tree) merge(fields []field, index map[string]int, n *yaml.Node, depth int) []field {
	if depth > deepestMerge {
		return fields
	}
	n = t.value(n)
	var bases []*yaml.Node
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key, value := t.value(n.Content[i]), n.Content[i+1]
		if key.Tag == "!!merge" {
			bases = append(bases, value)
			continue
		}
		f := field{key: key.Value, line: n.Content[i].Line, value: t.value(value)}
		at, twice := index[f.key]
		switch {
		case !twice:
			index[f.key] = len(fields)
			fields = append(fields, f)
		case depth == 0:
			t.warn(f.line, "key %s stands twice; the value of line %d is not read", quoted(f.key), fields[at].line)
			fields[at] = f
		}
	}
	for _, base := range bases {
		if list := t.value(base); list.Kind == yaml.SequenceNode {
			for _, element := range list.Content {
				fields = t.merge(fields, index, element, depth+1)
			}
		} else {
			fields = t.merge(fields, index, list, depth+1)
		}
	}
	return fields
}

// text returns a scalar; nothing and anything else are the empty string.
func (t *tree) text(f field) string {
	switch {
	case f.value.Kind == yaml.ScalarNode && f.value.Tag != "!!null":
		return strings.TrimSpace(f.value.Value)
	case f.value.Kind != yaml.ScalarNode:
		t.warn(f.line, "%s should be text, and is %s: it is not read", f.key, describe(f.value))
	}
	return ""
}

// prose returns a text that is for people.
func (t *tree) prose(f field) string { return clean(t.text(f)) }

// list returns the elements of a sequence. Null is an empty one.
func (t *tree) list(f field) []*yaml.Node {
	if f.value.Kind != yaml.SequenceNode {
		if !isNull(f.value) {
			t.warn(f.line, "%s should be a list, and is %s: it is not read", f.key, describe(f.value))
		}
		return nil
	}
	elements := make([]*yaml.Node, 0, len(f.value.Content))
	for _, n := range f.value.Content {
		if t.budget <= 0 {
			break
		}
		elements = append(elements, t.value(n))
	}
	return elements
}

func (t *tree) warn(line int, format string, args ...any) {
	t.notes.add(t.source, line, format, args...)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// describe says what a node is, for people.
func describe(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "empty"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping of keys to values"
	}
	return "the text " + quoted(n.Value)
}
