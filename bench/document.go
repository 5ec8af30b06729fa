package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// WriteSection puts text into the document at path between the markers
// <!-- bench: name --> and <!-- end -->, and changes nothing else of it. A
// document without that marker gets it at its end; one that does not exist is
// begun with the introduction.
func WriteSection(path, name, introduction, text string) error {
	document, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		document, err = []byte(introduction), nil
	}
	if err != nil {
		return err
	}
	document, err = replaceSection(document, name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, document, 0o644)
}

const sectionEnd = "<!-- end -->"

func replaceSection(document []byte, name, text string) ([]byte, error) {
	marker := []byte("<!-- bench: " + name + " -->\n")
	before, rest, found := bytes.Cut(document, marker)
	after := []byte("\n")
	if found {
		var ended bool
		if _, after, ended = bytes.Cut(rest, []byte(sectionEnd)); !ended {
			return nil, fmt.Errorf("%q is not followed by %q", bytes.TrimSpace(marker), sectionEnd)
		}
	} else {
		before = append(bytes.TrimRight(document, "\n"), "\n\n"...)
	}
	return bytes.Join([][]byte{before, marker, []byte(text), []byte(sectionEnd), after}, nil), nil
}
