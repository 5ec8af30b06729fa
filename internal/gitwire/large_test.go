package gitwire

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"

	"groma/internal/world"
	"groma/internal/world/worldtest"
)

const largeText = `
-- repos/o/large/a --
small
-- repos/o/large/b/large [repeat 9000] --
0123456789
-- repos/o/large/just --
0123456789
-- repos/o/large/same [repeat 9000] --
0123456789
`

// sizesOf lists the files of a snapshot, and says how many bytes came.
func sizesOf(t *testing.T, c *Client, url string, limits Limits) (files []File, received int64) {
	t.Helper()
	r, err := c.Probe(t.Context(), Request{Address: url + "/o/large"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := r.Fetch(t.Context(), limits)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Files(t.Context(), func(f File) error {
		if _, err := f.Read(); (err != nil) != f.Absent {
			t.Errorf("%s is absent %v, and reading it ends in %v", f.Path, f.Absent, err)
		}
		f.pack, f.index = nil, 0
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, received = r.Wire()
	return files, received
}

// What is known of a file does not depend on whether its contents came.
func TestFetch_LeavesOut(t *testing.T) {
	s := worldtest.Serve(t, largeText)
	whole, all := sizesOf(t, client(t, Config{}), s.URL, Limits{})
	first := client(t, Config{})
	first.first = true
	for name, test := range map[string]struct {
		client *Client
		url    string
		absent bool
	}{
		"v0":                  {first, s.URL, false},
		"v2":                  {client(t, Config{}), s.URL, true},
		"a host that lies":    {client(t, Config{}), answering(t, s, "0008size0000"), false},
		"one that fails":      {client(t, Config{}), answering(t, s, "000aERR no"), false},
		"one without a limit": {client(t, Config{}), s.URL, false},
	} {
		limits := Limits{FileBytes: 11} // just's size
		if name == "one without a limit" {
			limits = Limits{}
		}
		files, received := sizesOf(t, test.client, test.url, limits)
		for i := range files {
			if want := test.absent && files[i].Size > 11; files[i].Absent != want {
				t.Errorf("%s: %s of %d bytes is absent: %v", name, files[i].Path, files[i].Size, files[i].Absent)
			}
			files[i].Absent = false
		}
		if !slices.Equal(files, whole) {
			t.Errorf("%s: %v, want %v", name, files, whole)
		}
		if test.absent && received > all {
			t.Errorf("%s: %d bytes came, with everything %d", name, received, all)
		}
	}
}

// answering is a host that tells sizes in its own way.
func answering(t *testing.T, s *world.Server, text string) string {
	return between(t, s, func(w http.ResponseWriter, _ *http.Request, asked []byte) bool {
		if !bytes.Contains(asked, []byte("command=object-info")) {
			return false
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		io.WriteString(w, text)
		return true
	})
}
