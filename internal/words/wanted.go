package words

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kinds of documents.
const (
	KindReadme   = "readme"
	KindDocs     = "docs"
	KindAdopters = "adopters"
)

// kinds are in the order in which documents are read.
var kinds = []string{KindReadme, KindAdopters, KindDocs}

var (
	// textEndings are those of documents that are read as text.
	textEndings = []string{".md", ".markdown", ".mdown", ".mdx", ".rst", ".adoc", ".asciidoc", ".txt", ""}
	// listEndings are those of lists for programs.
	listEndings = []string{".yaml", ".yml", ".json"}

	docsFolders    = []string{"docs", "doc", "documentation"}
	listFolders    = []string{".", ".github", "community"}
	rootDocuments  = []string{"architecture", "design", "faq", "overview", "introduction"}
	namesAdopters  = regexp.MustCompile(`^(adopters?|(known|our|production|public)[-_ ]?(adopters|users)|end[-_ ]?users|used[-_ ]?by|who[-_ ]?(is[-_ ]?)?us(es|ing)[-_ a-z0-9]*|adopters[-_ ][-_ a-z0-9]*)$`)
	namesNoPart    = regexp.MustCompile(`^(vendor|third[-_]?party|node_modules|testdata|fixtures?|i18n|l10n|locales?|translations?|[a-z]{2}[-_][a-z]{2}|zh|cn|ja|jp|ko|kr|fr|de|es|pt|ru|it|pl|tr|uk|vi|id|hi|bn|ar|fa|release[-_]?notes?|releases?|changelogs?|changes|history)$`)
	namesTranslate = regexp.MustCompile(`[-_.](zh|cn|ja|jp|ko|kr|fr|de|es|pt|ru|it|pl|tr|uk|vi|id|hi|bn|ar|fa|chs|cht)([-_][a-z]{2,4})?$`)
)

// longestPath bounds the path of a document.
const longestPath = 1000

// Wanted says by its path alone whether a file is read, and as what.
func Wanted(name string) (kind string, ok bool) {
	if len(name) > longestPath || !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return "", false
	}
	folder, base := path.Split(strings.ToLower(name))
	folder = path.Clean(folder)
	ending := path.Ext(base)
	stem := strings.TrimSuffix(base, ending)
	isText := slices.Contains(textEndings, ending)
	switch first, _, _ := strings.Cut(folder, "/"); {
	case isText && stem == "readme" && (folder == "." || folder == ".github"):
		return KindReadme, true
	case !isText && !slices.Contains(listEndings, ending):
		return "", false
	case slices.Contains(listFolders, folder) && (stem == "users" || namesAdopters.MatchString(stem)):
		return KindAdopters, true
	case stem == "adopters" && strings.Count(folder, "/") < 3 && ordinary(folder, ""):
		return KindAdopters, true
	case slices.Contains(docsFolders, first):
		return wantedInDocs(folder, stem, isText && ending != "" && ending != ".txt")
	case isText && folder == "." && slices.Contains(rootDocuments, stem):
		return KindDocs, true
	}
	return "", false
}

func wantedInDocs(folder, stem string, isText bool) (kind string, ok bool) {
	switch {
	case strings.Count(folder, "/") > 8 || !ordinary(folder, stem):
		return "", false
	case namesAdopters.MatchString(stem):
		return KindAdopters, true
	}
	if !isText {
		return "", false
	}
	return KindDocs, true
}

// ordinary says whether a document is none of a stranger's, no translation, and
// not about one release.
func ordinary(folder, stem string) bool {
	return !namesTranslate.MatchString(stem) &&
		!slices.ContainsFunc(append(strings.Split(folder, "/"), stem), namesNoPart.MatchString)
}
