package landscape

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"groma/internal/fault"
)

// mostListed is how many addresses a list may have: some 1,500 bytes are taken for
// each.
const mostListed = 500_000

// readList reads the address of a repository on each line. Each different
// repository is a project.
func (s *reading) readList(data []byte) error {
	if !utf8.Valid(data) || strings.IndexByte(string(data), 0) >= 0 {
		return errors.New("it is no list of repositories: it is not text in UTF-8")
	}
	if n := listed(data); n > mostListed {
		return fmt.Errorf("it has %d addresses, and may have %d: survey a part of it", n, mostListed)
	}
	seen := map[string]*entry{}
	for number, line := range lines(data) {
		address := withoutComment(line)
		if address == "" {
			continue
		}
		e := &entry{line: number}
		ref := e.refer(address, "", roleListed, sourceLandscape, number)
		e.name = nameFrom(ref.address)
		if ref.unsupported != nil || ref.address.secret {
			s.tellAddress(e, ref, address)
		}
		if first := seen[ref.address.Key]; first != nil {
			s.notes.add(sourceLandscape, number, "%s stands at line %d already; it is counted once", quoted(ref.address.Spelling), first.line)
			first.references = append(first.references, e.references...)
			continue
		}
		seen[ref.address.Key] = e
		s.entries = append(s.entries, e)
	}
	if len(s.entries) == 0 {
		return errors.New("it is an empty list: expected the address of a repository on each line")
	}
	return nil
}

// listed is how many addresses a list has.
func listed(data []byte) (n int) {
	for _, line := range lines(data) {
		if withoutComment(line) != "" {
			n++
		}
	}
	return n
}

// folderHeading begins the list of what was found in a folder.
const folderHeading = "# folder "

// readFolder reads the paths of the repositories in a folder. Each is a
// project, named by its path below the folder.
func (s *reading) readFolder(data []byte) error {
	folder := ""
	for number, line := range lines(data) {
		if number == 1 {
			heading, ok := strings.CutPrefix(line, folderHeading)
			if !ok || !strings.HasPrefix(heading, "/") {
				return fmt.Errorf("it is no folder's list: expected %q and an absolute path on its first line, found %s", folderHeading, quoted(line))
			}
			folder = path.Clean(heading)
			continue
		}
		if remark, ok := strings.CutPrefix(line, "#"); ok {
			s.notes.add(sourceLandscape, number, "%s", remark)
			continue
		}
		if line == "" {
			continue
		}
		e := &entry{line: number}
		ref := e.refer(line, "", roleFound, sourceLandscape, number)
		e.name = nameBelow(folder, ref.address)
		if ref.unsupported != nil {
			s.tellAddress(e, ref, line)
		}
		s.entries = append(s.entries, e)
	}
	if len(s.entries) == 0 {
		return errors.New("there is no git repository in this folder")
	}
	return nil
}

// readRepository reads one address.
func (s *reading) readRepository(data []byte) error {
	address := strings.TrimSpace(string(data))
	if address == "" {
		return errors.New("expected the address of a repository, found nothing")
	}
	e := &entry{line: 1}
	ref := e.refer(address, "", roleGiven, sourceLandscape, 1)
	e.name = nameFrom(ref.address)
	if ref.unsupported != nil || ref.address.secret {
		s.tellAddress(e, ref, address)
	}
	s.entries = append(s.entries, e)
	return nil
}

// lines yields each line of a text with its number, counting from 1.
func lines(data []byte) func(yield func(int, string) bool) {
	text := strings.TrimPrefix(string(data), "\uFEFF")
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.SplitSeq(text, "\n") {
			if number++; !yield(number, strings.TrimSuffix(line, "\r")) {
				return
			}
		}
	}
}

// withoutComment cuts what follows a # that begins a line or follows a space:
// in an address, # begins a fragment.
func withoutComment(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return ""
	}
	for _, begin := range []string{" #", "\t#"} {
		line, _, _ = strings.Cut(line, begin)
	}
	return strings.TrimSpace(line)
}

// nameFrom names a project after its repository.
func nameFrom(a Address) string {
	switch {
	case a.Host == hostInvalid:
		return cmp.Or(fault.Clip(clean(a.Spelling), longestSlug), "unnamed")
	case a.Name != "":
		return clean(strings.TrimSuffix(a.Name, ".git"))
	case a.Owner != "":
		return clean(a.Owner)
	}
	return clean(a.Host)
}

// nameBelow names a project after its path below a folder.
func nameBelow(folder string, a Address) string {
	below, ok := strings.CutPrefix(a.Fetch, strings.TrimSuffix(folder, "/")+"/")
	if a.Host != hostLocal || !ok {
		return nameFrom(a)
	}
	return clean(strings.TrimSuffix(below, ".git"))
}
