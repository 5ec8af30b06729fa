package difference

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// later is a report with some of what can happen to a landscape between two
// surveys.
func later(random *rand.Rand, r *gromav1.Report) *gromav1.Report {
	r = proto.CloneOf(r)
	for i, p := range r.Projects {
		changeProject(random, r, i, p)
	}
	for _, row := range r.Repositories {
		changeRow(random, row)
	}
	r.Projects = slices.DeleteFunc(r.Projects, func(*gromav1.Project) bool { return random.IntN(12) == 0 })
	r.Repositories = slices.DeleteFunc(r.Repositories, func(*gromav1.Repository) bool { return random.IntN(15) == 0 })
	if random.IntN(3) == 0 {
		r.Survey.AsOf = timestamppb.New(reporttest.Began)
	}
	r.Totals = reporttest.Totals(r)
	return r
}

func changeProject(random *rand.Rand, r *gromav1.Report, i int, p *gromav1.Project) {
	switch random.IntN(8) {
	case 0:
		p.Slug, p.Name = fmt.Sprintf("renamed%02d", i), fmt.Sprint("Renamed ", i)
	case 1:
		p.Name += "!"
	case 2:
		p.Maturity, p.Graduated = "graduated", "2026-01-01"
	case 3:
		p.Repositories = p.Repositories[:len(p.Repositories)/2]
	case 4:
		p.Repositories = append(slices.Clone(p.Repositories), r.Repositories[random.IntN(len(r.Repositories))].Key)
	}
}

func changeRow(random *rand.Rand, row *gromav1.Repository) {
	counted := report.HasCount(row)
	switch random.IntN(8) {
	case 0, 1:
		if counted {
			row.Commit = fmt.Sprintf("%040x", random.Uint64())
			grow(random, row)
		}
	case 2:
		if counted {
			row.Method = "g2"
			grow(random, row)
		}
	case 3:
		if counted {
			row.Commit, row.Method = fmt.Sprintf("%040x", random.Uint64()), "g2"
			grow(random, row)
		}
	case 4:
		row.Outcome, row.Reason, row.Commit, row.Tally, row.Files, row.CountedAs = "not-found", "gone", "", nil, 0, ""
	case 5:
		if counted && row.MovedTo == "" {
			row.MovedTo = row.Key + "-moved"
		}
	case 6:
		if counted {
			row.Outcome = "reused"
		}
	}
}

func grow(random *rand.Rand, row *gromav1.Repository) {
	for _, t := range row.Tally {
		if random.IntN(2) == 0 {
			more := random.Int64N(1000) - min(400, t.Code)
			t.Code, t.Lines, t.Bytes = t.Code+more, t.Lines+more, t.Bytes+40*more
		}
	}
}

func shuffle(random *rand.Rand, r *gromav1.Report) *gromav1.Report {
	r = proto.CloneOf(r)
	random.Shuffle(len(r.Repositories), func(i, j int) { r.Repositories[i], r.Repositories[j] = r.Repositories[j], r.Repositories[i] })
	random.Shuffle(len(r.Projects), func(i, j int) { r.Projects[i], r.Projects[j] = r.Projects[j], r.Projects[i] })
	return r
}
