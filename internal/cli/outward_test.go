package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"groma/internal/fault"
	"groma/internal/gitwire"
)

// settled are the settings that flags give.
func settled(t *testing.T, args ...string) *workSettings {
	t.Helper()
	s := &workSettings{}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.register(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOutward: who is told nothing asks https at public addresses; what flags
// allow comes on top.
func TestOutward(t *testing.T) {
	for _, test := range []struct {
		args    []string
		allowed []string // of places below
	}{
		{nil, []string{"https://github.com", "https://8.8.8.8", "https://git.corp.example"}},
		{[]string{"--allow-host", "*.corp.example,github.com"}, []string{"https://github.com", "https://git.corp.example"}},
		{[]string{"--deny-host", "github.com", "--deny-network", "8.8.8.0/24"}, []string{"https://git.corp.example"}},
		{[]string{"--allow-network", "10.0.0.0/8"}, []string{"https://github.com", "https://8.8.8.8", "https://10.0.0.1", "https://git.corp.example"}},
		{[]string{"--allow-http", "github.com", "--allow-ssh", "github.com"}, []string{"https://github.com", "https://8.8.8.8", "http://github.com", "ssh://github.com", "https://git.corp.example"}},
	} {
		s := settled(t, test.args...)
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		for _, place := range [][2]string{
			{"https", "github.com"}, {"http", "github.com"}, {"ssh", "github.com"}, {"https", "8.8.8.8"}, {"https", "10.0.0.1"}, {"https", "127.0.0.1"}, {"https", "git.corp.example"},
		} {
			name := place[0] + "://" + place[1]
			if err := s.git.guard.Place(place[0], place[1]); (err == nil) != slices.Contains(test.allowed, name) {
				t.Errorf("%v: %s: %v", test.args, name, err)
			}
		}
	}
}

// TestOutward_Asked: what servers and workers ask with keeps to the rules.
func TestOutward_Asked(t *testing.T) {
	for _, test := range []struct {
		args    []string
		refused string
	}{
		{nil, "--allow-network"},
		{[]string{"--allow-network", "127.0.0.1", "--deny-host", "127.0.0.1"}, "--deny-host"},
		{[]string{"--allow-network", "127.0.0.1", "--allow-host", "github.com"}, "--allow-host"},
	} {
		s := settled(t, test.args...)
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		git, err := s.git.client(Terminal{Env: func(string) string { return "" }}, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer git.Close()
		_, repository := git.Probe(t.Context(), gitwire.Request{Address: "https://127.0.0.1:1/o/n"})
		_, file := s.sources().ReadFile(t.Context(), "https://127.0.0.1:1/landscape.yml")
		for _, err := range []error{repository, file} {
			if fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), test.refused) {
				t.Errorf("%v: %v, want one that says %s", test.args, err, test.refused)
			}
		}
	}
}

func TestOutward_Error(t *testing.T) {
	for _, args := range [][]string{
		{"--allow-host", "https://github.com"}, {"--deny-host", "host:80"}, {"--allow-http", "*.*"}, {"--allow-ssh", "-o"},
		{"--allow-network", "10.0.0.0/40"}, {"--deny-network", "corp.example"},
	} {
		var usage usageError
		if err := settled(t, args...).check(); !errors.As(err, &usage) {
			t.Errorf("%v: %v, want wrong usage", args, err)
		}
	}
}

// TestOutward_ByHand: a command that is run by hand asks whatever it is told to.
func TestOutward_ByHand(t *testing.T) {
	var s gitSettings
	s.register(pflag.NewFlagSet("", pflag.ContinueOnError))
	if s.guard != nil {
		t.Error("git has a guard that nobody asked for")
	}
}
