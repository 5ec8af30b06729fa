package reporttest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// Random is a report with up to a few dozen projects and repositories, in
// which anything may happen that can: shared and moved repositories, projects
// without any, sizes around every threshold.
func Random(random *rand.Rand) *gromav1.Report {
	r := &gromav1.Report{Survey: &gromav1.SurveyFacts{
		Id: "random-20260102-030405-1f0c", StartedAt: timestamppb.New(Began), EndedAt: timestamppb.New(Began.Add(time.Minute)),
		Method: method, Source: &gromav1.Source{Name: "random.yml", Sha256: "ab"}, Spec: &gromav1.SurveySpec{Source: "random.yml"},
	}}
	n := 1 + random.IntN(40)
	var counted []string
	for i := range n {
		key := fmt.Sprintf("github.com/o/r%02d", i)
		switch random.IntN(8) {
		case 0:
			gone(r, key, pick(random, "not-found", "denied", "empty", "failed", "timed-out"), "so it was")
		case 1:
			if len(counted) > 0 {
				home := pick(random, counted...)
				row := gone(r, key, "moved", "it is "+home+" now")
				row.MovedTo, row.CountedAs, row.Commit = home, home, named(r, home).Commit
				continue
			}
			fallthrough
		default:
			furnish(random, repository(r, key, tallies(random)...))
			counted = append(counted, key)
		}
	}
	for p := range random.IntN(25) {
		addProject(random, r, p, n)
	}
	if random.IntN(2) == 0 {
		r.Annotations = randomAnnotations(random, r)
	}
	r.Totals = Totals(r)
	return r
}

// tallies are of a few languages and classes, each pair at most once, of sizes
// that lie around floor and threshold.
func tallies(random *rand.Rand) (texts []string) {
	sizes := []int64{0, 1, 110, 890, 999, 1000, 1001, 8900, 1100, random.Int64N(100), random.Int64N(1_000_000)}
	for _, language := range []string{"Rust", "Go", "C Header", "HTML", "YAML", "Shell", "Python"} {
		for _, class := range []string{"source", "test", "vendored", "generated", "documentation", "configuration"} {
			if random.IntN(5) == 0 {
				texts = append(texts, fmt.Sprintf("%s %s %d %d", language, class, pick(random, sizes...), random.Int64N(50)))
			}
		}
	}
	return texts
}

// furnish gives a repository some of what it may have.
func furnish(random *rand.Rand, row *gromav1.Repository) {
	if random.IntN(3) == 0 {
		vital(row, 5+random.Int64N(500), 3+random.Int64N(40), random.Int64N(20), "")
	}
	if random.IntN(4) == 0 {
		said(row, "It is made in Rust.", "It is fast.")
	}
	if random.IntN(2) == 0 {
		row.Packages = map[string]int64{pick(random, "cargo", "npm", "go"): 1 + random.Int64N(5)}
	}
}

func addProject(random *rand.Rand, r *gromav1.Report, p, repositories int) {
	date := func() string {
		if random.IntN(4) == 0 {
			return ""
		}
		return fmt.Sprintf("20%02d-%02d-01", 15+random.IntN(12), 1+random.IntN(12))
	}
	project := &gromav1.Project{
		Name: fmt.Sprint("P", p), Slug: fmt.Sprintf("p%02d", p), Maturity: pick(random, "graduated", "incubating", "sandbox", "archived", "", "other"),
		Accepted: date(), Graduated: date(), Category: pick(random, "", "Storage", "Runtime"),
	}
	for range random.IntN(5) {
		project.Repositories = append(project.Repositories, r.Repositories[random.IntN(repositories)].Key)
	}
	r.Projects = append(r.Projects, project)
}

func randomAnnotations(random *rand.Rand, r *gromav1.Report) *gromav1.Annotations {
	a := &gromav1.Annotations{Name: "annotations.yml", Sha256: "cd"}
	for _, project := range r.Projects {
		if random.IntN(3) > 0 {
			continue
		}
		word := &gromav1.ProjectAnnotation{Project: project.Name, Slug: project.Slug, Role: "a role"}
		word.ExtraRepositories = []*gromav1.ExtraRepository{{Key: fmt.Sprintf("github.com/o/r%02d", random.IntN(60))}}
		if random.IntN(3) == 0 {
			word.ExcludeRepositories = []*gromav1.ExcludedRepository{{Key: fmt.Sprintf("github.com/o/r%02d", random.IntN(40)), Reason: "x"}}
		}
		if random.IntN(6) == 0 {
			word.Excluded = &gromav1.Exclusion{Reason: "it is a fork"}
		}
		a.Projects = append(a.Projects, word)
	}
	return a
}

func pick[T any](random *rand.Rand, choices ...T) T {
	return choices[random.IntN(len(choices))]
}
