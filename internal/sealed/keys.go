package sealed

import (
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Keys are those of one file: the first seals, all open.
type Keys struct {
	first *key
	byID  map[string]*key
	ids   []string // in their order
}

type key struct {
	id   string
	aead cipher.AEAD
}

// named is the key of an id, nil if there is none.
func (k *Keys) named(id string) *key {
	if k == nil {
		return nil
	}
	return k.byID[id]
}

const (
	longestID = 64
	keyBytes  = 32 // as AES-256 wants them
)

// Parse reads a file of keys: a line for each, of an id and 32 random bytes in
// base64. Empty lines and those that begin with # are passed over. An error says
// which line is wrong, and nothing that is in it.
func Parse(text []byte) (*Keys, error) {
	keys := &Keys{byID: map[string]*key{}}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		words := strings.Fields(string(line))
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		made, err := parseKey(words)
		if err == nil && keys.byID[made.id] != nil {
			err = errors.New("its id is another line's, too: each key wants its own")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		keys.byID[made.id] = made
		keys.ids = append(keys.ids, made.id)
		if keys.first == nil {
			keys.first = made
		}
	}
	if keys.first == nil {
		return nil, errors.New(`it holds no key: want lines of an id and what "openssl rand -base64 32" prints`)
	}
	return keys, nil
}

func parseKey(words []string) (*key, error) {
	if len(words) != 2 {
		return nil, errors.New(`want an id, a space, and what "openssl rand -base64 32" prints`)
	}
	id := words[0]
	if len(id) > longestID || strings.ContainsFunc(id, notOfIDs) {
		return nil, fmt.Errorf("its first word is no id: want at most %d of letters, digits, and . _ -", longestID)
	}
	secret, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil || len(secret) != keyBytes {
		return nil, fmt.Errorf(`its second word is no key: want %d bytes in base64, as "openssl rand -base64 32" prints them`, keyBytes)
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	return &key{id: id, aead: aead}, nil
}

func notOfIDs(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
}

// IDs are those of the keys, which are no secret: that of the one which seals,
// then of the others. Nil keys have none.
func (k *Keys) IDs() []string {
	if k == nil {
		return nil
	}
	return k.ids
}

// String is what may be shown.
func (k *Keys) String() string {
	return strings.Join(k.IDs(), ", ")
}

// Format keeps every verb from printing more.
func (k *Keys) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue is what may be logged.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }
