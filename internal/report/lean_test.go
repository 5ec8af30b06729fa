package report

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// TestLean: a lean report has the same analyses, and each of its rows leads to
// the whole one.
func TestLean(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		manifest, rows := anyLandscape(random)
		manifest.Spec.Languages = nil
		for _, row := range rows {
			if c := row.Census; c != nil {
				c.Tally = append(c.Tally, lines("Rust", "generated", random.Int64N(9)), lines("Rust", "test", random.Int64N(9)), lines("Rust", "vendored", 5), lines("HTML", "generated", 7))
			}
		}
		whole := Build(manifest, rows, ended)
		lean := NewLean(manifest)
		byKey := map[string]*gromav1.Row{}
		for _, row := range rows {
			lean.Add(row)
			byKey[row.Taken.Key] = row
		}
		report := lean.Report(ended)
		for _, s := range []Settings{{}, {Language: "Rust"}, {Language: "Go", Measure: "bytes"}} {
			if want, got := Analyse(whole, s), Analyse(report, s); !proto.Equal(got, want) {
				t.Fatalf("the analysis is\n%v\nwant\n%v", got, want)
			}
		}
		for i, planned := range manifest.Landscape.Repositories {
			if got := Whole(report.Repositories[i], planned, byKey[planned.Key]); !proto.Equal(got, whole.Repositories[i]) {
				t.Fatalf("the row is\n%v\nwant\n%v", got, whole.Repositories[i])
			}
		}
	}
}
