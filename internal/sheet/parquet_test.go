package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

func readParquet[Row any](t *testing.T, data []byte) []Row {
	t.Helper()
	rows, err := parquet.Read[Row](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestTallies_AddUp: the rows of every repository have all its files, and
// every repository has a row.
func TestTallies_AddUp(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		r := reporttest.Random(random)
		files, code := map[string]int64{}, map[string]int64{}
		for _, row := range readParquet[tallyRow](t, sheets(t, r)["report.parquet"]) {
			files[row.Repository] += row.Files
			code[row.Repository] += row.Code
		}
		if len(files) != len(r.Repositories) {
			t.Errorf("%d repositories have rows, want %d", len(files), len(r.Repositories))
		}
		for _, row := range r.Repositories {
			var wantFiles, wantCode int64
			for _, tally := range row.Tally {
				wantFiles, wantCode = wantFiles+tally.Files, wantCode+tally.Code
			}
			for _, skipped := range row.Skipped {
				wantFiles += skipped.Files
			}
			if files[row.Key] != wantFiles || code[row.Key] != wantCode {
				t.Errorf("%s has %d files and %d lines of code, want %d and %d", row.Key, files[row.Key], code[row.Key], wantFiles, wantCode)
			}
		}
	}
}

func TestTallies_WithoutCount(t *testing.T) {
	r := &gromav1.Report{Repositories: []*gromav1.Repository{{Key: "h/o/n", Outcome: "not-found", Why: []string{"b: primary", "a: listed", "a: clomonitor"}}}}
	rows := readParquet[tallyRow](t, sheets(t, r)["report.parquet"])
	if len(rows) != 1 || rows[0].Outcome != "not-found" || rows[0].CommittedAt != nil || fmt.Sprint(rows[0].Projects) != "[a b]" {
		t.Errorf("rows are %+v, want one for the repository that was not found", rows)
	}
}

func TestFiles_RoundTrip(t *testing.T) {
	r := reporttest.Fixture()
	rows := readParquet[fileRow](t, sheets(t, r)["files.parquet"])
	n := 0
	for want := range files(r) {
		if !reflect.DeepEqual(rows[n], fileRowOf(want)) {
			t.Errorf("row %d is %+v, want %+v", n, rows[n], fileRowOf(want))
		}
		n++
	}
	if len(rows) != n {
		t.Errorf("%d rows, want %d", len(rows), n)
	}
}

// TestFiles_Null: what is empty is null, wherever it lies among the rows.
func TestFiles_Null(t *testing.T) {
	has := func(i int) bool { return i%64 >= 30 && i%64 < 60 }
	var out bytes.Buffer
	err := Files(&out, func(yield func(File, error) bool) {
		for i := range 640 {
			f := &gromav1.FileCount{Path: fmt.Sprint(i)}
			if has(i) {
				f.Language, f.Class, f.Skipped, f.Override, f.Ecosystem = "Go", "source", "no", "Go", "go"
			}
			if !yield(File{FileCount: f}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range readParquet[fileRow](t, out.Bytes()) {
		for _, text := range []*string{row.Language, row.Class, row.Skipped, row.Override, row.Ecosystem} {
			if has(i) != (text != nil) {
				t.Fatalf("row %d is %+v, want null just where nothing is", i, row)
			}
		}
	}
}

func TestFiles_Error(t *testing.T) {
	torn := errors.New("the list is torn")
	err := Files(io.Discard, func(yield func(File, error) bool) {
		_ = yield(File{}, nil) && yield(File{}, torn)
	})
	if !errors.Is(err, torn) {
		t.Errorf("Files returned %v, want %v", err, torn)
	}
}

// TestFiles_Memory: what is held does not grow with the number of files. The
// library's pooled buffers come and go; held rows would make it five times as
// much.
func TestFiles_Memory(t *testing.T) {
	var held []uint64
	err := Files(io.Discard, manyFiles(5*groupRows, func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		held = append(held, m.HeapAlloc)
	}))
	if err != nil {
		t.Fatal(err)
	}
	fifth := len(held) / 5
	first, last := slices.Max(held[:fifth]), slices.Max(held[4*fifth:])
	t.Logf("%d MB at first, %d MB at last", first>>20, last>>20)
	if last > 5*first/2 {
		t.Errorf("%d rows took %d MB, %d rows %d", groupRows, first>>20, 5*groupRows, last>>20)
	}
}

// manyFiles looks at something every so often.
func manyFiles(n int, look func()) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for i := range n {
			if i%20_000 == 0 {
				look()
			}
			f := &gromav1.FileCount{
				Path: fmt.Sprintf("internal/folder%d/file%d.go", i/100, i), Blob: fmt.Sprintf("%040x", uint64(i)*0x9e3779b97f4a7c15),
				Language: "Go", Class: "source", Lines: int64(i % 1000), Code: int64(i % 900), Bytes: int64(i % 30_000),
			}
			if !yield(File{Repository: fmt.Sprint("github.com/o/r", i/1000), Commit: "c", Method: "m", FileCount: f}, nil) {
				return
			}
		}
	}
}

func BenchmarkFiles(b *testing.B) {
	for b.Loop() {
		if err := Files(io.Discard, manyFiles(groupRows, func() {})); err != nil {
			b.Fatal(err)
		}
	}
}
