package gitwire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// manyFiles is a world with a repository of many small files.
func manyFiles(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "-- repos/o/many/d%d/f%d --\ncontents of %d\n", i%7, i, i)
	}
	return b.String()
}

// contentsOf reads a snapshot: path to blob, and blob to contents for those
// that came.
func contentsOf(t *testing.T, s *Snapshot) (paths map[string]string, contents map[string]string) {
	t.Helper()
	paths, contents = map[string]string{}, map[string]string{}
	err := s.Files(t.Context(), func(f File) error {
		paths[f.Path] = f.Blob
		data, err := f.Read()
		if f.Absent {
			if err == nil || f.Size != 0 {
				t.Errorf("%s is absent, and has %q", f.Path, data)
			}
			return nil
		}
		contents[f.Blob] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths, contents
}

func fetchUnknown(ctx context.Context, t *testing.T, c *Client, address string, known map[string]string) (paths, contents map[string]string, received int64) {
	t.Helper()
	r, err := c.Probe(ctx, Request{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := r.FetchUnknown(ctx, Limits{}, Blobs{}, func(_, blob string) bool {
		_, ok := known[blob]
		return ok
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	paths, contents = contentsOf(t, s)
	_, received = r.Wire()
	return paths, contents, received
}

func TestFetchUnknown(t *testing.T) { bothVersions(t, testFetchUnknown) }

func testFetchUnknown(t *testing.T, client newClient) {
	s := serve(t, manyFiles(500))
	c := client(t, Config{})
	for _, address := range []string{s.URL + "/o/many", filepath.Join(s.Dir, "o/many.git")} {
		// Whoever knows nothing gets all.
		paths, known, all := fetchUnknown(t.Context(), t, c, address, nil)
		if len(paths) != 500 || len(known) < 499 {
			t.Fatalf("%d files, %d contents", len(paths), len(known))
		}
		// A change, a file under another name, one that goes.
		if _, err := s.Commit("o/many", "-- d0/f0 --\nchanged at "+address+"\n-- d3/new --\ncontents of 5\n-- d1/f1 [deleted] --\n"); err != nil {
			t.Fatal(err)
		}
		paths, contents, few := fetchUnknown(t.Context(), t, c, address, known)
		if got := slices.Collect(maps.Values(contents)); len(got) != 1 || got[0] != "changed at "+address+"\n" {
			t.Errorf("%q came, want what has changed", got)
		}
		if few > all*2/3 {
			t.Errorf("%d bytes came, %d for everything", few, all)
		}
		maps.Copy(known, contents)
		for path, blob := range paths {
			if _, ok := known[blob]; !ok {
				t.Errorf("nobody knows the contents of %s", path)
			}
		}
		// Nothing new at all.
		if _, contents, _ := fetchUnknown(t.Context(), t, c, address, known); len(contents) != 0 {
			t.Errorf("%d contents came, want none", len(contents))
		}
	}
}

// A host that leaves nothing out, or does not hand out blobs, sends all.
func TestFetchUnknown_Fallback(t *testing.T) {
	s := serve(t, manyFiles(10))
	for name, change := range map[string]func(http.ResponseWriter, *http.Request, []byte) bool{
		"no filter": func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			if r.Method == "GET" {
				w.Header().Set("Content-Type", advertisement)
				io.WriteString(w, "000eversion 2\n000cls-refs\n0012fetch=shallow\n0000")
			}
			return r.Method == "GET"
		},
		"commits only": func(w http.ResponseWriter, _ *http.Request, asked []byte) bool {
			if !bytes.Contains(asked, []byte(isPack)) || bytes.Contains(asked, []byte("deepen")) {
				return false
			}
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			text := "ERR upload-pack: not our ref 1"
			fmt.Fprintf(w, "%04x%s", len(text)+4, text)
			return true
		},
	} {
		url := between(t, s, change)
		paths, contents, _ := fetchUnknown(t.Context(), t, client(t, Config{}), url+"/o/many", nil)
		if len(paths) != 10 || len(contents) != 10 {
			t.Errorf("%s: %d files, %d contents", name, len(paths), len(contents))
		}
	}
}

// Long questions are compressed.
func TestAsk_Zipped(t *testing.T) {
	s := serve(t, manyFiles(100))
	var encodings []string
	url := between(t, s, func(_ http.ResponseWriter, r *http.Request, asked []byte) bool {
		if r.Method == "POST" {
			encodings = append(encodings, r.Header.Get("Content-Encoding"))
		}
		if r.Header.Get("Content-Encoding") != "" && len(asked) > 4000 {
			t.Errorf("a question of %d bytes", len(asked))
		}
		return false
	})
	fetchUnknown(t.Context(), t, client(t, Config{}), url+"/o/many", nil)
	if want := []string{"", "", "gzip"}; !slices.Equal(encodings, want) {
		t.Errorf("questions are %q, want %q: refs, folders, contents", encodings, want)
	}
}
