package survey

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"groma/internal/artefact"
)

// TestVerify_Missing takes each artefact away in turn.
func TestVerify_Missing(t *testing.T) {
	store := verifiable(t)
	summed := verify(t, store, id).Looked.Unchecked == 0 // else nobody can tell that it kept a request.json
	for _, key := range store.keys(t) {
		before, err := store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		v := verify(t, store, id)
		named := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Key == key })
		if need := !strings.HasPrefix(key, "counted/") && (summed || key != artefact.RequestKey(id)); named != need {
			t.Errorf("%s: found %v", key, v.Findings)
		}
		if err := store.Create(t.Context(), key, before); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerify_Older: what surveys of earlier versions have not is missed where
// something says that the survey is none of them.
func TestVerify_Older(t *testing.T) {
	request, reported, editions := artefact.RequestKey(id), artefact.ReportedKey(id), artefact.EditionsKey(id)
	for _, test := range []struct {
		summed     bool
		gone, want []string
	}{
		{true, []string{request}, []string{request}},
		{true, []string{reported}, []string{reported}},
		{true, []string{reported, editions}, []string{editions, reported}},
		{false, []string{request}, nil},
		{false, []string{request, reported}, []string{reported}},
		{false, []string{reported, editions}, nil},
		{false, []string{editions}, []string{editions}},
	} {
		store := newKept(t)
		whole(t, store, id, 25, allAt("c0"))
		if !test.summed {
			store.forgetSums(t)
		} else if v := verify(t, store, id); v.Looked.Unchecked > 0 {
			continue // files of this file system have no attributes
		}
		for _, key := range test.gone {
			if err := store.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, f := range verify(t, store, id).Findings {
			got = append(got, f.Key)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("with checksums: %v, without %v: found %v, want %v", test.summed, test.gone, got, test.want)
		}
	}
}

// TestVerify_NoFile puts what is no file in the place of each artefact in turn:
// it is found under its key, and nobody waits for it.
func TestVerify_NoFile(t *testing.T) {
	store := verifiable(t)
	for n, key := range store.keys(t) {
		if strings.HasPrefix(key, "counted/") {
			continue // which nobody reads
		}
		name := store.file(key)
		put := []func() error{
			func() error { return os.Mkdir(name, 0o700) },
			func() error { return syscall.Mkfifo(name, 0o600) },
			func() error { return os.Symlink(name+"-away", name) },
		}[n%3]
		if err := errors.Join(os.Rename(name, name+"-away"), put()); err != nil {
			t.Fatal(err)
		}
		v := verify(t, store, id)
		if !slices.ContainsFunc(v.Findings, func(f Finding) bool {
			return f.Key == key && strings.HasSuffix(f.Wrong, "lies in the place of its file") && f.Do != ""
		}) {
			t.Errorf("%s: found %v", key, v.Findings)
		}
		if err := errors.Join(os.Remove(name), os.Rename(name+"-away", name)); err != nil {
			t.Fatal(err)
		}
	}
	if v := verify(t, store, id); !v.Well() {
		t.Errorf("put back: %v", v.Findings)
	}
}
