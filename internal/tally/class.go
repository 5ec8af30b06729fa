package tally

// Classes of files. Each file has the first of these that holds:
//
//	vendored       linguist-vendored, or a path go-enry takes for vendored
//	documentation  linguist-documentation, or a path go-enry takes for documentation
//	generated      linguist-generated, or a path or content go-enry takes for generated
//	documentation  a language of prose: Markdown, plain text, licences
//	configuration  a language that sets something up: TOML, YAML, JSON, …
//	data           any other language of data: CSV, SVG, Protocol Buffers, SQL, …
//	test           a path that names tests
//	source         everything else
//
// An attribute that is given decides its own row, either way; without it the
// rule beside it does. The first three rows are what the host leaves out of its
// statistics, and its order of asking does not matter to it. Here it does:
// vendored first, since who wrote a file matters more than how; documentation
// before generated, so that source + test + generated of a language is just the
// files that are neither vendored nor documentation. Data before test, so that
// source + test is code only: the languages of programming and markup, which
// the host shows.
const (
	Source        = "source"
	Test          = "test"
	Vendored      = "vendored"
	Generated     = "generated"
	Documentation = "documentation"
	Configuration = "configuration"
	Data          = "data"
)

// Classify gives the class of a file that was read and not skipped.
func Classify(path string, overrides Overrides, content Content) string {
	file := newPathname(path)
	switch {
	case overrides.Vendored.decide(file.vendored):
		return Vendored
	case overrides.Documentation.decide(file.documentation):
		return Documentation
	case overrides.Generated.decide(func() bool { return content.Generated || file.generated() }):
		return Generated
	}
	return classOfLanguage(content.Language, file)
}

// classOfLanguage is the class of a file that somebody wrote here.
func classOfLanguage(name string, file pathname) string {
	l, ok := languages().languages[name]
	switch {
	case ok && l.kind == prose:
		return Documentation
	case ok && l.kind == configuration:
		return Configuration
	case ok && l.kind == data:
		return Data
	case file.test():
		return Test
	}
	return Source
}
