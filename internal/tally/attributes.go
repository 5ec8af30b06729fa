package tally

import (
	"bytes"
	"path"
	"strings"
)

// Overrides is what the .gitattributes of a tree say of one path. The zero
// value says nothing. It can be compared.
type Overrides struct {
	Vendored      Override
	Generated     Override
	Documentation Override
	// Language is scc's name of the language that linguist-language gives;
	// empty if it gives none, or one that scc does not know.
	Language string
}

// An Override decides a question for or against, or leaves it open.
type Override int8

const (
	Unspecified Override = iota // the rules decide
	Yes
	No
)

// decide answers by the override, or asks rule.
func (o Override) decide(rule func() bool) bool {
	if o == Unspecified {
		return rule()
	}
	return o == Yes
}

// Limits on what strangers' files may make us keep. git's own are 2,048 bytes
// a line and 100 MB a file.
const (
	attributeFileBytes = 4 << 20 // larger files are ignored
	attributeLineBytes = 2048    // longer lines are ignored
	attributeRules     = 20_000  // later rules of a tree are ignored
)

// Attributes is the .gitattributes files of one tree. They are read as git
// reads them: a file speaks for its folder and below, a deeper file before one
// further up, a later line before an earlier one; the root's may define
// macros; a malformed line is ignored.
//
// Add every file first, in any order; then [Attributes.For] may be called from
// several goroutines.
type Attributes struct {
	folders map[string][]attributeRule // by folder, the root's is ""
	macros  map[string][]assignment    // of the root's file
	rules   int
}

// An attributeRule is one line: what it assigns to the paths it matches.
type attributeRule struct {
	pattern     pattern
	assignments []assignment
	linguist    bool // assigns something that matters, even without macros
}

// An assignment gives an attribute a value.
type assignment struct {
	name  string
	slot  slot
	value value
}

// A slot is the place of an attribute that matters.
type slot int8

const (
	otherAttribute slot = iota
	vendoredAttribute
	generatedAttribute
	documentationAttribute
	languageAttribute
	slots
)

var slotOf = map[string]slot{
	"linguist-vendored":      vendoredAttribute,
	"linguist-generated":     generatedAttribute,
	"linguist-documentation": documentationAttribute,
	"linguist-language":      languageAttribute,
}

// A value is what an attribute has been assigned.
type value struct {
	state attributeState
	text  string
}

type attributeState uint8

const (
	unknownState     attributeState = iota // no line has assigned it yet
	unspecifiedState                       // !name: as if no line had
	setState                               // name
	unsetState                             // -name
	textState                              // name=text
)

// NewAttributes makes the attributes of a tree without any.
func NewAttributes() *Attributes {
	return &Attributes{folders: map[string][]attributeRule{}, macros: map[string][]assignment{}}
}

// Add reads one file named .gitattributes; path is where it is in the tree.
func (a *Attributes) Add(file string, content []byte) {
	if len(content) > attributeFileBytes {
		return
	}
	content = bytes.TrimPrefix(content, []byte(byteOrderMark))
	content, _, _ = bytes.Cut(content, []byte{0}) // git reads C strings
	folder := folderOf(file)
	for line := range bytes.SplitSeq(content, []byte{'\n'}) {
		if len(line) < attributeLineBytes && a.rules < attributeRules {
			a.addLine(folder, string(line))
		}
	}
}

// addLine reads one line of the file in folder.
func (a *Attributes) addLine(folder, line string) {
	parsed, ok := parseAttributeLine(line)
	if !ok {
		return
	}
	a.rules++
	if parsed.macro != "" {
		if folder == "" { // git heeds macros in no other file
			a.macros[parsed.macro] = parsed.assignments
		}
		return
	}
	compiled, ok := newPattern(parsed.pattern)
	if !ok {
		return
	}
	rule := attributeRule{pattern: compiled, assignments: parsed.assignments}
	for _, each := range parsed.assignments {
		rule.linguist = rule.linguist || each.slot != otherAttribute
	}
	a.folders[folder] = append(a.folders[folder], rule)
}

// For is what the attributes say of the file at path.
func (a *Attributes) For(file string) Overrides {
	overrides, err := a.ForUntil(func() error { return nil }, file)
	if err != nil {
		panic(err) // only of a function that fails
	}
	return overrides
}

// ForUntil is For, which gives up with the error that stopped returns: 20,000
// rules that are made to be slow take minutes to say something of a long path.
func (a *Attributes) ForUntil(stopped func() error, file string) (Overrides, error) {
	if len(a.folders) == 0 {
		return Overrides{}, nil
	}
	found := finding{macros: a.macros, stopped: stopped}
	for folder := folderOf(file); ; folder = folderOf(folder) {
		if err := found.fillFrom(a.folders[folder], strings.TrimPrefix(file[len(folder):], "/")); err != nil {
			return Overrides{}, err
		}
		if folder == "" {
			return found.overrides(), nil
		}
	}
}

// folderOf is the folder a path is in; the root's is "".
func folderOf(file string) string {
	return file[:max(0, strings.LastIndexByte(file, '/'))]
}

// A finding collects what is said of one path. The first value an attribute
// gets stays, so the rules that go first must be asked first.
type finding struct {
	macros   map[string][]assignment
	values   [slots]value
	expanded map[string]bool // macros that have a value, whichever
	stopped  func() error
}

// fewRules are asked before anybody looks whether to go on.
const fewRules = 16

// fillFrom asks the rules of one file, the last first. name is the path from
// the file's folder.
func (f *finding) fillFrom(rules []attributeRule, name string) error {
	for i := len(rules) - 1; i >= 0; i-- {
		if i%fewRules == fewRules-1 {
			if err := f.stopped(); err != nil {
				return err
			}
		}
		rule := &rules[i]
		if (rule.linguist || len(f.macros) > 0) && rule.pattern.match(name) {
			f.fill(rule.assignments)
		}
	}
	return nil
}

// fill takes over assignments, the last first. A macro that is set assigns what
// it stands for, right there; having a value from then on, it cannot come round
// again.
func (f *finding) fill(assignments []assignment) {
	for i := len(assignments) - 1; i >= 0; i-- {
		each := assignments[i]
		if each.slot != otherAttribute && f.values[each.slot].state == unknownState {
			f.values[each.slot] = each.value
		}
		macro, ok := f.macros[each.name]
		if !ok || f.expanded[each.name] {
			continue
		}
		if f.expanded == nil {
			f.expanded = map[string]bool{}
		}
		f.expanded[each.name] = true
		if each.value.state == setState {
			f.fill(macro)
		}
	}
}

func (f *finding) overrides() Overrides {
	return Overrides{
		Vendored:      f.values[vendoredAttribute].override(),
		Generated:     f.values[generatedAttribute].override(),
		Documentation: f.values[documentationAttribute].override(),
		Language:      f.values[languageAttribute].text,
	}
}

// override reads a value as linguist does: any text but "false" is a yes.
func (v value) override() Override {
	switch {
	case v.state == setState, v.state == textState && v.text != "false":
		return Yes
	case v.state == unsetState, v.state == textState:
		return No
	}
	return Unspecified
}

// A parsedLine is a line of a .gitattributes file: a macro's definition or a
// pattern, and what is assigned.
type parsedLine struct {
	macro       string
	pattern     string
	assignments []assignment
}

const attributeBlanks = " \t\r\n"

// parseAttributeLine reads a line; false means that it says nothing.
func parseAttributeLine(line string) (parsedLine, bool) {
	line = strings.TrimLeft(line, attributeBlanks)
	if line == "" || line[0] == '#' {
		return parsedLine{}, false
	}
	name, rest := cutField(line)
	if line[0] == '"' {
		if unquoted, after, ok := unquote(line); ok {
			name, rest = unquoted, after
		}
	}
	var parsed parsedLine
	if macro, ok := strings.CutPrefix(name, "[attr]"); ok && macro != "" {
		if parsed.macro = macro; !validAttribute(macro) {
			return parsedLine{}, false
		}
	}
	parsed.pattern = name
	for {
		var field string
		if field, rest = cutField(rest); field == "" {
			return parsed, true
		}
		each, ok := parseAssignment(field)
		if !ok {
			return parsedLine{}, false
		}
		parsed.assignments = append(parsed.assignments, each)
	}
}

// cutField cuts s after its first field.
func cutField(s string) (field, rest string) {
	s = strings.TrimLeft(s, attributeBlanks)
	if end := strings.IndexAny(s, attributeBlanks); end >= 0 {
		return s[:end], s[end:]
	}
	return s, ""
}

// parseAssignment reads name, -name, !name or name=text.
func parseAssignment(field string) (assignment, bool) {
	name, text, hasText := strings.Cut(field, "=")
	v := value{state: setState}
	switch {
	case strings.HasPrefix(name, "-"):
		name, v.state = name[1:], unsetState
	case strings.HasPrefix(name, "!"):
		name, v.state = name[1:], unspecifiedState
	case hasText:
		v = value{state: textState, text: text}
	}
	if !validAttribute(name) {
		return assignment{}, false
	}
	each := assignment{name: name, slot: slotOf[name], value: v}
	if each.slot == languageAttribute && v.state == textState {
		each.value.text = languages().named(text)
	}
	return each, true
}

// validAttribute reports whether git takes name for an attribute's.
func validAttribute(name string) bool {
	if name == "" || name[0] == '-' || strings.HasPrefix(name, "builtin_") {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// IsAttributes reports whether the file at path gives attributes, and so
// belongs into [Attributes.Add].
func IsAttributes(file string) bool {
	return path.Base(file) == ".gitattributes"
}
