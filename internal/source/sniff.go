package source

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"groma/internal/fault"
	"groma/internal/landscape"
)

// hasTopKey finds the key that every landscape has, in YAML or in JSON.
var hasTopKey = regexp.MustCompile(`(?m)^[\s{]*["']?(landscape|categories)["']?[ \t]*:`)

// Sniff says what a document is by what is in it, and by its name. What is
// nearly a landscape is taken for one, since reading it then says what is wrong.
func Sniff(d landscape.Document) (Source, error) {
	line := firstLine(d.Data)
	extension := strings.ToLower(path.Ext(d.Name))
	kind := landscape.KindList
	switch {
	case len(bytes.TrimSpace(d.Data)) == 0:
		return Source{}, fault.Errorf(fault.Invalid, "%s is empty: expected a landscape, or the address of a repository on each line", d.Name)
	case bytes.HasPrefix(d.Data, []byte("# folder /")):
		kind = landscape.KindFolder
	case hasTopKey.Match(d.Data):
		kind = landscape.KindLandscape
	case startsWithAddress(line):
	case extension == ".yml" || extension == ".yaml" || extension == ".json" || likeMarkup(line):
		kind = landscape.KindLandscape
	case line == "":
	default:
		return Source{}, fault.Errorf(fault.Invalid, "%s is neither a landscape nor a list of repositories: expected the key \"landscape\" or the address of a repository on each line, found %q", d.Name, line)
	}
	return Source{Kind: kind, Document: d}, nil
}

// firstLine returns the first line that says something, not too much of it.
func firstLine(data []byte) string {
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return strings.ToValidUTF8(string(line[:min(len(line), 200)]), "\uFFFD")
		}
	}
	return ""
}

// startsWithAddress says whether the first word is one that only a list has:
// the address of a repository, or of something else on a host.
func startsWithAddress(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	if strings.HasPrefix(line, "/") {
		word = line
	}
	a, err := landscape.ParseAddress(word)
	return err == nil || a.Host != "invalid"
}

func likeMarkup(line string) bool {
	return strings.HasPrefix(line, "<") || strings.HasPrefix(line, "{") || strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "---")
}
