package conceal_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"groma/internal/conceal"
)

const token = `tok"en/+1 é`

func TestIn(t *testing.T) {
	both := conceal.Login("name", token).And(conceal.Words("another-word", "", "abc"))
	for _, text := range []string{
		token, strings.ToUpper(token), url.QueryEscape(token), url.PathEscape(token), `tok\"en/+1 é`, hex.EncodeToString([]byte(token)),
		base64.StdEncoding.EncodeToString([]byte(token)), base64.StdEncoding.EncodeToString([]byte("name:" + token)), "another-word",
	} {
		if got := both.In("a " + text + " b"); got != "a [secret] b" {
			t.Errorf("%s: got %s", text, got)
		}
	}
	for _, text := range []string{"", "name", "abc", "another"} {
		if got := both.In(text); got != text {
			t.Errorf("%s: got %s", text, got)
		}
	}
	if got := (conceal.Secrets{}).In(token); got != token {
		t.Errorf("no secrets: got %s", got)
	}
	u, err := url.Parse("https://only-name@host/?ref=main&Private-Token=query-token")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := conceal.Address(u).In(u.String()), "https://[secret]@host/?ref=main&Private-Token=[secret]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzIn: whatever bytes a secret has, what a host says of it is taken out.
func FuzzIn(f *testing.F) {
	for _, word := range []string{token, "\xff\xfe\xff\xfe", "é\xff(?i)[", "\uFFFD\uFFFDab", "\x00\n\r\t", `\Q\E..`, "    ", strings.Repeat("\xfd", 4000)} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if len(word) < 4 || strings.Contains("[secret]", word) {
			t.Skip("it is no secret")
		}
		u := &url.URL{Scheme: "https", User: url.UserPassword("name", word), Host: "host", RawQuery: url.Values{"token": {word}}.Encode()}
		for _, s := range []conceal.Secrets{conceal.Words(word), conceal.Login("name", word), conceal.Address(u)} {
			for _, form := range []string{word, url.QueryEscape(word), hex.EncodeToString([]byte(word))} {
				if got := s.In("a " + form + " b"); strings.Contains(got, form) || !strings.Contains(got, "[secret]") {
					t.Errorf("%q: %q is left of %q", word, got, form)
				}
			}
		}
	})
}

func TestAtLeast(t *testing.T) {
	s := conceal.Words("true", "a-long-secret").AtLeast(8)
	if got, want := s.In("true: a-long-secret"), "true: [secret]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (conceal.Secrets{}).AtLeast(8).In("true"); got != "true" {
		t.Errorf("no secrets: got %s", got)
	}
}

func TestErr(t *testing.T) {
	s := conceal.Words("another-word")
	err := s.Err(fmt.Errorf("it says another-word: %w", io.EOF))
	if !errors.Is(err, io.EOF) || err.Error() != "it says [secret]: EOF" {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err), fmt.Sprintf("%v %+v %#v", s, s, &s), slog.AnyValue(s).Resolve().String()} {
		if strings.Contains(text, "another") {
			t.Errorf("it prints as %s", text)
		}
	}
	if err := s.Err(io.EOF); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if err := s.Err(nil); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestProxyAnswer(t *testing.T) {
	for status, ok := range map[int]bool{200: true, 407: false, 502: false} {
		if err := conceal.ProxyAnswer(status); (err == nil) != ok {
			t.Errorf("%d: %v", status, err)
		}
	}
}
