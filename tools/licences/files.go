package main

import (
	"bytes"
	"fmt"
	"strings"
)

const listHeading = `# Licences

Groma is under the Apache License 2.0. The modules below are linked into it: this list and
their texts, internal/cli/licences.txt, are made by tools/licences, and .ci/run fails where
they are out of date, or where a module has terms that are not allowed there.

Most of the terms want their text to be with a program that is given away, so groma carries
the texts within it: %s prints them.

| module | version | terms |
| --- | --- | --- |
`

// list is the modules in Markdown.
func list(modules []module) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, listHeading, "`groma version --licences`")
	for _, m := range modules {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.Path, m.Version, terms(m))
	}
	return b.Bytes()
}

func terms(m module) string {
	if len(m.terms) == 0 {
		return "its authors do not say"
	}
	return strings.Join(m.terms, ", ")
}

const textsHeading = `Groma is under the Apache License 2.0, and linked of the modules below. Each
text is preceded by the modules that it belongs to. Nothing of them was changed:
their source is what the Go module proxy has under their paths and versions.
`

// texts is what the modules' terms want to be with the program; a text of many
// modules stands once.
func texts(modules []module) []byte {
	var order []string
	of := map[string][]string{}
	for _, m := range modules {
		for _, f := range m.files {
			if of[f.text] == nil {
				order = append(order, f.text)
			}
			of[f.text] = append(of[f.text], fmt.Sprintf("%s %s: %s", m.Path, m.Version, f.name))
		}
	}
	var b bytes.Buffer
	b.WriteString(textsHeading)
	rule := strings.Repeat("=", 80)
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(of[text], "\n"), rule, text)
	}
	return b.Bytes()
}
