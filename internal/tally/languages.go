package tally

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/boyter/scc/v3/processor"
	// Of go-enry, only its tables: package enry would bring those of its
	// classifier, whose making takes a fifth of the time of every start.
	enrydata "github.com/go-enry/go-enry/v2/data"
)

// A kind is what a language is for, as linguist sorts them, with configuration
// taken out of data.
type kind uint8

const (
	programming kind = iota // markup too: the host's statistics hold both
	prose
	data
	configuration
)

// language is one of scc's languages.
type language struct {
	name     string
	keywords [][]byte // tell it from others of the same extension
	kind     kind
	load     sync.Once
	grammar  *grammar
}

// ready makes the language's grammar, once, when it is needed: those of all
// 358 languages take 70 MB, and a repository has a dozen.
func (l *language) ready() *grammar {
	l.load.Do(func() {
		processor.LoadLanguageFeature(l.name)
		processor.LanguageFeaturesMutex.Lock()
		features := processor.LanguageFeatures[l.name]
		processor.LanguageFeaturesMutex.Unlock()
		l.grammar = newGrammar(features)
	})
	return l.grammar
}

// languageTable is scc's language database, arranged for looking up. It is
// never changed once made.
type languageTable struct {
	languages   map[string]*language
	byName      map[string]*candidates // language alone
	byFilename  map[string]*candidates
	byExtension map[string]*candidates
	sheBang     *candidates
	byAlias     map[string]string // lower-case name, scc's or linguist's, to scc's name
}

var languages = sync.OnceValue(newLanguageTable)

// LanguageNamed is the language that people mean by a name: in any case, by
// scc's name or linguist's or one of its aliases. It is empty for a language
// that nothing here can count.
func LanguageNamed(name string) string { return languages().named(name) }

// LanguagesNamed are the languages that people mean by names, each once.
func LanguagesNamed(asked []string) (named []string, err error) {
	for _, name := range asked {
		language := LanguageNamed(strings.TrimSpace(name))
		if language == "" {
			return nil, fmt.Errorf("language %s: no language of that name can be counted; want names such as Rust, Go, C++ or TypeScript", name)
		}
		if !slices.Contains(named, language) {
			named = append(named, language)
		}
	}
	return named, nil
}

func newLanguageTable() *languageTable {
	// scc's globals: features are built when needed, everything else is as
	// its command line has it by default.
	processor.ConfigureLazy(true)
	processor.ProcessConstants()

	t := &languageTable{
		languages:   map[string]*language{},
		byName:      map[string]*candidates{},
		byFilename:  map[string]*candidates{},
		byExtension: map[string]*candidates{},
		sheBang:     &candidates{sheBang: true},
		byAlias:     map[string]string{},
	}
	database := processor.LanguageDatabase()
	names := slices.Sorted(maps.Keys(database))
	for _, name := range names {
		t.add(name, database[name])
	}
	for _, name := range names {
		t.addAlias(name)
	}
	return t
}

// add enters one language. Languages come in the order of their names, so that
// candidates are sorted.
func (t *languageTable) add(name string, features processor.Language) {
	l := &language{name: name, kind: kindOf(name)}
	for _, keyword := range features.Keywords {
		l.keywords = append(l.keywords, []byte(keyword))
	}
	alone := &candidates{languages: []*language{l}}
	t.languages[name] = l
	t.byName[name] = alone
	for _, file := range features.FileNames {
		t.byFilename[file] = alone
	}
	for _, extension := range features.Extensions {
		if others := t.byExtension[extension]; others != nil {
			both := slices.Concat(others.languages, alone.languages)
			t.byExtension[extension] = &candidates{languages: both}
			continue
		}
		t.byExtension[extension] = alone
	}
}

// addAlias enters a language's own name and, where no other language has it,
// the name linguist gives it.
func (t *languageTable) addAlias(name string) {
	t.byAlias[strings.ToLower(name)] = name
	canonical, ok := enrydata.LanguageByAlias(name)
	if !ok {
		return
	}
	_, taken := t.languages[canonical]
	if _, known := t.byAlias[strings.ToLower(canonical)]; !taken && !known {
		t.byAlias[strings.ToLower(canonical)] = name
	}
}

// named is scc's name for a language as .gitattributes name it: any case, by
// linguist's name or one of its aliases, with hyphens for spaces. It is empty
// for a language that nothing here can count.
func (t *languageTable) named(value string) string {
	spaced := strings.ReplaceAll(value, "-", " ")
	for _, candidate := range []string{value, spaced} {
		if name, ok := t.byAlias[strings.ToLower(candidate)]; ok {
			return name
		}
	}
	for _, candidate := range []string{value, spaced} {
		if canonical, ok := enrydata.LanguageByAlias(candidate); ok {
			return t.equivalent(canonical)
		}
	}
	return ""
}

// equivalent is scc's name for one of linguist's languages: the same name, or
// else the one language that has its first extension.
func (t *languageTable) equivalent(canonical string) string {
	if name, ok := t.byAlias[strings.ToLower(canonical)]; ok {
		return name
	}
	extensions := enrydata.ExtensionsByLanguage[canonical]
	if len(extensions) == 0 {
		return ""
	}
	found := t.byExtension[strings.TrimPrefix(extensions[0], ".")]
	if found == nil || len(found.languages) != 1 {
		return ""
	}
	return found.languages[0].name
}

// kindOf is the kind of one of scc's languages: by the table below, else by
// linguist's type of the language of that name, else programming.
func kindOf(name string) kind {
	if k, ok := kinds[name]; ok {
		return k
	}
	canonical := name
	if enrydata.LanguagesType[name] == int(enrydata.TypeUnknown) {
		canonical, _ = enrydata.LanguageByAlias(name)
	}
	switch enrydata.LanguagesType[canonical] {
	case int(enrydata.TypeData):
		return data
	case int(enrydata.TypeProse):
		return prose
	}
	return programming
}

// kinds is the languages that linguist does not know under any name that scc
// gives them, and those of its data languages whose files set something up
// rather than record something: go-enry's list without SQL, which holds
// schemas and queries, and with scc's relatives of the listed ones.
var kinds = map[string]kind{
	"Bitbucket Pipeline":    configuration,
	"CloudFormation (JSON)": configuration,
	"CloudFormation (YAML)": configuration,
	"Docker ignore":         configuration,
	"INI":                   configuration,
	"JSON":                  configuration,
	"JSON5":                 configuration,
	"JSONC":                 configuration,
	"MSBuild":               configuration,
	"Properties File":       configuration,
	"Systemd":               configuration,
	"TOML":                  configuration,
	"Verilog Args File":     configuration,
	"XML":                   configuration,
	"Xcode Config":          configuration,
	"YAML":                  configuration,
	"gitignore":             configuration,
	"ignore":                configuration,
	"nuspec":                configuration,

	"Avro":                              data,
	"Bean":                              data,
	"DOT":                               data,
	"Document Type Definition":          data,
	"Game Maker Project":                data,
	"Godot Scene":                       data,
	"HEX":                               data,
	"Intel HEX":                         data,
	"Module-Definition":                 data,
	"Patch":                             data,
	"Report Definition Language":        data,
	"SPDX":                              data,
	"TOON":                              data,
	"W.I.S.E. Jobfile":                  data,
	"Web Services Description Language": data,
	"XML Schema":                        data,

	"License":   prose,
	"TaskPaper": prose,
}
