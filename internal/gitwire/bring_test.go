package gitwire

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

// manyFiles is a world with a repository of many small files.
func manyFiles(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "-- repos/o/many/d%d/f%d --\ncontents of %d\n", i%7, i, i)
	}
	return b.String()
}

// bringUnknown fetches the folders and brings the contents that are not known.
// It returns path to blob, and blob to contents for those that came.
func bringUnknown(t *testing.T, c *Client, address string, known map[string]string) (paths, contents map[string]string, received int64, err error) {
	t.Helper()
	r, err := c.Probe(t.Context(), Request{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !r.HandsOutBlobs() {
		t.Fatal("it does not hand out blobs")
	}
	s, err := r.FetchFolders(t.Context(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var files []File
	paths, contents = map[string]string{}, map[string]string{}
	wanted := map[string]bool{}
	err = s.Files(t.Context(), func(f File) error {
		if _, err := f.Read(); err == nil || !f.Absent || f.Size != 0 {
			t.Errorf("%s of %d bytes came with the folders", f.Path, f.Size)
		}
		if _, ok := known[f.Blob]; !ok {
			wanted[f.Blob] = true
		}
		paths[f.Path] = f.Blob
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Bring(t.Context(), Limits{}, s, slices.Sorted(maps.Keys(wanted))); err != nil {
		return nil, nil, 0, err
	}
	for _, f := range files {
		f = s.Find(f)
		if f.Absent == wanted[f.Blob] {
			t.Errorf("%s is absent: %v", f.Path, f.Absent)
		}
		if data, err := f.Read(); err == nil {
			contents[f.Blob] = string(data)
		}
	}
	_, received = r.Wire()
	return paths, contents, received, nil
}

func TestBring(t *testing.T) { bothVersions(t, testBring) }

func testBring(t *testing.T, client newClient) {
	s := worldtest.Serve(t, manyFiles(500))
	c := client(t, Config{})
	bring := func(address string, known map[string]string) (paths, contents map[string]string, received int64) {
		paths, contents, received, err := bringUnknown(t, c, address, known)
		if err != nil {
			t.Fatal(err)
		}
		return paths, contents, received
	}
	for _, address := range []string{s.URL + "/o/many", filepath.Join(s.Dir, "o/many.git")} {
		// Whoever knows nothing gets all.
		paths, known, all := bring(address, nil)
		if len(paths) != 500 || len(known) < 499 {
			t.Fatalf("%d files, %d contents", len(paths), len(known))
		}
		// A change, a file under another name, one that goes.
		if _, err := s.Commit("o/many", "-- d0/f0 --\nchanged at "+address+"\n-- d3/new --\ncontents of 5\n-- d1/f1 [deleted] --\n"); err != nil {
			t.Fatal(err)
		}
		paths, contents, few := bring(address, known)
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
		if _, contents, _ := bring(address, known); len(contents) != 0 {
			t.Errorf("%d contents came, want none", len(contents))
		}
	}
}

// A host may offer less, or hand out less than it offers.
func TestBring_Error(t *testing.T) {
	s := worldtest.Serve(t, manyFiles(10))
	url := between(t, s, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Method == "GET" {
			w.Header().Set("Content-Type", advertisement)
			io.WriteString(w, "000eversion 2\n000cls-refs\n0012fetch=shallow\n0000")
		}
		return r.Method == "GET"
	})
	r, err := client(t, Config{}).Probe(t.Context(), Request{Address: url + "/o/many"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.HandsOutBlobs() {
		t.Error("a host without filters hands out blobs")
	}
	url = between(t, s, func(w http.ResponseWriter, _ *http.Request, asked []byte) bool {
		if !bytes.Contains(asked, []byte(isPack)) || bytes.Contains(asked, []byte("deepen")) {
			return false
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		text := "ERR upload-pack: not our ref 1"
		fmt.Fprintf(w, "%04x%s", len(text)+4, text)
		return true
	})
	if _, _, _, err := bringUnknown(t, client(t, Config{}), url+"/o/many", nil); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a host that hands out commits only: %v, want not-found", err)
	}
}

// Long questions are compressed.
func TestAsk_Zipped(t *testing.T) {
	s := worldtest.Serve(t, manyFiles(100))
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
	if _, _, _, err := bringUnknown(t, client(t, Config{}), url+"/o/many", nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"", "", "gzip"}; !slices.Equal(encodings, want) {
		t.Errorf("questions are %q, want %q: refs, folders, contents", encodings, want)
	}
}
