package tally

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// manifestBytes is the size up to which a manifest is read; a larger one names
// no package.
const manifestBytes = 1 << 20

// A manifest is a kind of file that may define a package.
type manifest struct {
	name      string // of the file, or * and an ending
	ecosystem string
	// defines reports whether a file of this name defines a package, rather
	// than only listing dependencies or holding a workspace together.
	defines func(content []byte) bool
}

// manifests is what counts as a package. The rule: a file counts if it gives a
// package the name under which it could be published or depended upon. So
// these do not: a Cargo workspace without [package], a package.json or
// composer.json without a name, a pom.xml that only collects modules, a mix.exs
// of an umbrella, a Gemfile (an application's dependencies), a go.work or any
// lock file. A Gradle build has no name in its file; there each folder with one
// counts. A Helm chart has a name and is published, so it counts.
var manifests = []manifest{
	{"Cargo.toml", "cargo", hasTable("package")},
	{"go.mod", "go", hasLine("module ", "module\t")},
	{"package.json", "npm", hasJSONName},
	{"pyproject.toml", "pypi", hasTable("project", "tool.poetry")},
	{"setup.cfg", "pypi", hasTable("metadata")},
	{"setup.py", "pypi", contains("setup(")},
	{"pom.xml", "maven", isMavenPackage},
	{"build.gradle", "gradle", notBlank},
	{"build.gradle.kts", "gradle", notBlank},
	{"*.csproj", "nuget", contains("<Project")},
	{"*.fsproj", "nuget", contains("<Project")},
	{"*.vbproj", "nuget", contains("<Project")},
	{"*.gemspec", "rubygems", contains("Gem::Specification")},
	{"composer.json", "composer", hasJSONName},
	{"mix.exs", "hex", isMixPackage},
	{"pubspec.yaml", "pub", hasLine("name:")},
	{"Package.swift", "swift", contains("Package(")},
	{"Chart.yaml", "helm", hasLine("name:")},
}

// manifestEndings is the endings among the manifests' names.
var manifestEndings = []string{".csproj", ".fsproj", ".vbproj", ".gemspec"}

// manifestOf is the manifest that a path may be, or nil.
func manifestOf(file string) *manifest {
	name := base(file)
	if extension := path.Ext(name); slices.Contains(manifestEndings, extension) && extension != name {
		name = "*" + extension
	}
	for i := range manifests {
		if manifests[i].name == name {
			return &manifests[i]
		}
	}
	return nil
}

// Ecosystem names the registry world that a file may define a package of, by
// its name alone: cargo, go, npm, …; empty for any other file.
func Ecosystem(file string) string {
	if m := manifestOf(file); m != nil {
		return m.ecosystem
	}
	return ""
}

// Package reports whether a file defines a package, and of which ecosystem. A
// vendored file does not; what others wrote is counted with them. Whether its
// lines are counted does not matter: scc has no language for go.mod.
func Package(file string, overrides Overrides, content []byte) (ecosystem string, ok bool) {
	m := manifestOf(file)
	if m == nil || len(content) > manifestBytes || overrides.Vendored.decide(newPathname(file).vendored) {
		return "", false
	}
	if !m.defines(bytes.TrimPrefix(content, []byte(byteOrderMark))) {
		return "", false
	}
	return m.ecosystem, true
}

// Packages adds up packages. Its zero value holds none. A folder holds at most
// one package of each of these ecosystems: what pyproject.toml, setup.cfg and
// setup.py say together, or two files of one Gradle build, is one. The others
// have one name for their file, or, as a .csproj, mean it when they have two.
type Packages struct {
	count   map[string]int64
	folders map[string]bool // ecosystem and folder, where a folder counts once
}

// Add adds a file if it defines a package; see [Package].
func (p *Packages) Add(file string, overrides Overrides, content []byte) {
	if ecosystem, ok := Package(file, overrides, content); ok {
		p.AddPackage(file, ecosystem)
	}
}

// AddPackage adds a file that [Package] has found to define a package.
func (p *Packages) AddPackage(file, ecosystem string) {
	if ecosystem == "pypi" || ecosystem == "gradle" {
		key := ecosystem + "\x00" + folderOf(file)
		if p.folders[key] {
			return
		}
		if p.folders == nil {
			p.folders = map[string]bool{}
		}
		p.folders[key] = true
	}
	if p.count == nil {
		p.count = map[string]int64{}
	}
	p.count[ecosystem]++
}

// Count is the number of packages by ecosystem.
func (p *Packages) Count() map[string]int64 {
	if p.count == nil {
		return map[string]int64{}
	}
	return maps.Clone(p.count)
}

// hasTable looks for the header of a TOML table, or of an INI section, of one
// of these names.
func hasTable(names ...string) func([]byte) bool {
	return func(content []byte) bool {
		for line := range bytes.Lines(content) {
			header, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("["))
			if !ok {
				continue
			}
			header, _, ok = bytes.Cut(header, []byte("]"))
			if ok && slices.Contains(names, strings.ReplaceAll(string(header), " ", "")) {
				return true
			}
		}
		return false
	}
}

// hasLine looks for a line that begins with one of prefixes.
func hasLine(prefixes ...string) func([]byte) bool {
	return func(content []byte) bool {
		for line := range bytes.Lines(content) {
			for _, prefix := range prefixes {
				if bytes.HasPrefix(line, []byte(prefix)) {
					return true
				}
			}
		}
		return false
	}
}

func contains(text string) func([]byte) bool {
	return func(content []byte) bool { return bytes.Contains(content, []byte(text)) }
}

func notBlank(content []byte) bool { return len(bytes.TrimSpace(content)) > 0 }

func hasJSONName(content []byte) bool {
	var named struct{ Name string }
	return json.Unmarshal(content, &named) == nil && named.Name != ""
}

func isMixPackage(content []byte) bool {
	return bytes.Contains(content, []byte("def project")) && !bytes.Contains(content, []byte("apps_path:"))
}

// isMavenPackage reports whether content is a project whose packaging is not
// pom: one that builds something.
func isMavenPackage(content []byte) bool {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	decoder.Strict = false
	decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var open []string
	project := false
	for {
		token, err := decoder.Token()
		if err != nil { // at the end, or malformed further down
			return project && err == io.EOF
		}
		switch token := token.(type) {
		case xml.StartElement:
			if open = append(open, token.Name.Local); open[0] != "project" {
				return false
			}
			project = true
		case xml.EndElement:
			open = open[:max(0, len(open)-1)]
		case xml.CharData:
			inPackaging := len(open) == 2 && open[1] == "packaging"
			if inPackaging && string(bytes.TrimSpace(token)) == "pom" {
				return false
			}
		}
	}
}
