package server

import (
	"errors"
	"fmt"
	"strings"

	"groma/internal/secret"
)

// Secrets are words that prove who asks, any one of which will do.
type Secrets = secret.Value[[]string]

// SecretText is a secret that is known, one on each line; empty is none.
func SecretText(text string) Secrets {
	if strings.TrimSpace(text) == "" {
		return Secrets{}
	}
	return secret.Told(func() ([]string, error) { return secretLines(text) })
}

// SecretFile is a file with one secret on each line. It is read whenever it is
// needed, so that one which has changed is used.
func SecretFile(path string) Secrets {
	if path == "" {
		return Secrets{}
	}
	return secret.Told(func() ([]string, error) {
		text, err := secret.ReadFile(path)
		if err != nil {
			return nil, err
		}
		words, err := secretLines(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return words, nil
	})
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
		if len(word) < shortest || !secret.IsWord(word) {
			return nil, fmt.Errorf("want at least %d letters and digits on a line, as openssl rand -hex 32 makes them", shortest)
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return nil, errors.New("there is no secret in it")
	}
	return words, nil
}
