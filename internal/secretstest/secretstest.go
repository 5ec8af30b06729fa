// Package secretstest finds marked secrets in whatever a program has written.
//
// A mark is found as it is, in either case, in base64 at each of its three
// alignments (so in "Basic" of a name and the mark, too) and in hexadecimal; half
// of it is enough, so that one which was cut off is found. What is compressed or
// in a database is looked into: zstd, gzip, SQLite with what is not yet in its
// file, and Parquet, whose pages are zstd. Marks have letters and digits only,
// which are the same in JSON and in URLs.
//
// Only tests use it.
package secretstest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Mark is a new secret: a word that stands nowhere else.
func Mark() string { return rand.Text() }

// shortest is the least that a mark must have, so that half of it is no accident.
const shortest = 24

// A needle is one form that half of a mark may have.
type needle struct {
	name, form, text string
	exact            bool // letter case counts
}

// A Searcher looks for marks. It is safe for concurrent use.
type Searcher struct {
	needles map[uint16][]needle // by their first two bytes, in lower case
	starts  [1 << 16]bool       // whether there are some
}

// NewSearcher looks for marks, which are given by the names that they are told
// by.
func NewSearcher(marks map[string]string) *Searcher {
	s := &Searcher{needles: map[uint16][]needle{}}
	for name, mark := range marks {
		if len(mark) < shortest {
			panic(fmt.Sprintf("the mark of %s has %d bytes, want at least %d", name, len(mark), shortest))
		}
		for _, half := range []string{mark[:len(mark)/2], mark[len(mark)/2:]} {
			s.add(needle{name, "as it is", half, false})
			s.add(needle{name, "in hexadecimal", hex.EncodeToString([]byte(half)), false})
			for _, text := range aligned(half) {
				s.add(needle{name, "in base64", text, true})
			}
		}
	}
	return s
}

// aligned are the forms of a text in the middle of base64, less what also depends
// on its neighbours, in both alphabets.
func aligned(text string) (forms []string) {
	for before := range 3 {
		whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
		first := []int{0, 2, 3}[before]
		whole = whole[first : (before+len(text))*8/6]
		forms = append(forms, whole, strings.NewReplacer("+", "-", "/", "_").Replace(whole))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

func (s *Searcher) add(n needle) {
	key := pair(n.text[0], n.text[1])
	s.needles[key], s.starts[key] = append(s.needles[key], n), true
}

func pair(a, b byte) uint16 { return uint16(lower(a))<<8 | uint16(lower(b)) }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// A Finding is a mark that was found.
type Finding struct {
	Mark  string // its name
	Where string
	Form  string
	Near  string // what stands around it
}

func (f Finding) String() string {
	return fmt.Sprintf("%s, %s, in %s: %q", f.Mark, f.Form, f.Where, f.Near)
}

// Text finds the marks in text as it is, each once.
func (s *Searcher) Text(where string, text []byte) (found []Finding) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(text); i++ {
		key := pair(text[i], text[i+1])
		if !s.starts[key] {
			continue
		}
		for _, n := range s.needles[key] {
			if !seen[n.name] && n.at(text[i:]) {
				seen[n.name] = true
				found = append(found, Finding{n.name, where, n.form, string(text[max(0, i-200):min(len(text), i+120)])})
			}
		}
	}
	return found
}

func (n needle) at(text []byte) bool {
	if len(text) < len(n.text) {
		return false
	}
	head := string(text[:len(n.text)])
	return head == n.text || !n.exact && strings.EqualFold(head, n.text)
}
