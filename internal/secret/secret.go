// Package secret keeps what proves who asks. It never prints, whatever the verb,
// and it is read anew whenever it is needed, so that one which has changed is
// used.
package secret

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// A Value is a secret; its zero is none.
type Value[T any] struct{ tell func() (T, error) } // fmt looks into fields, but not into functions

// Told is a secret that is told whenever it is needed.
func Told[T any](tell func() (T, error)) Value[T] { return Value[T]{tell} }

// IsSet says whether there is a secret.
func (v Value[T]) IsSet() bool { return v.tell != nil }

// Read is what is inside, read anew; zero if it is not set.
func (v Value[T]) Read() (T, error) {
	if v.tell == nil {
		var none T
		return none, nil
	}
	return v.tell()
}

func (v Value[T]) text() string {
	if v.IsSet() {
		return "[secret]"
	}
	return ""
}

// LogValue says only whether there is a secret.
func (v Value[T]) LogValue() slog.Value { return slog.StringValue(v.text()) }

// MarshalText says only whether there is a secret.
func (v Value[T]) MarshalText() ([]byte, error) { return []byte(v.text()), nil }

// Format keeps every verb from printing what is inside.
func (v Value[T]) Format(f fmt.State, _ rune) { io.WriteString(f, v.text()) }

// IsWord says whether a secret may be sent as it is: without control characters.
func IsWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// most is more than any file of certificates, tokens or secrets has.
const most = 1 << 20

// ReadFile reads a file of certificates, tokens or secrets.
func ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s: larger than %d bytes", path, most)
	}
	return text, err
}
