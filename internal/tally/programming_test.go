package tally

import "testing"

func TestProgramming(t *testing.T) {
	for _, name := range []string{"Rust", "Go", "C Header", "TypeScript Typings", "Shell", "Makefile", "Objective C", "Vertex Shader File", "Dockerfile"} {
		if !Programming(name) {
			t.Errorf("%s is no programming language", name)
		}
	}
	for _, name := range []string{"HTML", "CSS", "Jupyter", "Ruby HTML", "Svelte", "Markdown", "YAML", "JSON", "SQL", "License", "", "no such language"} {
		if Programming(name) {
			t.Errorf("%q is a programming language", name)
		}
	}
}

func TestMarkup_IsKnown(t *testing.T) {
	for _, name := range markup {
		if languages().languages[name] == nil {
			t.Errorf("no language is called %s", name)
		}
	}
}
