package secretstest_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"groma/internal/secretstest"
)

// TestSearcher finds a mark that was put on purpose into each form and each
// container, and in those alone.
func TestSearcher(t *testing.T) {
	mark := secretstest.Mark()
	s := secretstest.NewSearcher(map[string]string{"it": mark, "other": secretstest.Mark()})
	for name, text := range map[string][]byte{
		"as it is":    []byte("said " + mark + " to it"),
		"lower case":  []byte(strings.ToLower(mark)),
		"cut off":     []byte("said " + mark[:16]),
		"cut before":  []byte(mark[10:]),
		"URL":         []byte("https://x/?a=" + url.QueryEscape(`"`+mark+"/")),
		"JSON":        quoted(t, "<"+mark+`">`),
		"base64":      []byte(base64.StdEncoding.EncodeToString([]byte(mark))),
		"base64 + 1":  []byte(base64.StdEncoding.EncodeToString([]byte("?" + mark + "?"))),
		"base64 + 2":  []byte(base64.RawURLEncoding.EncodeToString([]byte("??" + mark + "??"))),
		"Basic":       []byte("Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+mark))),
		"hexadecimal": []byte(hex.EncodeToString([]byte("x" + mark))),
		"upper hex":   []byte(strings.ToUpper(hex.EncodeToString([]byte(mark)))),
		"zstd":        append([]byte("before"), zstded(t, []byte(mark))...),
		"gzip":        append([]byte("before"), gzipped(t, []byte(mark))...),
		"both":        gzipped(t, zstded(t, []byte(base64.StdEncoding.EncodeToString([]byte(mark))))),
		"cut zstd":    zstded(t, noise(mark))[:200<<10],
		"Parquet":     table(t, mark),
	} {
		if found := s.Everything(name, text); len(found) == 0 || found[0].Mark != "it" {
			t.Errorf("%s: found %v", name, found)
		}
	}
	for _, text := range []string{"", "x", mark[:8], secretstest.Mark(), strings.Repeat("\x28\xb5\x2f\xfd\x1f\x8b\x08", 100)} {
		if found := s.Everything("nothing", []byte(text)); len(found) > 0 {
			t.Errorf("%q: found %v", text, found)
		}
	}
}

// TestFolder finds a mark in a database whose file does not have it yet, in a
// value of many pages, and in a name.
func TestFolder(t *testing.T) {
	marks := map[string]string{"short": secretstest.Mark(), "long": secretstest.Mark(), "name": secretstest.Mark()}
	folder := t.TempDir()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "a.db")+"?_pragma=journal_mode=wal")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() // the log is still there when it is searched
	long := zstded(t, []byte(strings.Repeat(secretstest.Mark(), 3000)+marks["long"]))
	for _, do := range []func() (sql.Result, error){
		func() (sql.Result, error) { return db.Exec("CREATE TABLE t (a TEXT, b BLOB)") },
		func() (sql.Result, error) { return db.Exec("INSERT INTO t VALUES (?, ?)", marks["short"], long) },
	} {
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, marks["name"]), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found, files, err := secretstest.NewSearcher(marks).Folder(folder)
	if err != nil || files < 3 {
		t.Fatalf("%d files, %v", files, err)
	}
	got := map[string]bool{}
	for _, f := range found {
		got[f.Mark] = true
	}
	if len(got) != len(marks) {
		t.Errorf("found %v", found)
	}
}

func quoted(t *testing.T, text string) []byte {
	t.Helper()
	out, err := json.Marshal(text)
	check(t, err)
	return out
}

func zstded(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	check(t, err)
	_, err = w.Write(text)
	check(t, err)
	check(t, w.Close())
	return out.Bytes()
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(text)
	check(t, err)
	check(t, w.Close())
	return out.Bytes()
}

// noise begins with a mark, and does not get smaller when it is packed.
func noise(mark string) []byte {
	text := make([]byte, 1<<20)
	rand.Read(text)
	return append([]byte(mark), text...)
}

// table is a Parquet file as reports have them.
func table(t *testing.T, mark string) []byte {
	t.Helper()
	type row struct{ A string }
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out, parquet.Compression(&parquet.Zstd))
	_, err := w.Write([]row{{"x"}, {mark}, {"y"}})
	check(t, err)
	check(t, w.Close())
	return out.Bytes()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
