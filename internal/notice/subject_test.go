package notice

import (
	"net/url"
	"strings"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

func TestToken(t *testing.T) {
	for name, want := range map[string]string{
		"":                "%",
		"cncf-2026_Q3":    "cncf-2026_Q3",
		"a.b":             "a%2Eb",
		"a b":             "a%20b",
		"*":               "%2A",
		">":               "%3E",
		"%":               "%25",
		"é":               "%C3%A9",
		"$SYS":            "%24SYS",
		long(longest):     long(longest),
		long(longest + 1): "%%a92efd82109373e58f9a2056dee01e807e216ce6075f7051207c0a9f7d666e50",
	} {
		if got := Token(name); got != want {
			t.Errorf("Token(%q) = %q, want %q", name, got, want)
		}
	}
}

func long(n int) string { return strings.Repeat("a", n) }

func TestSubject(t *testing.T) {
	for want, n := range map[string]*gromav1.Notice{
		"groma.notice.s.planned":     {Id: "1", Survey: "s", Event: &gromav1.Notice_Planned{}},
		"groma.notice.s.taken":       {Id: "1", Survey: "s", Event: &gromav1.Notice_Taken{}},
		"groma.notice.s%2E.reported": {Id: "1", Survey: "s.", Event: &gromav1.Notice_Reported{}},
	} {
		got, err := Subject(n)
		if err != nil || got != want {
			t.Errorf("Subject(%v) = %q, %v, want %q", n, got, err, want)
		}
	}
}

// FuzzToken: whatever the name, one token of a subject comes of it, and short
// names can be read back, so that no two of them meet.
func FuzzToken(f *testing.F) {
	for _, name := range []string{"", ".", "*", ">", " ", "a.b", "%", "%%", "%2E", "\x00\r\n", "é", long(201), strings.Repeat(".", 67)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		token := Token(name)
		if token == "" || len(token) > longest {
			t.Fatalf("Token(%q) has %d bytes", name, len(token))
		}
		for i := range len(token) {
			if !plain(token[i]) && token[i] != '%' {
				t.Fatalf("Token(%q) = %q holds %q", name, token, token[i])
			}
		}
		if token == "%" != (name == "") {
			t.Fatalf("Token(%q) = %q", name, token)
		}
		if name == "" || strings.HasPrefix(token, "%%") {
			return
		}
		if back, err := url.PathUnescape(token); err != nil || back != name {
			t.Fatalf("Token(%q) = %q, which reads %q, %v", name, token, back, err)
		}
	})
}
