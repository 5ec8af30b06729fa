package difference

import (
	"fmt"
	"math/rand/v2"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// BenchmarkBetween compares two surveys of ten thousand repositories, half of
// which have another commit.
func BenchmarkBetween(b *testing.B) {
	before, after := many(10_000, 1), many(10_000, 2)
	for b.Loop() {
		Between(before, after)
	}
}

func many(repositories int, seed uint64) *gromav1.Report {
	random := rand.New(rand.NewPCG(seed, 1))
	r := &gromav1.Report{Survey: &gromav1.SurveyFacts{}, Totals: &gromav1.Totals{Repositories: int64(repositories)}}
	for i := range repositories {
		row := &gromav1.Repository{
			Key: fmt.Sprintf("github.com/o%d/r%d", i/10, i), Outcome: "counted", Commit: fmt.Sprint(random.IntN(2)), Method: "m",
		}
		for _, language := range []string{"Go", "Markdown", "Python", "Rust", "Shell", "YAML"} {
			for _, class := range []string{"source", "test", "vendored"} {
				code := random.Int64N(1000)
				row.Tally = append(row.Tally, &gromav1.Tally{Language: language, Class: class, Files: 1, Code: code, Lines: code})
			}
		}
		r.Repositories = append(r.Repositories, row)
		r.Projects = append(r.Projects, &gromav1.Project{Slug: fmt.Sprint("p", i), Name: fmt.Sprint("P", i), Repositories: []string{row.Key}})
	}
	return r
}
