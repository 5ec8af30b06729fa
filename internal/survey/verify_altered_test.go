package survey

import (
	"bytes"
	"errors"
	"testing"

	"github.com/klauspost/compress/zstd"

	"groma/internal/artefact"
)

// TestVerify_Whose: what is of another survey, or cannot be one's, is found, and
// ends no verification.
func TestVerify_Whose(t *testing.T) {
	for key, changes := range map[string]map[string]string{
		artefact.ManifestKey(id): {`"survey": "s"`: `"survey": "other"`, `"shardSize": 10`: `"shardSize": 0`},
		artefact.RequestKey(id):  {`"survey":"s"`: `"survey":"other"`},
	} {
		for from, to := range changes {
			store := verifiable(t)
			data, err := store.Get(t.Context(), key)
			if err != nil || !bytes.Contains(data, []byte(from)) {
				t.Fatalf("%s in %s: %v", from, data, err)
			}
			store.change(t, key, bytes.Replace(data, []byte(from), []byte(to), 1))
			if v := verify(t, store, id); len(v.Findings) != 1 || v.Findings[0].Key != key {
				t.Errorf("%s: found %v", to, v.Findings)
			}
		}
	}
}

// TestVerify_Swapped: a report.md has its checksum wherever it lies; one that is
// another edition's, or another survey's, is found all the same, and one in other
// words is not.
func TestVerify_Swapped(t *testing.T) {
	const named = "list-20260102-030405-0a1b"
	store := verifiable(t)
	whole(t, store, named, 25, allAt("c0"))
	editions, err := Editions(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	markdown := func(id, edition string) string { return artefact.EditionKey(id, edition, "report.md") }
	first, later, others := markdown(id, artefact.FirstEdition), markdown(id, editions.Editions[1].Name), markdown(named, artefact.FirstEdition)
	for _, test := range []struct {
		key, from, old, new string
		found               bool
	}{
		{first, later, "", "", true},
		{later, first, "", "", true},
		{others, first, "", "", true},
		{others, others, "## Overview", "## In short", false},
	} {
		own, err := store.Get(t.Context(), test.key)
		data, failed := store.Get(t.Context(), test.from)
		if err := errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		store.change(t, test.key, bytes.Replace(data, []byte(test.old), []byte(test.new), 1))
		survey, _, _ := artefact.SurveyOf(test.key)
		if v := verify(t, store, survey); (len(v.Findings) == 1 && v.Findings[0].Key == test.key) != test.found || len(v.Findings)+len(v.Notes) != 1 {
			t.Errorf("%s in the place of %s: found %v, notes %v", test.from, test.key, v.Findings, v.Notes)
		}
		store.change(t, test.key, own)
	}
}

// TestVerify_OtherList: a file list with the same figures that has another README
// than the words of the commit are from is another commit's.
func TestVerify_OtherList(t *testing.T) {
	store, of := verifiable(t), artefact.FilesKey(key(3), "c0", "m")
	packed, err := store.Get(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	lines, err := decoder.DecodeAll(packed, nil)
	if err != nil || !bytes.Contains(lines, []byte(`"b3c0"`)) {
		t.Fatalf("%s: %v", lines, err)
	}
	store.change(t, of, encoder().EncodeAll(bytes.Replace(lines, []byte(`"b3c0"`), []byte(`"b3c1"`), 1), nil))
	if v := verify(t, store, id); len(v.Findings) != 1 || v.Findings[0].Key != of {
		t.Errorf("found %v", v.Findings)
	}
}
