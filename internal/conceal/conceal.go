// Package conceal takes secrets out of text that others have a say in.
//
// A host that is told a secret may send it back: in the text of an error, in a
// header, in where it redirects. Whatever of that is kept, shown or logged goes
// through [Secrets.In] first, before it is cut to a length, since half a secret
// is one, too.
package conceal

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secrets are words that nobody should see. They never print; the zero has none.
type Secrets struct {
	forms func() []string // in a function, since fmt looks into fields
	in    func(string) string
}

// instead is what is read in place of a secret.
const instead = "[secret]"

// shortest is the least that a word has to have: what is shorter stands
// everywhere by chance, and is no secret.
const shortest = 4

// Words are secrets by themselves. Empty ones are none.
func Words(words ...string) Secrets {
	var forms []string
	for _, word := range words {
		forms = append(forms, formsOf(word)...)
	}
	return of(forms)
}

// Login is a name and a password, as they are sent together, too. A name without
// a password is a token.
func Login(user, password string) Secrets {
	if user == "" && password == "" {
		return Secrets{}
	}
	both := []byte(user + ":" + password)
	basic := []string{base64.StdEncoding.EncodeToString(both), base64.URLEncoding.EncodeToString(both)}
	return of(append(formsOf(cmp.Or(password, user)), basic...))
}

// SettingNames is a pattern of what settings in addresses are called that nobody
// should see. In letter case they differ.
const SettingNames = `[\w.-]*(?:token|secret|password|signature|credential)|(?:api[_-]?|access[_-]?)?key|sig|auth|jwt|pat`

var secretSetting = regexp.MustCompile(`(?i)^(?:` + SettingNames + `)$`)

// Address has the login of an address, and the settings whose names say that they
// are secret.
func Address(u *url.URL) Secrets {
	if u == nil {
		return Secrets{}
	}
	password, _ := u.User.Password()
	s := Login(u.User.Username(), password)
	for name, values := range u.Query() {
		if secretSetting.MatchString(name) {
			s = s.And(Words(values...))
		}
	}
	return s
}

// AtLeast are those that have so many bytes: in a document a short word may stand
// by chance.
func (s Secrets) AtLeast(bytes int) Secrets {
	if s.forms == nil {
		return s
	}
	return of(slices.DeleteFunc(s.forms(), func(form string) bool { return len(form) < bytes }))
}

// And is both.
func (s Secrets) And(other Secrets) Secrets {
	switch {
	case s.forms == nil:
		return other
	case other.forms == nil:
		return s
	}
	return of(append(s.forms(), other.forms()...))
}

// formsOf are the ways in which a word is written.
func formsOf(word string) []string {
	if len(word) < shortest {
		return nil
	}
	quoted, _ := json.Marshal(word)
	return []string{
		word, url.QueryEscape(word), url.PathEscape(word), strings.Trim(string(quoted), `"`),
		hex.EncodeToString([]byte(word)), base64.StdEncoding.EncodeToString([]byte(word)), base64.RawURLEncoding.EncodeToString([]byte(word)),
	}
}

// of looks for forms in either case: a host may be asked by a name in which letter
// case says nothing.
func of(forms []string) Secrets {
	if len(forms) == 0 {
		return Secrets{}
	}
	slices.Sort(forms)
	forms = slices.Compact(forms)
	folded := make([]string, len(forms))
	for i, form := range forms {
		folded[i] = fold(form)
	}
	return Secrets{
		forms: func() []string { return slices.Clone(forms) },
		in:    func(text string) string { return without(text, folded) },
	}
}

// A span is part of a text, from one byte to before another.
type span struct{ from, to int }

// without is a text with a word in place of each form that stands in it. However
// long forms are, and whatever bytes, it goes through the text once for each.
func without(text string, folded []string) string {
	low := fold(text)
	var found []span
	for _, form := range folded {
		for at := 0; ; {
			next := strings.Index(low[at:], form)
			if next < 0 {
				break
			}
			found = append(found, span{at + next, at + next + len(form)})
			at += next + len(form)
		}
	}
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var left strings.Builder
	end := 0
	for _, f := range found {
		if f.from >= end {
			left.WriteString(text[end:f.from] + instead)
		}
		end = max(end, f.to)
	}
	left.WriteString(text[end:])
	return left.String()
}

// fold is a text in lower case, as long as it was: what would take other bytes
// stays as it is, and so does what is no UTF-8.
func fold(text string) string {
	var low strings.Builder
	low.Grow(len(text))
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if l := unicode.ToLower(r); r != utf8.RuneError && utf8.RuneLen(l) == n {
			low.WriteRune(l)
		} else {
			low.WriteString(text[i : i+n])
		}
		i += n
	}
	return low.String()
}

// In is a text without the secrets.
func (s Secrets) In(text string) string {
	if s.in == nil {
		return text
	}
	return s.in(text)
}

// Err is an error whose text is without the secrets. It is the same error to
// those who ask what kind of one it is.
func (s Secrets) Err(err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	if text := s.In(said); text != said {
		return &concealed{text, err}
	}
	return err
}

type concealed struct {
	text string
	err  error
}

func (c *concealed) Error() string { return c.text }
func (c *concealed) Unwrap() error { return c.err }

// Format keeps every verb from printing what is inside.
func (c *concealed) Format(f fmt.State, _ rune) { io.WriteString(f, c.text) }

func (s Secrets) LogValue() slog.Value         { return slog.StringValue(instead) }
func (s Secrets) MarshalText() ([]byte, error) { return []byte(instead), nil }

// Format keeps every verb from printing what is inside.
func (s Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, instead) }

// ProxyAnswer is what is wrong with a proxy's answer to CONNECT, by its status:
// what it says beside that may be the login that it was told.
func ProxyAnswer(status int) error {
	switch status {
	case 200:
		return nil
	case 407:
		return errors.New("the proxy wants credentials (407): put them into HTTPS_PROXY")
	}
	return fmt.Errorf("the proxy does not connect to it: it answers %d", status)
}
