package sheet

import (
	"io"
	"iter"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A tallyRow is a row of report.parquet: what one repository has of one
// language and class, or skipped for one reason; or that it has no count.
// A pointer that is nil is null.
type tallyRow struct {
	Survey      string     `parquet:"survey,dict"`
	Repository  string     `parquet:"repository,dict"`
	Host        string     `parquet:"host,dict"`
	Owner       string     `parquet:"owner,dict"`
	Name        string     `parquet:"name,dict"`
	Projects    []string   `parquet:"projects,list"`
	Outcome     string     `parquet:"outcome,dict"`
	Commit      *string    `parquet:"commit,dict,optional"`
	CommittedAt *time.Time `parquet:"committed_at,timestamp(millisecond:utc),optional"`
	Method      *string    `parquet:"method,dict,optional"`
	Language    *string    `parquet:"language,dict,optional"`
	Class       *string    `parquet:"class,dict,optional"`
	Programming bool       `parquet:"programming"`
	Skipped     *string    `parquet:"skipped,dict,optional"`
	Files       int64      `parquet:"files"`
	Lines       int64      `parquet:"lines"`
	Code        int64      `parquet:"code"`
	Comments    int64      `parquet:"comments"`
	Blanks      int64      `parquet:"blanks"`
	Complexity  int64      `parquet:"complexity"`
	Bytes       int64      `parquet:"bytes"`
}

// Tallies prints report.parquet: one row for each repository, language and
// class, and one for each reason for which a repository's files were skipped,
// so that all its files add up. A repository without either has one row in
// which language, class and skipped are null and figures zero, so that
// outcomes can be counted. Rows are sorted by repository, language and class.
func Tallies(w io.Writer, r *gromav1.Report) error {
	return writeParquet(w, func(yield func(tallyRow, error) bool) {
		for _, row := range byKey(r) {
			for _, t := range tallyRows(r.GetSurvey().GetId(), row) {
				if !yield(t, nil) {
					return
				}
			}
		}
	})
}

func tallyRows(survey string, r *gromav1.Repository) (rows []tallyRow) {
	facts := tallyRow{
		Survey: survey, Repository: r.Key, Host: r.Host, Owner: r.Owner, Name: r.Name, Projects: projectsOf(r),
		Outcome: r.Outcome, Commit: ifAny(r.Commit), CommittedAt: instant(r.CommittedAt), Method: ifAny(r.Method),
	}
	for _, t := range r.Tally {
		row := facts
		row.Language, row.Class, row.Programming = ifAny(t.Language), ifAny(t.Class), tally.Programming(t.Language)
		row.Files, row.Lines, row.Code, row.Comments, row.Blanks = t.Files, t.Lines, t.Code, t.Comments, t.Blanks
		row.Complexity, row.Bytes = t.Complexity, t.Bytes
		rows = append(rows, row)
	}
	for _, s := range r.Skipped {
		row := facts
		row.Skipped, row.Files, row.Bytes = ifAny(s.Why), s.Files, s.Bytes
		rows = append(rows, row)
	}
	if rows == nil {
		rows = []tallyRow{facts}
	}
	return rows
}

// ifAny is nil where a text is empty. An optional field of type string would
// not do: version 0.32 of the library writes some runs of empty ones as null
// and others as empty, by where they lie among the rows.
func ifAny(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func instant(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime()
	return &at
}

// A File is one file of a counted tree, and whose it is.
type File struct {
	// Repository is a key, commit a full hash, and method what counted it.
	Repository, Commit, Method string
	*gromav1.FileCount
}

// A fileRow is a row of files.parquet.
type fileRow struct {
	Repository string  `parquet:"repository,dict"`
	Commit     string  `parquet:"commit,dict"`
	Method     string  `parquet:"method,dict"`
	Path       string  `parquet:"path,delta"`
	Blob       string  `parquet:"blob"`
	Language   *string `parquet:"language,dict,optional"`
	Class      *string `parquet:"class,dict,optional"`
	Skipped    *string `parquet:"skipped,dict,optional"`
	Lines      int64   `parquet:"lines"`
	Code       int64   `parquet:"code"`
	Comments   int64   `parquet:"comments"`
	Blanks     int64   `parquet:"blanks"`
	Complexity int64   `parquet:"complexity"`
	Bytes      int64   `parquet:"bytes"`
	Override   *string `parquet:"override,dict,optional"`
	Generated  bool    `parquet:"generated"`
	Ecosystem  *string `parquet:"ecosystem,dict,optional"`
}

// Files prints files.parquet: one row for each file, in the order they come.
// It holds one group of rows at a time, however many there are. An error that
// comes with a file ends it and is returned.
func Files(w io.Writer, files iter.Seq2[File, error]) error {
	return writeParquet(w, func(yield func(fileRow, error) bool) {
		for f, err := range files {
			if !yield(fileRowOf(f), err) {
				return
			}
		}
	})
}

func fileRowOf(f File) fileRow {
	return fileRow{
		Repository: f.Repository, Commit: f.Commit, Method: f.Method,
		Path: f.GetPath(), Blob: f.GetBlob(), Language: ifAny(f.GetLanguage()), Class: ifAny(f.GetClass()), Skipped: ifAny(f.GetSkipped()),
		Lines: f.GetLines(), Code: f.GetCode(), Comments: f.GetComments(), Blanks: f.GetBlanks(),
		Complexity: f.GetComplexity(), Bytes: f.GetBytes(),
		Override: ifAny(f.GetOverride()), Generated: f.GetGenerated(), Ecosystem: ifAny(f.GetEcosystem()),
	}
}

const (
	groupRows = 128 << 10 // rows of a group, which is held in memory until it is whole
	batchRows = 512       // rows handed over at a time
)

// writeParquet writes rows until they end or one comes with an error.
func writeParquet[Row any](w io.Writer, rows iter.Seq2[Row, error]) error {
	out := parquet.NewGenericWriter[Row](w,
		parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(groupRows),
		parquet.CreatedBy("groma", "1", "0"), // or it would name the build
	)
	batch := make([]Row, 0, batchRows)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if batch = append(batch, row); len(batch) < batchRows {
			continue
		}
		if _, err := out.Write(batch); err != nil {
			return err
		}
		batch = slices.Delete(batch, 0, len(batch))
	}
	if _, err := out.Write(batch); err != nil {
		return err
	}
	return out.Close()
}
