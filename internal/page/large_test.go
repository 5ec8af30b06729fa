package page

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// large is a report with so many projects, each with all that Aqueduct has and
// a second repository.
func large(n int) *gromav1.Report {
	r := reporttest.Fixture()
	model, project := r.Repositories[0], r.Projects[0]
	for _, row := range r.Repositories {
		if row.Key == "github.com/aqueduct/aqueduct" {
			model = row
		}
	}
	for _, p := range r.Projects {
		if p.Slug == "aqueduct" {
			project = p
		}
	}
	for i := len(r.Projects); i < n; i++ {
		p := proto.CloneOf(project)
		p.Name, p.Slug, p.Repositories = fmt.Sprintf("Aqueduct the %dth", i), fmt.Sprintf("aqueduct-%d", i), nil
		p.Category = fmt.Sprint("Category ", i%30)
		for j := range 2 {
			row := proto.CloneOf(model)
			row.Name = fmt.Sprintf("aqueduct-%d-%d", i, j)
			row.Key = "github.com/aqueduct/" + row.Name
			p.Repositories = append(p.Repositories, row.Key)
			r.Repositories = append(r.Repositories, row)
		}
		r.Projects = append(r.Projects, p)
	}
	r.Totals = reporttest.Totals(r)
	return r
}

// TestRender_Size: a page of a large landscape can be sent by mail.
func TestRender_Size(t *testing.T) {
	page := render(t, report.Analyses(large(255), report.Settings{})...)
	if len(page) > 2<<20 {
		t.Errorf("the page of 255 projects has %d bytes, want at most 2 MiB", len(page))
	}
	t.Logf("%d bytes", len(page))
}

func BenchmarkRender(b *testing.B) {
	for _, n := range []int{255, 2000} {
		analyses := report.Analyses(large(n), report.Settings{})
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				page, err := Render(analyses...)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(page)), "bytes")
			}
		})
	}
}
