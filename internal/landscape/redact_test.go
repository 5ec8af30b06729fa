package landscape

import (
	"bytes"
	"testing"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"https://user:secret@example.org/o/n":               "https://example.org/o/n",
		"repo_url: https://secret@example.org/o/n # a@b":    "repo_url: https://example.org/o/n # a@b",
		"ssh://git@example.org/o/n":                         "ssh://git@example.org/o/n",
		"ssh://me:secret@example.org/o/n":                   "ssh://example.org/o/n",
		"git@example.org:o/n":                               "git@example.org:o/n",
		"https://medium.com/@someone and a@b.example":       "https://medium.com/@someone and a@b.example",
		"https://a:secret@h/x\nhttps://b:secret@h/y":        "https://h/x\nhttps://h/y",
		"https://raw.example.org/l.yml?Token=abc&ref=main":  "https://raw.example.org/l.yml?Token=redacted&ref=main",
		`"https:\/\/user:secret@example.org\/o"`:            `"https:\/\/example.org\/o"`,
		"https://user:se/cr#e?t@example.org/o/n, https://h": "https://example.org/o/n, https://h",
		"https://example.org:8080/@scope/name":              "https://example.org:8080/@scope/name",
		"https://s3.example.org/l?X-Amz-Signature=abc&v=1":  "https://s3.example.org/l?X-Amz-Signature=redacted&v=1",
		"https://example.org/l?api_key=abc&monkey=b":        "https://example.org/l?api_key=redacted&monkey=b",
		"https://example.org/o/n?q=a@b":                     "https://example.org/o/n?q=a@b",
	} {
		if got := string(Redact([]byte(text))); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzRedact: redacting again changes nothing, so nothing was left.
func FuzzRedact(f *testing.F) {
	f.Add([]byte("https://a:b@c:d@h/"))
	f.Add([]byte("https://a:b/c@d:e/f@h/"))
	f.Add([]byte(`"https:\/\/a:b@h\/?token=x&sig=y"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		once := Redact(text)
		if twice := Redact(once); !bytes.Equal(once, twice) {
			t.Errorf("%q, then %q", once, twice)
		}
	})
}
