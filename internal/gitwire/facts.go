package gitwire

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// Version is the version of git's protocol that the remote speaks: 2, or 0. It
// is known until the remote is closed.
func (r *Remote) Version() int {
	if h, ok := r.session.(*httpSession); ok && h.second != nil {
		return 2
	}
	return 0
}

// Hosts are those that there are credentials for, sorted. names are all that
// the environment has, since it cannot be asked for names by their beginning.
func Hosts(from CredentialSources, names []string) ([]string, error) {
	if _, err := LoadCredentials(from); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for host, name := range wellKnown {
		if from.Env != nil && strings.TrimSpace(from.Env(name)) != "" {
			found[host] = true
		}
	}
	for _, name := range names {
		if host := hostOf(name); host != "" && from.Env != nil && strings.TrimSpace(from.Env(name)) != "" {
			found[host] = true
		}
	}
	for path, parse := range map[string]func(string) (map[string]secret, error){
		from.TokenFile: parseTokens,
		from.NetrcPath: func(text string) (map[string]secret, error) { return parseNetrc(text), nil },
	} {
		text, err := readIfThere(path)
		if err != nil {
			return nil, err
		}
		secrets, err := parse(text)
		if err != nil {
			return nil, err
		}
		for host := range secrets {
			found[host] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func readIfThere(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// hostOf undoes [tokenVariable]; empty for other variables.
func hostOf(name string) string {
	host, ok := strings.CutPrefix(name, "GROMA_TOKEN_")
	if !ok {
		return ""
	}
	host = strings.ToLower(strings.NewReplacer("__", "-", "_", ".").Replace(host))
	if tokenVariable(host) != name {
		return ""
	}
	return host
}
