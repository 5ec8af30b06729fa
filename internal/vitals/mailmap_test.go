package vitals

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const mailmap = `# A comment
Proper Name <commit@example.com>
<proper@example.com> <only@example.com>
Both <both@example.com> <was@example.com>
Named <named@example.com> Old Name <shared@example.com>
Other <other@example.com> Other Name <SHARED@example.com>
Whole Address <whole@example.com> <shared@example.com>

  Spaced	 Out  <  spaced@example.com> <x@example.com >
No Address
<>
Empty <> <empty@example.com>
Filled <filled@example.com> <>
Twice <twice@example.com>
Thrice <twice@example.com>
<new@example.com> <twice@example.com>
Behind <behind@example.com> # <comment@example.com>
Ünïcode <unicode@example.com>
A <a@example.com> B <b@example.com> C <c@example.com>
`

var strangers = []Person{
	{"Commit", "commit@example.com"}, {"Commit", "COMMIT@Example.com"}, {"X", "only@example.com"},
	{"X", "was@example.com"}, {"Old Name", "shared@example.com"}, {"old name", "Shared@example.com"},
	{"Other Name", "shared@example.com"}, {"Someone", "shared@example.com"}, {"X", "x@example.com "},
	{"X", "x@example.com"}, {"X", "empty@example.com"}, {"X", "twice@example.com"}, {"X", "comment@example.com"},
	{"#", "comment@example.com"}, {"X", "unicode@example.com"}, {"B", "b@example.com"}, {"C", "c@example.com"},
	{"X", "nobody@example.com"}, {"X", "behind@example.com"},
}

// TestMailmap: git check-mailmap says the same.
func TestMailmap(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mailmap"), []byte(mailmap), 0o644); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, p := range strangers {
		asked = append(asked, fmt.Sprintf("%s <%s>", p.Name, p.Mail))
	}
	if out, err := exec.Command("git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "mailmap.file=" + filepath.Join(dir, "mailmap"), "check-mailmap"}, asked...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(out)), "\n")
	m := ParseMailmap([]byte(mailmap))
	for i, p := range strangers {
		p := m.Resolve(p)
		if got := fmt.Sprintf("%s <%s>", p.Name, p.Mail); got != want[i] {
			t.Errorf("%s is %s, want %s", asked[i], got, want[i])
		}
	}
}

// FuzzMailmap: whatever a mailmap says, whom it does not mention stays who they
// are, and nobody loses a name or an address.
func FuzzMailmap(f *testing.F) {
	f.Add(mailmap, "Old Name", "shared@example.com")
	f.Add("<a><b>", "", "b")
	f.Add("x <a", "x", "a")
	f.Fuzz(func(t *testing.T, text, name, mail string) {
		p := Person{name, mail}
		got := ParseMailmap([]byte(text)).Resolve(p)
		if !strings.Contains(fold(text), fold(mail)) && got != p {
			t.Errorf("%v became %v", p, got)
		}
		if got.Name == "" && name != "" || got.Mail == "" && mail != "" {
			t.Errorf("%v became %v", p, got)
		}
	})
}
