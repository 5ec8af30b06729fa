package words

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// nameColumns head the column that has the names; the first that a table has
// counts.
var nameColumns = []*regexp.Regexp{
	regexp.MustCompile(`^((adopt(er|ing)|end[- ]?user|our|project)?s? ?)?(adopters?|organi[sz]ations?|compan(y|ies)|institutions?|end[- ]?users?|customers?|vendors?|who|entity|enterprise|business)( ?/ ?[a-z ]+| (or|and|\&) [a-z]+)?( names?)?( \(.*\))?$`),
	regexp.MustCompile(`^names?( \(.*\))?$`),
	regexp.MustCompile(`^users?( ?/ ?[a-z]+)?( names?)?$`),
	regexp.MustCompile(`^(projects?|products?|software|distributions?|platforms?|tools?|teams?|services?|integrations?)( ?/ ?[a-z ]+)?( names?)?$`),
}

// linkColumns head the column with the address of whoever is named.
var linkColumns = regexp.MustCompile(`^(web ?sites?|urls?|home ?pages?|links?|sites?|web)( ?/ ?[a-z ]+)?$`)

// readTable reads a table with a column that has names.
func (l *list) readTable(b *block) {
	if len(b.lines) < 3 {
		return
	}
	var header []prose
	for _, cell := range cellsOf(b.lines[0]) {
		header = append(header, l.cell(cell, b.line))
	}
	names, links := columnOf(header, nameColumns...), columnOf(header, linkColumns)
	if names < 0 {
		return
	}
	for i, row := range b.lines[2:] {
		if cells := cellsOf(row); names < len(cells) {
			l.readRow(cells, names, links, b.line+2+i)
		}
	}
}

func (l *list) readRow(cells []string, names, links, line int) {
	cell := l.cell(cells[names], line)
	first, linked := leading(cell)
	name := string(cell.text)
	switch {
	case linked && first.end == 0:
		name = plain(first.picture)
	case linked && !likeName(name):
		name = string(cell.text[:first.end])
	}
	address := first.address
	if address == "" && links >= 0 && links < len(cells) {
		if other := l.cell(cells[links], line); len(other.links) == 1 {
			address = other.links[0].address
		}
	}
	l.add(name, address, line)
}

// columnOf is the first column whose heading fits the first pattern that any
// heading fits, or -1.
func columnOf(header []prose, patterns ...*regexp.Regexp) int {
	for _, pattern := range patterns {
		for i, cell := range header {
			if pattern.MatchString(strings.ToLower(strings.TrimSpace(string(cell.text)))) {
				return i
			}
		}
	}
	return -1
}

// mostCells bounds the columns of a table.
const mostCells = 50

func (l *list) cell(text string, line int) prose {
	return proseOf([]string{text}, line, l.document.references)
}

// cellsOf splits a row at the bars that are not escaped.
func cellsOf(row string) []string {
	row = strings.TrimSpace(row)
	row = strings.TrimPrefix(row, "|")
	var cells []string
	for start, i := 0, 0; i <= len(row) && len(cells) < mostCells; i++ {
		if i == len(row) || row[i] == '|' && (i == 0 || row[i-1] != '\\') {
			text := strings.ReplaceAll(row[start:i], `\|`, "|")
			cells = append(cells, strings.TrimSpace(text))
			start = i + 1
		}
	}
	return cells
}

// Keys of lists for programs, the first that is there counting.
var (
	listKeys = wordSet("adopters users organizations organisations companies currentadopters endusers end_users adoptions")
	nameKeys = []string{"organization", "organisation", "company", "adopter", "name", "title", "user"}
	linkKeys = []string{"website", "url", "homepage", "link", "site"}
)

// readData reads YAML or JSON: a list of names, or of mappings that have one.
func (l *list) readData(content []byte) {
	root := parse(content)
	if root == nil {
		return
	}
	if root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if listKeys[strings.ToLower(root.Content[i].Value)] {
				l.readList(root.Content[i+1])
			}
		}
		return
	}
	l.readList(root)
}

// mostMarks bounds the marks of a list for programs: a line or what stands in
// brackets takes a node, which is dear. A list cannot be read in part, as what
// is cut is malformed.
const mostMarks = 20_000

func marksIn(content []byte) int {
	marks := 0
	for _, c := range content {
		switch c {
		case '\n', '\r', ',', '[', '{', '&', '*', '!', '?':
			marks++
		}
	}
	return marks
}

// parse reads the first document. The library promises no behaviour for
// malformed documents beyond an error or a panic.
func parse(content []byte) (root *yaml.Node) {
	if marksIn(content) > mostMarks {
		return nil
	}
	defer func() {
		if recover() != nil {
			root = nil
		}
	}()
	var document yaml.Node
	if yaml.Unmarshal(content, &document) != nil || len(document.Content) == 0 {
		return nil
	}
	return document.Content[0]
}

func (l *list) readList(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		return
	}
	for _, element := range n.Content {
		switch element.Kind {
		case yaml.ScalarNode:
			l.add(plain(element.Value), "", element.Line)
		case yaml.MappingNode:
			if name := valueOf(element, nameKeys); name != nil {
				address := ""
				if link := valueOf(element, linkKeys); link != nil {
					address = link.Value
				}
				l.add(plain(name.Value), address, name.Line)
			}
		}
	}
}

// valueOf is the text that a mapping has under the first of some keys.
func valueOf(n *yaml.Node, keys []string) *yaml.Node {
	for _, key := range keys {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if value := n.Content[i+1]; strings.ToLower(n.Content[i].Value) == key && value.Kind == yaml.ScalarNode && value.Value != "" {
				return value
			}
		}
	}
	return nil
}
