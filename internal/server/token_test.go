package server

import (
	"strings"
	"testing"
)

// FuzzParseTokens: whatever a file of tokens holds, an error names a line and
// not what is on it, and whoever has no token of it gets no role.
func FuzzParseTokens(f *testing.F) {
	f.Add("# c\nread 0123456789abcdef0123456789abcdef ci\nadmin sha256:" + strings.Repeat("0", 64) + "\n")
	f.Add("trigger short")
	f.Add("root 0123456789abcdef0123456789abcdef\nread sha256:zz")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := ParseTokens(text)
		if err != nil {
			for _, word := range strings.Fields(text) {
				if len(word) >= shortest && strings.Contains(err.Error(), word) {
					t.Errorf("%q quotes %q", err, word)
				}
			}
			return
		}
		if words := strings.Fields(text); len(tokens.known) > len(words)/2 {
			t.Errorf("%d tokens of %d words", len(tokens.known), len(words))
		}
		if known, ok := tokens.find(strings.Repeat("no token of the file", 3)); ok {
			t.Errorf("a stranger is %q", known.name)
		}
		for _, known := range tokens.known {
			if known.role < Read || known.role > Admin || known.name == "" {
				t.Errorf("%q has the role %v", known.name, known.role)
			}
		}
	})
}
