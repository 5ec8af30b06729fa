package tally

import (
	"path"
	"strings"
)

// A Name is all that a path and its overrides contribute to the reading of a
// content: equal names read equal contents alike. It can be compared and used
// as the key of a map.
type Name struct {
	candidates *candidates // nil: no language
	suffix     string      // what go-enry's rules for generated content look at
}

// candidates is the languages that a name allows, sorted by name. There is one
// for each set of languages, so that a pointer tells them apart.
type candidates struct {
	languages []*language
	sheBang   bool // no languages: the content's first line names it
}

// NameOf says what path and its overrides allow.
func NameOf(path string, overrides Overrides) Name {
	known := languages()
	name := Name{candidates: known.byName[overrides.Language], suffix: generatedSuffix(path)}
	if name.candidates == nil {
		name.candidates = known.detect(base(path))
	}
	return name
}

// detect finds the languages for a file's name just as scc does. scc's own
// function keeps every name it has seen for ever, which a long-running worker
// cannot afford.
func (t *languageTable) detect(name string) *candidates {
	name = strings.ToLower(name)
	if special := t.byFilename[name]; special != nil {
		return special
	}
	if dots := strings.Count(name, "."); dots == 0 || dots == 1 && name[0] == '.' {
		return t.sheBang
	}
	if whole := t.byExtension[name]; whole != nil {
		return whole
	}
	two := extension(name)
	if found := t.byExtension[two]; found != nil {
		return found
	}
	return t.byExtension[extension(two)]
}

// extension is what scc calls so: the last two extensions of a name that has
// two, as in types.d.ts, else the last, else the name itself.
func extension(name string) string {
	last := path.Ext(name)
	if last == "" || strings.LastIndexByte(name, '.') == 0 {
		return name
	}
	return strings.TrimPrefix(path.Ext(strings.TrimSuffix(name, last))+last, ".")
}

// generatedSuffix is the part of a path that go-enry's content rules look at:
// the extension, and three endings that mean more than theirs.
func generatedSuffix(file string) string {
	name := strings.ToLower(base(file))
	for _, special := range []string{".js.map", ".css.map", "ppport.h"} {
		if strings.HasSuffix(name, special) {
			return special
		}
	}
	if extension := path.Ext(name); len(extension) <= longestExtension {
		return strings.Clone(extension) // or the whole path would be kept with it
	}
	return ""
}

// longestExtension is longer than any that go-enry's rules know.
const longestExtension = 32

// base is the last element of a slash-separated path.
func base(file string) string {
	return file[strings.LastIndexByte(file, '/')+1:]
}
