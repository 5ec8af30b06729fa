package tally

import (
	"maps"
	"strings"
	"testing"
)

func TestPackage(t *testing.T) {
	for _, test := range []struct {
		name, path, content string
		want                string // ecosystem, or empty for no package
	}{
		{"cargo", "a/Cargo.toml", "[package]\nname = \"a\"\n", "cargo"},
		{"cargo with comment", "Cargo.toml", "# x\n [ package ] # y\r\n", "cargo"},
		{"cargo after a mark", "Cargo.toml", "\xef\xbb\xbf[package]\n", "cargo"},
		{"cargo workspace", "Cargo.toml", "[workspace]\nmembers = []\n[workspace.package]\n", ""},
		{"cargo workspace with package", "Cargo.toml", "[workspace]\n[package]\n", "cargo"},
		{"go", "go.mod", "// x\nmodule a\n", "go"},
		{"go workspace", "go.work", "use ./a\n", ""},
		{"npm", "package.json", `{"version": "1", "name": "a"}`, "npm"},
		{"npm without name", "package.json", `{"private": true}`, ""},
		{"npm malformed", "package.json", `{"name": "a"`, ""},
		{"npm with odd name", "package.json", `{"name": 1}`, ""},
		{"pyproject", "pyproject.toml", "[project]\n", "pypi"},
		{"poetry", "pyproject.toml", "[tool.poetry]\n", "pypi"},
		{"pyproject with tools only", "pyproject.toml", "[tool.black]\n", ""},
		{"setup.py", "setup.py", "setup(name='a')\n", "pypi"},
		{"setup.cfg", "setup.cfg", "[metadata]\n", "pypi"},
		{"setup.cfg with tools only", "setup.cfg", "[flake8]\n", ""},
		{"maven", "pom.xml", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<project><packaging>jar</packaging></project>", "maven"},
		{"maven by default", "pom.xml", "<project><artifactId>a</artifactId></project>", "maven"},
		{"maven parent", "pom.xml", "<project><packaging> pom\n</packaging></project>", ""},
		{"maven plugin's packaging", "pom.xml", "<project><x><packaging>pom</packaging></x></project>", "maven"},
		{"maven, something else", "pom.xml", "<settings/>", ""},
		{"maven malformed", "pom.xml", "<project><", ""},
		{"maven empty", "pom.xml", "", ""},
		{"gradle", "build.gradle", "apply plugin: 'java'", "gradle"},
		{"gradle in Kotlin", "build.gradle.kts", "plugins {}", "gradle"},
		{"gradle blank", "build.gradle", " \n", ""},
		{"nuget", "a/A.csproj", "<Project Sdk=\"x\">", "nuget"},
		{"gem", "a.gemspec", "Gem::Specification.new", "rubygems"},
		{"gem, only an ending", ".gemspec", "Gem::Specification.new", ""},
		{"gemfile", "Gemfile", "source 'x'", ""},
		{"composer", "composer.json", `{"name": "a/b"}`, "composer"},
		{"mix", "mix.exs", "def project do\n", "hex"},
		{"mix umbrella", "mix.exs", "def project do\n[apps_path: \"apps\"]", ""},
		{"pub", "pubspec.yaml", "name: a\n", "pub"},
		{"swift", "Package.swift", "let package = Package(name: \"a\")", "swift"},
		{"helm", "Chart.yaml", "apiVersion: v2\nname: a\n", "helm"},
		{"name further in", "Chart.yaml", "dependencies:\n- x\n  name: a\n", ""},
		{"vendored", "vendor/a/Cargo.toml", "[package]\n", ""},
		{"another name", "Cargo.toml.orig", "[package]\n", ""},
		{"large", "go.mod", "module a\n" + string(make([]byte, manifestBytes)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Package(test.path, Overrides{}, []byte(test.content))
			if got != test.want || ok != (test.want != "") {
				t.Errorf("Package = %q, %v, want %q", got, ok, test.want)
			}
		})
	}
}

func TestEcosystem(t *testing.T) {
	for _, m := range manifests {
		path := strings.Replace(m.name, "*", "a", 1)
		if got := Ecosystem("some/" + path); got != m.ecosystem {
			t.Errorf("Ecosystem(%s) = %q, want %q", path, got, m.ecosystem)
		}
	}
	for _, path := range []string{"", "a", "a.rs", "Cargo.lock", "cargo.toml", "go.mod/a"} {
		if got := Ecosystem(path); got != "" {
			t.Errorf("Ecosystem(%q) = %q", path, got)
		}
	}
}

func TestPackage_Overrides(t *testing.T) {
	content := []byte("module a\n")
	if _, ok := Package("a/go.mod", Overrides{Vendored: Yes}, content); ok {
		t.Error("vendored by an attribute, and yet a package")
	}
	if _, ok := Package("vendor/go.mod", Overrides{Vendored: No}, content); !ok {
		t.Error("not vendored by an attribute, and yet no package")
	}
}

func TestPackages(t *testing.T) {
	var packages Packages
	if got := packages.Count(); got == nil || len(got) != 0 {
		t.Errorf("empty: %v", got)
	}
	for _, file := range []struct{ path, content string }{
		{"setup.py", "setup()"},
		{"pyproject.toml", "[project]"},
		{"setup.cfg", "[metadata]"},
		{"a/setup.py", "setup()"},
		{"build.gradle", "x"},
		{"build.gradle.kts", "x"},
		{"A.csproj", "<Project>"},
		{"B.csproj", "<Project>"},
		{"Cargo.toml", "[workspace]"},
		{"main.py", "setup()"},
	} {
		packages.Add(file.path, Overrides{}, []byte(file.content))
	}
	want := map[string]int64{"pypi": 2, "gradle": 1, "nuget": 2}
	if got := packages.Count(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
