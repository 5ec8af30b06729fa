package bench

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ParseList reads repositories, one a line: OWNER/NAME, or an address that
// ends so. Empty lines and what follows a # are passed over, and so is a
// repository that stood before.
func ParseList(data []byte) ([]string, error) {
	repositories, seen := []string{}, map[string]bool{}
	for line := range bytes.Lines(data) {
		text, _, _ := strings.Cut(string(line), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		repository, err := ParseRepository(text)
		if err != nil {
			return nil, err
		}
		if !seen[repository] {
			seen[repository] = true
			repositories = append(repositories, repository)
		}
	}
	if len(repositories) == 0 {
		return nil, errors.New("no repository is listed")
	}
	return repositories, nil
}

// repositoryName is what may become a path and an argument of a shell.
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*$`)

// ParseRepository reads OWNER/NAME, or an address https://HOST/OWNER/NAME.
func ParseRepository(text string) (string, error) {
	repository := text
	if _, rest, ok := strings.Cut(text, "://"); ok {
		_, repository, _ = strings.Cut(rest, "/")
	}
	repository = strings.TrimSuffix(strings.TrimSuffix(repository, "/"), ".git")
	if !repositoryName.MatchString(repository) {
		return "", fmt.Errorf("repository %q: want OWNER/NAME", text)
	}
	return repository, nil
}
