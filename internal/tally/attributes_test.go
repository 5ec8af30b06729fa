package tally

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAttributes(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string // folder to content
		path  string
		want  Overrides
	}{
		{"none", nil, "a.rs", Overrides{}},
		{"set", map[string]string{"": "*.rs linguist-vendored"}, "a/b.rs", Overrides{Vendored: Yes}},
		{"unset", map[string]string{"": "*.rs -linguist-vendored"}, "b.rs", Overrides{Vendored: No}},
		{"true", map[string]string{"": "*.rs linguist-vendored=true"}, "b.rs", Overrides{Vendored: Yes}},
		{"false", map[string]string{"": "*.rs linguist-vendored=false"}, "b.rs", Overrides{Vendored: No}},
		{"any text", map[string]string{"": "*.rs linguist-vendored=0"}, "b.rs", Overrides{Vendored: Yes}},
		{"unspecified", map[string]string{"": "* linguist-vendored\n*.rs !linguist-vendored"}, "b.rs", Overrides{}},
		{"all four", map[string]string{"": "* linguist-vendored -linguist-generated linguist-documentation=true linguist-language=rust"},
			"b.x", Overrides{Vendored: Yes, Generated: No, Documentation: Yes, Language: "Rust"}},
		{"language unknown", map[string]string{"": "* linguist-language=nobody's"}, "b.x", Overrides{}},
		{"language without value", map[string]string{"": "* linguist-language"}, "b.x", Overrides{}},
		{"later wins", map[string]string{"": "* linguist-language=C\n* linguist-language=Go"}, "b.x", Overrides{Language: "Go"}},
		{"last of a line wins", map[string]string{"": "* linguist-language=C linguist-language=Go"}, "b.x", Overrides{Language: "Go"}},
		{"nested wins", map[string]string{"": "*.x linguist-vendored", "a/b": "*.x -linguist-vendored"}, "a/b/c/d.x", Overrides{Vendored: No}},
		{"nested elsewhere", map[string]string{"": "*.x linguist-vendored", "a/b": "*.x -linguist-vendored"}, "a/bc/d.x", Overrides{Vendored: Yes}},
		{"nested adds", map[string]string{"": "*.x linguist-vendored", "a": "*.x linguist-generated"}, "a/d.x", Overrides{Vendored: Yes, Generated: Yes}},
		{"nested is relative", map[string]string{"a": "/d.x linguist-vendored"}, "a/d.x", Overrides{Vendored: Yes}},
		{"macro", map[string]string{"": "[attr]theirs linguist-vendored -linguist-generated\n*.x theirs"}, "d.x", Overrides{Vendored: Yes, Generated: No}},
		{"macro unset", map[string]string{"": "[attr]theirs linguist-vendored\n*.x theirs\nd.x -theirs"}, "d.x", Overrides{}},
		{"macro used in a folder", map[string]string{"": "[attr]theirs linguist-vendored", "a": "*.x theirs"}, "a/d.x", Overrides{Vendored: Yes}},
		{"macro defined in a folder", map[string]string{"a": "[attr]theirs linguist-vendored\n*.x theirs"}, "a/d.x", Overrides{}},
		{"macros in a circle", map[string]string{"": "[attr]a b linguist-vendored\n[attr]b a linguist-generated\n* a"}, "x", Overrides{Vendored: Yes, Generated: Yes}},
		{"malformed line", map[string]string{"": "*.x linguist-vendored a*b\n*.x linguist-generated"}, "d.x", Overrides{Generated: Yes}},
		{"negative pattern", map[string]string{"": "!*.x linguist-vendored"}, "!d.x", Overrides{}},
		{"quoted", map[string]string{"": `"a b\t\303\244.x" linguist-vendored`}, "a b\tä.x", Overrides{Vendored: Yes}},
		{"quote unclosed", map[string]string{"": `"a.x linguist-vendored`}, `"a.x`, Overrides{Vendored: Yes}},
		{"byte order mark", map[string]string{"": "\xef\xbb\xbf*.x linguist-vendored\r\n"}, "d.x", Overrides{Vendored: Yes}},
		{"after a zero byte", map[string]string{"": "*.y text\x00\n*.x linguist-vendored\n"}, "d.x", Overrides{}},
		{"long line", map[string]string{"": "*.x linguist-vendored" + strings.Repeat(" ", 2048)}, "d.x", Overrides{}},
		{"long file", map[string]string{"": "*.x linguist-vendored" + strings.Repeat("\n", attributeFileBytes)}, "d.x", Overrides{}},
		{"only blanks", map[string]string{"": " \t \n#\n*.x"}, "d.x", Overrides{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			attributes := NewAttributes()
			for folder, content := range test.files {
				attributes.Add(strings.TrimPrefix(folder+"/.gitattributes", "/"), []byte(content))
			}
			if got := attributes.For(test.path); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestPattern(t *testing.T) {
	for _, test := range []struct {
		pattern string
		yes, no []string
	}{
		{"*.x", []string{"a.x", "b/a.x", ".x"}, []string{"a.xy", "ax"}},
		{"a.x", []string{"a.x", "b/c/a.x"}, []string{"ba.x"}},
		{"/a.x", []string{"a.x"}, []string{"b/a.x"}},
		{"b/a.x", []string{"b/a.x"}, []string{"c/b/a.x", "b/c/a.x"}},
		{"b/*", []string{"b/a"}, []string{"b/c/a", "b"}},
		{"b/**", []string{"b/a", "b/c/a"}, []string{"b", "c/b/a"}},
		{"**/a", []string{"a", "b/a", "b/c/a"}, []string{"a/b"}},
		{"b/**/a", []string{"b/a", "b/c/a", "b/c/d/a"}, []string{"a", "b/ca"}},
		{"**/b/**/a/**", []string{"b/a/x", "c/b/a/b/a/y"}, []string{"b/a", "a/b/x"}},
		{"**", []string{"a", "a/b"}, nil},
		{"/**", []string{"a", "a/b"}, nil},
		{"a**b/c", []string{"ab/c", "axxb/c"}, []string{"a/b/c"}},
		{"docs/", nil, []string{"docs/a", "docs", "docs/"}},
		{"d?cs/*", []string{"docs/a"}, []string{"d/cs/a", "dcs/a"}},
		{"[a-c]x", []string{"ax", "d/bx"}, []string{"dx", "-x"}},
		{"[!a-c]x", []string{"dx", "-x"}, []string{"ax"}},
		{"[^a]x", []string{"dx"}, []string{"ax"}},
		{"[]a]x", []string{"]x", "ax"}, []string{"bx"}},
		{"[a-]x", []string{"-x", "ax"}, []string{"bx"}},
		{"[[:digit:][:upper:]]x", []string{"1x", "Ax"}, []string{"ax"}},
		{"[[:nope:]]x", nil, []string{"ax", ":x"}},
		{"[[:digit]x", []string{":x", "[x", "dx"}, []string{"1x"}},
		{`[\]]x`, []string{"]x"}, []string{`\x`}},
		{"[a", nil, []string{"a", "[a"}},
		{`\*x`, []string{"*x"}, []string{"ax", `\*x`}},
		{`a\`, nil, []string{"a", `a\`}},
		{"*a*a*a*b", []string{"aaab", "xaxaxab"}, []string{strings.Repeat("a", 1000)}},
	} {
		for _, want := range []bool{true, false} {
			for _, path := range map[bool][]string{true: test.yes, false: test.no}[want] {
				p, ok := newPattern(test.pattern)
				if got := ok && p.match(path); got != want {
					t.Errorf("%q matches %q: %v, want %v", test.pattern, path, got, want)
				}
			}
		}
	}
}

// notLikeGit is the patterns where we do not follow git. It cuts off what a
// pattern has before its first wildcard and looks at the rest alone, so that to
// it a**/b begins with **; its manual and libgit2 say otherwise. And it lets a
// set reach over a slash, which then cannot match one.
var notLikeGit = regexp.MustCompile(`[^/*]\*{2,}(/|$)|\[[^]]*/`)

// TestAttributesLikeGit compares random attributes with git check-attr.
func TestAttributesLikeGit(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q")
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	word := func() string {
		var s strings.Builder
		for range 1 + random.IntN(4) {
			s.WriteString(pick("a", "b", "a", "b", "*", "?", "**", "[ab]", "[!a]", ".", `\a`, "[a-", "/", "/**/", "**/", "/"))
		}
		if notLikeGit.MatchString(s.String()) {
			return "*"
		}
		return s.String()
	}
	assign := func() string {
		name := pick("linguist-vendored", "linguist-generated", "linguist-documentation", "m", "n", "text")
		return pick(name, "-"+name, "!"+name, name+"=true", name+"=false", name, name, "bad*", "-", "!-a")
	}
	paths := []string{"a", "b", "a/a", "a/b", "b/a", "a/a/a", "a/b/a", "b/a/b", "a/b/b/a", "ab", "a.b", "a/ab", "ab/a/b", "aa/bb"}
	for round := range 150 {
		attributes := NewAttributes()
		for _, folder := range []string{"", "a/", "a/b/"} {
			var content strings.Builder
			for range random.IntN(6) {
				start := word()
				if random.IntN(4) == 0 {
					start = "[attr]" + pick("m", "n", "m", "text", "b*")
				}
				fmt.Fprintf(&content, "%s %s %s\n", start, assign(), pick("", "", assign(), assign()))
			}
			name := folder + ".gitattributes"
			attributes.Add(name, []byte(content.String()))
			writeFile(t, filepath.Join(dir, name), content.String())
		}
		ask := strings.NewReader(strings.Join(paths, "\x00") + "\x00")
		answer := git(t, dir, ask, "check-attr", "-z", "--stdin", "linguist-vendored", "linguist-generated", "linguist-documentation")
		want := map[string]Overrides{}
		fields := strings.Split(strings.TrimSuffix(string(answer), "\x00"), "\x00")
		for i := 0; i+2 < len(fields); i += 3 {
			o := want[fields[i]]
			*map[string]*Override{
				"linguist-vendored": &o.Vendored, "linguist-generated": &o.Generated, "linguist-documentation": &o.Documentation,
			}[fields[i+1]] = map[string]Override{"set": Yes, "true": Yes, "unset": No, "false": No}[fields[i+2]]
			want[fields[i]] = o
		}
		for _, path := range paths {
			if got := attributes.For(path); got != want[path] {
				t.Errorf("round %d, %s: got %+v, want %+v", round, path, got, want[path])
				for _, folder := range []string{"", "a/", "a/b/"} {
					content, _ := os.ReadFile(filepath.Join(dir, folder, ".gitattributes"))
					t.Logf("%s.gitattributes:\n%s", folder, content)
				}
				return
			}
		}
	}
}

func writeFile(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestForUntil_Stops: rules that are made to be slow do not keep anybody who
// has no time.
func TestForUntil_Stops(t *testing.T) {
	attributes := NewAttributes()
	slow := strings.Repeat("*a", 900) + "b linguist-vendored\n"
	attributes.Add(".gitattributes", []byte(strings.Repeat(slow, 2000)))
	asked, enough := 0, errors.New("enough")
	_, err := attributes.ForUntil(func() error {
		if asked++; asked > 1 {
			return enough
		}
		return nil
	}, strings.Repeat("a", 15_000))
	if err != enough || asked != 2 {
		t.Errorf("got %v after it was asked %d times", err, asked)
	}
}
