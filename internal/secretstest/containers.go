package secretstest

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Bounds of what is unpacked: what is unpacked may be packed again.
const (
	deepest = 4
	longest = 256 << 20
)

// Everything finds the marks in text and in whatever is packed in it.
func (s *Searcher) Everything(where string, text []byte) []Finding {
	return s.unpack(where, text, 0)
}

func (s *Searcher) unpack(where string, text []byte, depth int) []Finding {
	found := s.Text(where, text)
	if depth == deepest {
		return found
	}
	for _, kind := range packings {
		for at, next := 0, 0; ; at = next {
			i := bytes.Index(text[at:], kind.magic)
			if i < 0 {
				break
			}
			next = at + i + len(kind.magic)
			if inner := kind.unpack(text[at+i:]); len(inner) > 0 {
				found = append(found, s.unpack(where+", "+kind.name, inner, depth+1)...)
			}
		}
	}
	return found
}

// packings are told by how they begin, wherever that is. What merely looks like
// one unpacks to nothing.
var packings = []struct {
	name   string
	magic  []byte
	unpack func([]byte) []byte
}{
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}, func(text []byte) []byte {
		r, err := zstd.NewReader(bytes.NewReader(text), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(longest))
		if err != nil {
			return nil
		}
		defer r.Close()
		return whatComes(r)
	}},
	{"gzip", []byte{0x1f, 0x8b, 0x08}, func(text []byte) []byte {
		r, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil
		}
		return whatComes(r)
	}},
}

// whatComes is what can be unpacked, be it the beginning.
func whatComes(r io.Reader) []byte {
	text, _ := io.ReadAll(io.LimitReader(r, longest))
	return text
}

const sqliteMagic = "SQLite format 3\x00"

// Folder finds the marks in the names and the contents of all files below a
// folder, and returns how many files it read. Nothing may write there meanwhile.
func (s *Searcher) Folder(root string) (found []Finding, files int, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		where := strings.TrimPrefix(path, root)
		found = append(found, s.Text("the name "+where, []byte(where))...)
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		found = append(found, s.Everything(where, text)...)
		if bytes.HasPrefix(text, []byte(sqliteMagic)) {
			rows, err := s.database(path, where)
			if err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
			found = append(found, rows...)
		}
		return nil
	})
	return found, files, err
}

// database finds the marks in each value of a database: a long one is in pieces
// in the file. It is read from a copy, since reading may write.
func (s *Searcher) database(path, where string) (found []Finding, err error) {
	folder, err := os.MkdirTemp("", "secretstest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	copied := filepath.Join(folder, "copy.db")
	for _, end := range []string{"", "-wal"} {
		text, err := os.ReadFile(path + end)
		if errors.Is(err, fs.ErrNotExist) && end != "" {
			continue
		}
		if err := errors.Join(err, os.WriteFile(copied+end, text, 0o600)); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: copied}).EscapedPath())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	tables, err := column(db, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		err := values(db, `SELECT * FROM "`+strings.ReplaceAll(string(table), `"`, `""`)+`"`, func(value []byte) {
			found = append(found, s.Everything(where+", table "+string(table), value)...)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func column(db *sql.DB, query string) (all [][]byte, err error) {
	err = values(db, query, func(value []byte) { all = append(all, bytes.Clone(value)) })
	return all, err
}

// values hands out every value that a query finds.
func values(db *sql.DB, query string, each func([]byte)) error {
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	row, at := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range row {
		at[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(at...); err != nil {
			return err
		}
		for _, value := range row {
			each(value)
		}
	}
	return rows.Err()
}
