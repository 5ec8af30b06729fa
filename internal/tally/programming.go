package tally

import (
	"slices"

	enrydata "github.com/go-enry/go-enry/v2/data"
)

// Programming reports whether a language is one that programs are written in,
// rather than a language of markup, prose, data or configuration: by
// linguist's type of the language of that name, else by the list below. A name
// that nothing here counts is none.
func Programming(name string) bool {
	l, ok := languages().languages[name]
	if !ok || l.kind != programming || slices.Contains(markup, name) {
		return false
	}
	canonical := name
	if enrydata.LanguagesType[name] == int(enrydata.TypeUnknown) {
		canonical, _ = enrydata.LanguageByAlias(name)
	}
	return enrydata.LanguagesType[canonical] != int(enrydata.TypeMarkup)
}

// markup is the languages of pages, styles and templates that linguist does
// not know under the name that scc gives them.
var markup = []string{
	"Blade template", "Cassius", "Elixir Template", "FXML", "Hamlet", "Jade", "Jupyter",
	"Macromedia eXtensible Markup Language", "POML", "Phoenix LiveView", "Ruby HTML",
	"TemplateToolkit", "Tera", "Twig Template", "XAML",
}
