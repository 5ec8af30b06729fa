package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"groma/internal/secret"
)

// A Role is what a caller may do. Each may do what those before it may.
type Role int

// Nobody may do nothing; Read looks at what is kept; Trigger starts surveys and
// rescans; Admin makes and deletes schedules.
const (
	Nobody Role = iota
	Read
	Trigger
	Admin
)

var roleNames = []string{"nobody", "read", "trigger", "admin"}

func (r Role) String() string { return roleNames[r] }

// Tokens are the bearer tokens that a server knows, by their digests: no token
// is kept, or printed. The zero has none.
type Tokens struct{ known []token }

type token struct {
	digest [sha256.Size]byte
	role   Role
	name   string // for logs: what stands behind the token on its line, or the digest's beginning
}

// ReadTokens reads a file of lines ROLE TOKEN or ROLE sha256:HEX, where ROLE is
// read, trigger or admin, and HEX the SHA-256 of the token. What follows is the
// token's name, for logs. Empty lines and those that begin with # say nothing.
func ReadTokens(path string) (Tokens, error) {
	text, err := secret.ReadFile(path)
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := ParseTokens(string(text))
	if err != nil {
		return Tokens{}, fmt.Errorf("%s: %w", path, err)
	}
	if !tokens.Any() { // or whoever can connect might do everything
		return Tokens{}, fmt.Errorf("%s has no token: want a line 'ROLE TOKEN' for each", path)
	}
	return tokens, nil
}

// ParseTokens reads the text of such a file. Errors name lines, never what is
// on them.
func ParseTokens(text string) (Tokens, error) {
	var tokens Tokens
	number := 0
	for line := range strings.Lines(text) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		known, err := parseToken(words)
		if err != nil {
			return Tokens{}, fmt.Errorf("line %d: %w", number, err)
		}
		tokens.known = append(tokens.known, known)
	}
	return tokens, nil
}

func parseToken(words []string) (token, error) {
	role, err := parseRole(words[0])
	if err != nil {
		return token{}, err
	}
	if len(words) < 2 {
		return token{}, fmt.Errorf("no token: want %s and a token", role)
	}
	known := token{role: role}
	if digits, ok := strings.CutPrefix(words[1], "sha256:"); ok {
		digest, err := hex.DecodeString(digits)
		if err != nil || len(digest) != sha256.Size {
			return token{}, fmt.Errorf("sha256: wants %d hexadecimal digits", 2*sha256.Size)
		}
		known.digest = [sha256.Size]byte(digest)
	} else if len(words[1]) < shortest {
		return token{}, fmt.Errorf("a token that is shorter than %d can be guessed: openssl rand -hex 32 makes one", shortest)
	} else {
		known.digest = sha256.Sum256([]byte(words[1]))
	}
	known.name = strings.Join(words[2:], " ")
	if known.name == "" {
		sum := sha256.Sum256(known.digest[:]) // not the beginning of the digest itself, which is on file
		known.name = role.String() + "-" + hex.EncodeToString(sum[:4])
	}
	return known, nil
}

func parseRole(word string) (Role, error) {
	for role := Read; role <= Admin; role++ {
		if word == role.String() {
			return role, nil
		}
	}
	return Nobody, fmt.Errorf("a line begins with %s, %s or %s", Read, Trigger, Admin)
}

// Any says whether there are tokens.
func (t Tokens) Any() bool { return len(t.known) > 0 }

// LogValue is how many there are.
func (t Tokens) LogValue() slog.Value { return slog.IntValue(len(t.known)) }

// MarshalText is how many there are.
func (t Tokens) MarshalText() ([]byte, error) { return fmt.Append(nil, len(t.known)), nil }

// Format keeps every verb from printing what is inside.
func (t Tokens) Format(f fmt.State, _ rune) { io.WriteString(f, fmt.Sprint(len(t.known))) }
