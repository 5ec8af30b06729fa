// Package words finds what a repository says itself: the sentences of its
// README and docs that name a programming language, and the adopters that it
// lists.
//
// It would rather miss than mistake. A name that is also an English word or a
// letter (Go, C, Swift) counts only beside words that show what is meant; an
// adopter is one only where a row, a list or a heading plainly says so.
//
// For any contents, however hostile:
//
//   - every text is a piece of its document in its own words, without markup,
//     in one line of valid UTF-8 without control characters, and bounded;
//   - every line lies in its document, and every link is http or https;
//   - the same documents, added in any order, give the same words;
//   - what is read and what is kept are bounded, of a document and of a
//     repository, and what reading costs grows as the contents do.
//
// The package computes and does nothing else.
package words

import (
	"bytes"

	gromav1 "groma/proto/groma/v1"
)

// Rules is the version of everything that decides what is kept. Words that
// were read by other rules are to be read again.
const Rules = "words/2"

// Bounds of what is read and kept.
const (
	// LargestDocument is the size in bytes beyond which a document is not read.
	LargestDocument = 256 << 10
	// mostBytes bounds the bytes of the documents of a repository that are
	// read, in which contents that are read once count once.
	mostBytes = 16 << 20
	// mostDocuments is how many documents of a repository are read.
	mostDocuments = 400
	// mostSayings and mostOfLanguage bound the sentences of one document: all,
	// and those kept for the sake of one language.
	mostSayings    = 60
	mostOfLanguage = 10
	// mostSayingsInAll and mostOfLanguageInAll bound those of a repository.
	mostSayingsInAll    = 400
	mostOfLanguageInAll = 40
	// mostAdopters and mostAdoptersInAll bound the adopters of one document and
	// those of a repository.
	mostAdopters      = 1000
	mostAdoptersInAll = 2000
	// mostText bounds the bytes of all text in the words of a repository.
	mostText = 512 << 10
)

// Read reads one document. It returns nil for a document that says nothing, is
// no text or is too large, and for a path that is not [Wanted].
func Read(path, blob string, content []byte) *gromav1.Document {
	kind, ok := Wanted(path)
	if !ok || len(content) > LargestDocument || bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	document := &gromav1.Document{Path: path, Blob: blob, Kind: kind}
	if kind == KindAdopters {
		all := adoptersIn(path, content)
		document.AdoptersCount = int64(len(all))
		document.Adopters = all[:min(len(all), mostAdopters)]
	} else {
		all := sayingsIn(path, content)
		document.SayingsCount = int64(len(all))
		document.Sayings = fewSayings(all)
	}
	if document.AdoptersCount == 0 && document.SayingsCount == 0 {
		return nil
	}
	return document
}

func fewSayings(all []*gromav1.Saying) []*gromav1.Saying {
	var few []*gromav1.Saying
	for _, i := range weightiest(all, mostSayings, mostOfLanguage) {
		few = append(few, all[i])
	}
	return few
}
