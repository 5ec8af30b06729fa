package vitals

import (
	"bytes"
	"strings"
)

// A Mailmap says who people are, in git's words (gitmailmap): for an address,
// and perhaps a name beside it, the right name, the right address, or both.
type Mailmap struct{ entries map[string]*entry }

// entry is what is known of one address.
type entry struct {
	is     Person            // what is right whatever the name
	byName map[string]Person // what is right for one name
}

// ParseMailmap reads a .mailmap. What is no entry is no entry; nothing is an
// error, as for git.
func ParseMailmap(text []byte) Mailmap {
	m := Mailmap{entries: map[string]*entry{}}
	for line := range bytes.Lines(text) {
		m.line(strings.TrimSuffix(string(line), "\n"))
	}
	return m
}

func (m Mailmap) line(line string) {
	if strings.HasPrefix(line, "#") {
		return
	}
	right, rest, ok := person(line)
	if !ok || right.Mail == "" {
		return
	}
	if old, _, ok := person(rest); ok {
		m.add(right, old)
		return
	}
	m.add(Person{Name: right.Name}, Person{Mail: right.Mail})
}

// person reads "Name <mail>", and returns what stands behind it.
func person(text string) (p Person, rest string, ok bool) {
	name, behind, ok := strings.Cut(text, "<")
	if !ok {
		return Person{}, "", false
	}
	mail, rest, ok := strings.Cut(behind, ">")
	return Person{Name: strings.Trim(name, " \t\r\n\v\f"), Mail: mail}, rest, ok
}

// add notes what is right for an old address, and an old name if there is one.
func (m Mailmap) add(right, old Person) {
	e := m.entries[fold(old.Mail)]
	if e == nil {
		e = &entry{}
		m.entries[fold(old.Mail)] = e
	}
	if old.Name == "" {
		e.is = right.or(e.is)
		return
	}
	if e.byName == nil {
		e.byName = map[string]Person{}
	}
	e.byName[fold(old.Name)] = right
}

// or is p, with what it lacks taken from another.
func (p Person) or(other Person) Person {
	if p.Name == "" {
		p.Name = other.Name
	}
	if p.Mail == "" {
		p.Mail = other.Mail
	}
	return p
}

// Resolve returns who a person is.
func (m Mailmap) Resolve(p Person) Person {
	e := m.entries[fold(p.Mail)]
	if e == nil {
		return p
	}
	if right, ok := e.byName[fold(p.Name)]; ok {
		return right.or(p)
	}
	return e.is.or(p)
}

// fold makes the letters of ASCII small, as git compares names and addresses.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
