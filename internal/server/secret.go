package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// Secrets are words that prove who asks, any one of which will do. They never
// print; the zero has none.
type Secrets struct{ tell func() ([]string, error) }

// SecretText is a secret that is known, one on each line; empty is none.
func SecretText(text string) Secrets {
	if strings.TrimSpace(text) == "" {
		return Secrets{}
	}
	return Secrets{func() ([]string, error) { return secretLines(text) }}
}

// SecretFile is a file with one secret on each line. It is read whenever it is
// needed, so that one which has changed is used.
func SecretFile(path string) Secrets {
	if path == "" {
		return Secrets{}
	}
	return Secrets{func() ([]string, error) {
		text, err := readBounded(path)
		if err != nil {
			return nil, err
		}
		words, err := secretLines(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return words, nil
	}}
}

// shortest is the least a secret has: what is shorter is guessed.
const shortest = 16

func secretLines(text string) ([]string, error) {
	var words []string
	for line := range strings.Lines(text) {
		word := strings.TrimSpace(line)
		if word == "" {
			continue
		}
		if len(word) < shortest || strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, fmt.Errorf("want at least %d letters and digits on a line, as openssl rand -hex 32 makes them", shortest)
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return nil, errors.New("there is no secret in it")
	}
	return words, nil
}

// IsSet says whether there is a secret.
func (s Secrets) IsSet() bool { return s.tell != nil }

func (s Secrets) values() ([]string, error) {
	if s.tell == nil {
		return nil, nil
	}
	return s.tell()
}

func (s Secrets) text() string {
	if s.IsSet() {
		return "[secret]"
	}
	return ""
}

// LogValue says only whether there is a secret.
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.text()) }

// MarshalText says only whether there is a secret.
func (s Secrets) MarshalText() ([]byte, error) { return []byte(s.text()), nil }

// Format keeps every verb from printing what is inside.
func (s Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, s.text()) }

// mostOfFile is more than any file of certificates, tokens or secrets has.
const mostOfFile = 1 << 20

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostOfFile+1))
	if err == nil && len(text) > mostOfFile {
		err = fmt.Errorf("%s: larger than %d bytes", path, mostOfFile)
	}
	return text, err
}
