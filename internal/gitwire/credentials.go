package gitwire

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"groma/internal/conceal"
)

// CredentialSources says where credentials may be found. The zero value has
// none. For a host they are looked for in this order:
//
//  1. Env("GROMA_TOKEN_<HOST>"), the host in capitals, each dot written _ and
//     each hyphen __: GROMA_TOKEN_GIT_EXAMPLE_ORG for git.example.org. (Two
//     underscores for a hyphen, so that no other host has the same variable.)
//  2. Env("GITHUB_TOKEN") for github.com, Env("GITLAB_TOKEN") for gitlab.com.
//  3. TokenFile: lines "HOST TOKEN" or "HOST USER:PASSWORD"; # begins a comment.
//  4. NetrcPath: its machine entries. A default entry is passed over: what a
//     landscape names are strangers' hosts.
type CredentialSources struct {
	// Env looks up an environment variable, as os.Getenv does.
	Env func(name string) string
	// NetrcPath is usually ~/.netrc. A file that is not there is no error.
	NetrcPath string
	// TokenFile is a file of tokens. It must exist if it is named.
	TokenFile string
}

// Credentials know what to say to which host. They print as nothing.
type Credentials struct {
	// In a function, since fmt looks into unexported fields without asking
	// them how they want to be printed.
	find func(host string) (secret, bool)
}

// secret is a name and a password, or neither. It never prints.
type secret struct {
	tell func() (user, password string)
}

func newSecret(user, password string) secret {
	return secret{func() (string, string) { return user, password }}
}

func (s secret) isSet() bool { return s.tell != nil }

func (secret) LogValue() slog.Value         { return slog.StringValue("[secret]") }
func (secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Format keeps every verb from printing what is inside.
func (secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

func (*Credentials) LogValue() slog.Value         { return slog.StringValue("[credentials]") }
func (*Credentials) MarshalText() ([]byte, error) { return []byte("[credentials]"), nil }

// Format keeps every verb from printing what is inside.
func (*Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[credentials]") }

// LoadCredentials reads the sources. Errors name lines, never what is on them.
func LoadCredentials(from CredentialSources) (*Credentials, error) {
	var tokens, netrc map[string]secret
	if from.TokenFile != "" {
		text, err := os.ReadFile(from.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("token file: %w", err)
		}
		if tokens, err = parseTokens(string(text)); err != nil {
			return nil, fmt.Errorf("token file %s: %w", from.TokenFile, err)
		}
	}
	if from.NetrcPath != "" {
		text, err := os.ReadFile(from.NetrcPath)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("netrc: %w", err)
		}
		netrc = parseNetrc(string(text))
	}
	return newCredentials(from.Env, tokens, netrc), nil
}

// newCredentials looks in the environment, then in one map after another.
func newCredentials(env func(string) string, maps ...map[string]secret) *Credentials {
	return &Credentials{func(host string) (secret, bool) {
		for _, name := range []string{tokenVariable(host), wellKnown[host]} {
			if env == nil || name == "" {
				continue
			}
			if token := strings.TrimSpace(env(name)); token != "" {
				return newSecret(tokenUser, token), true
			}
		}
		for _, m := range maps {
			if s, ok := m[host]; ok {
				return s, true
			}
		}
		return secret{}, false
	}}
}

// tokenUser is the name that goes with a token: hosts look at the token alone.
const tokenUser = "x-access-token"

// wellKnown are the variables that people have set already.
var wellKnown = map[string]string{"github.com": "GITHUB_TOKEN", "gitlab.com": "GITLAB_TOKEN"}

// lookup returns what to say to a host, given without a port.
func (c *Credentials) lookup(host string) (secret, bool) {
	if c == nil || c.find == nil {
		return secret{}, false
	}
	return c.find(strings.ToLower(host))
}

// tokenVariable is the variable that holds a host's token, or empty for a name
// that no host can have and that might be mistaken for another's.
func tokenVariable(host string) string {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return ""
		}
	}
	valid := func(r rune) bool {
		return r == '.' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z'
	}
	if strings.ContainsFunc(host, func(r rune) bool { return !valid(r) }) {
		return ""
	}
	if host == "file" {
		return "" // GROMA_TOKEN_FILE names the file of tokens
	}
	return "GROMA_TOKEN_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "__").Replace(host))
}

// hint says how to give credentials for a host.
func hint(host string) string {
	if name := wellKnown[host]; name != "" {
		return "set " + name
	}
	if name := tokenVariable(host); name != "" {
		return "set " + name + " or add the host to ~/.netrc"
	}
	return "add the host to ~/.netrc"
}

func parseTokens(text string) (map[string]secret, error) {
	tokens := map[string]secret{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return nil, fmt.Errorf("line %d: want HOST TOKEN or HOST USER:PASSWORD", n)
		}
		s := newSecret(tokenUser, fields[1])
		if user, password, ok := strings.Cut(fields[1], ":"); ok {
			s = newSecret(user, password)
		}
		tokens[strings.ToLower(fields[0])] = s
	}
	return tokens, nil
}

// parseNetrc reads a .netrc file. The first entry of a machine counts. Like
// every reader of such files it passes over what it does not know.
func parseNetrc(text string) map[string]secret {
	machines := map[string]secret{}
	var host, user, password string
	keep := func() {
		if _, ok := machines[host]; !ok && host != "" && password != "" {
			machines[host] = newSecret(user, password)
		}
		host, user, password = "", "", ""
	}
	words := netrcWords(text)
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		word := words[0]
		words = words[1:]
		return word
	}
	for len(words) > 0 {
		switch next() {
		case "machine":
			keep()
			host = strings.ToLower(next())
		case "default":
			keep()
		case "login":
			user = next()
		case "password":
			password = next()
		case "account":
			next()
		}
	}
	keep()
	return machines
}

// netrcWords splits a .netrc file at white space, without its comments and
// without its macros, which end at an empty line.
func netrcWords(text string) []string {
	var words []string
	macro := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case macro:
			macro = line != ""
		case strings.HasPrefix(line, "#"):
		default:
			for _, word := range strings.Fields(line) {
				if macro = word == "macdef"; macro {
					break
				}
				words = append(words, unquoted(word))
			}
		}
	}
	return words
}

// unquoted takes the quotes off a word that has them.
func unquoted(word string) string {
	if len(word) < 2 || word[0] != '"' || word[len(word)-1] != '"' {
		return word
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(word[1 : len(word)-1])
}

// concealed is what is taken out of whatever a host says: it may send back what
// it was sent.
func (s secret) concealed() conceal.Secrets {
	if !s.isSet() {
		return conceal.Secrets{}
	}
	return conceal.Login(s.tell())
}
