package bench

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteSection(t *testing.T) {
	const section = "<!-- bench: pass -->\nnew\n<!-- end -->"
	for _, test := range []struct {
		name, before, want string
	}{
		{"absent", "", "# Performance\n\n" + section + "\n"},
		{"without the section", "# Mine\n\nwords\n", "# Mine\n\nwords\n\n" + section + "\n"},
		{"with it", "a\n<!-- bench: pass -->\nold\n<!-- end --> b\n", "a\n" + section + " b\n"},
		{
			"among others",
			"<!-- bench: engine -->\nx\n<!-- end -->\n<!-- bench: pass -->\n<!-- end -->\ntail without newline",
			"<!-- bench: engine -->\nx\n<!-- end -->\n" + section + "\ntail without newline",
		},
	} {
		path := filepath.Join(t.TempDir(), "performance.md")
		if test.before != "" {
			if err := os.WriteFile(path, []byte(test.before), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // the second time changes nothing
			if err := WriteSection(path, "pass", "# Performance\n", "new\n"); err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
			}
		}
	}
}

func TestWriteSection_Error(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	const open = "<!-- bench: pass -->\nsomebody has lost the end\n"
	if err := os.WriteFile(path, []byte(open), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteSection(path, "pass", "", "new\n"); err == nil {
		t.Error("a section without an end was replaced")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != open {
		t.Errorf("the document is now %q, %v", got, err)
	}
}
