// Package reporttest makes reports for tests: one by hand, in which everything
// that a report can say is said once, and random ones. It also reads those that
// a command has made.
package reporttest

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// Began is when every survey of this package began.
var Began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const method = "g1-scc3.7.0-enry2.9.6-f10m"

// Fixture is a landscape with projects of every maturity and group, hosts of
// several kinds, a repository of every fate, and strangers who try to be
// markup. It asks for Rust.
func Fixture() *gromav1.Report {
	r := &gromav1.Report{
		Survey: &gromav1.SurveyFacts{
			Id: "foundation-20260102-030405-1f0c", StartedAt: timestamppb.New(Began), EndedAt: timestamppb.New(Began.Add(90 * time.Second)),
			Method: method, AsOf: timestamppb.New(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
			Source: &gromav1.Source{Name: "foundation.yml", Sha256: strings.Repeat("ab12", 16)},
			Spec: &gromav1.SurveySpec{
				Source: "https://raw.githubusercontent.com/foundation/landscape/" + commit(1) + "/foundation.yml", Kind: "landscape",
				Languages: []string{"Rust"}, AsOf: timestamppb.New(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
			},
		},
		Warnings: []*gromav1.Warning{{Source: "landscape", Line: 40, Message: "key \"repu_url\" is not known"}},
		LeftOut:  map[string]int64{"archived": 28, "not a CNCF project": 2158},
	}
	graduated(r)
	incubating(r)
	sandbox(r)
	r.Annotations = annotations()
	r.Totals = Totals(r)
	rescanned(r)
	return r
}

// rescanned makes it an edition.
func rescanned(r *gromav1.Report) {
	facts := &gromav1.EditionFacts{Number: 3, Rescanned: 2}
	for i, row := range r.Repositories[:2] {
		row.RescannedAt = timestamppb.New(Began.Add(time.Duration(24-i) * time.Hour))
		facts.Latest = append(facts.Latest, &gromav1.RescannedRow{Key: row.Key, At: row.RescannedAt})
	}
	r.Survey.Edition = facts
}

// Bare is the fixture without vitals, words and annotations.
func Bare() *gromav1.Report {
	r := Fixture()
	r.Annotations = nil
	for _, row := range r.Repositories {
		row.Vitals, row.Words = nil, nil
	}
	return r
}

// Totals adds up the outcomes of a report.
func Totals(r *gromav1.Report) *gromav1.Totals {
	t := &gromav1.Totals{Projects: int64(len(r.Projects)), Repositories: int64(len(r.Repositories)), Outcomes: map[string]int64{}}
	for _, row := range r.Repositories {
		t.Outcomes[row.Outcome]++
	}
	return t
}

func graduated(r *gromav1.Report) {
	project(r, "Aqueduct", "graduated", "Storage", "2018-08-28", "2019-05-21", "2020-09-02",
		"A distributed key-value store that carries records from where they rise to where they are needed.",
		said(vital(repository(r, "github.com/aqueduct/aqueduct", "Rust source 470000 62000", "Rust test 59000 9000", "Go source 9000 700", "Shell source 4000 300", "Rust vendored 90000 0", "Rust generated 1200 0", "HTML source 800 0", "Markdown documentation 9000 0", "TOML configuration 3000 0"), 2400, 90, 24, "cargo 74"),
			"Aqueduct is written in Rust, from the log to the network.", "Why Rust? Because a <b>pause</b> is a failure."))
	project(r, "Viaduct", "graduated", "Networking", "2017-01-23", "2018-04-06", "2021-07-28",
		"An ultralight service mesh.",
		vital(repository(r, "github.com/viaduct/viaduct", "Go source 120000 20000", "Go test 30000 900", "TypeScript source 15000 300", "Rust source 310 9", "YAML configuration 20000 40"), 900, 40, 12, "go 3"),
		vital(repository(r, "github.com/viaduct/proxy", "Rust source 37000 5000", "Rust test 9000 300", "Go source 90 2"), 400, 10, 9, "cargo 40"))
	project(r, "Basilica", "graduated", "Security", "2017-10-24", "", "2019-12-18",
		"A framework for securing the updates of software.",
		repository(r, "github.com/basilica/python-basilica", "Python source 21000 4000", "Python test 12000 900"),
		repository(r, "gitlab.com/basilica/bindings/rust", "Rust source 640 80"))
	named(r, "gitlab.com/basilica/bindings/rust").Packages = map[string]int64{"cargo": 1}
	project(r, "Lumen", "graduated", "Observability", "2016-05-09", "", "2018-08-09", "Lights up what a cluster is doing.",
		repository(r, "github.com/lumen/lumen", "Go source 180000 9000", "JavaScript source 60000 100"))
}

func incubating(r *gromav1.Report) {
	project(r, "Forum", "incubating", "Runtime", "2021-07-13", "2024-11-08", "",
		"Runs applications wherever people meet.",
		vital(repository(r, "codeberg.org/forum/forum", "Rust source 8900 900", "Go source 1100 100"), 52, 3, 2, "cargo 12 helm 1"))
	project(r, "Castrum", "incubating", "Runtime", "2020-07-14", "2022-02-16", "",
		"Breaks things in an orderly manner.",
		repository(r, "github.com/castrum/castrum", "Go source 70000 6000", "Rust source 999 10"),
		repository(r, "github.com/legion/shared", "Rust source 14000 2000"))
	shared := named(r, "github.com/legion/shared")
	shared.Why = append(shared.Why, "insula: primary")
	project(r, "Colossus", "incubating", "Storage", "2020-01-01", "2021-01-01", "", "Nobody has seen it since.",
		gone(r, "github.com/colossus/colossus", "not-found", "there is no such repository, or only for those with credentials"))
}

func sandbox(r *gromav1.Report) {
	r.Projects = append(r.Projects, &gromav1.Project{
		Name: "Insula", Slug: "insula", Maturity: "sandbox", Accepted: "2024-10-22", Category: "Runtime",
		Homepage: "https://insula.example/", Description: "Blocks of flats for containers.",
		Repositories: []string{"github.com/legion/shared", "github.com/insula/old"},
	})
	moved := gone(r, "github.com/insula/old", "moved", "it is github.com/legion/shared now, which is counted as github.com/legion/shared")
	moved.MovedTo, moved.CountedAs, moved.Commit = "github.com/legion/shared", "github.com/legion/shared", named(r, "github.com/legion/shared").Commit
	moved.Why = []string{"insula: additional"}
	project(r, "| <b>Pipe</b> & `Co` |", "sandbox", "", "2025-04-15", "", "", "- [a list](javascript:alert(1)) that begins with a hyphen\nand goes on.",
		said(repository(r, "git.example.org/pipe/co", "Rust source 5000 500", "C source 5000 400", "C Header source 900 90"), "It is <script>alert(1)</script> in Rust | by @everybody."),
		gone(r, "github.com/pipe/denied", "denied", "credentials are asked for"))
	project(r, "Domus", "sandbox", "Runtime", "2023-09-05", "", "", "A house with traces.",
		repository(r, "github.com/domus/domus", "Java source 30000 2000", "Rust test 12 1"))
	project(r, "Quarry", "sandbox", "Runtime", "2025-01-21", "", "", "Empty so far.",
		gone(r, "github.com/quarry/quarry", "empty", "it has no commits"))
	project(r, "Thermae", "", "", "", "", "", "", repository(r, "github.com/thermae/thermae", "Rust source 700 10"))
	project(r, "Hortus", "sandbox", "Runtime", "2022-06-17", "", "", "Left out by the analyst.",
		repository(r, "github.com/hortus/hortus", "Rust source 4000 10"))
}

func annotations() *gromav1.Annotations {
	return &gromav1.Annotations{
		Name: "annotations.yml", Sha256: strings.Repeat("cd34", 16), Author: "A. Nalyst", Date: "2026-01-02", Source: "talks and blogs", Language: "Rust",
		Projects: []*gromav1.ProjectAnnotation{
			{Project: "Hortus", Slug: "hortus", Excluded: &gromav1.Exclusion{Reason: "it is a fork"}},
			{
				Project: "Viaduct", Slug: "viaduct", Role: "Go control plane, Rust data plane",
				Why: "No pauses for garbage on the path of a request.", Notes: []string{"The proxy has a release of its own."},
				Adopters: []*gromav1.AnnotatedAdopter{{Name: "Example & Sons", Link: "https://example.com/"}}, AdoptersLink: "https://viaduct.example/adopters",
				ExtraRepositories: []*gromav1.ExtraRepository{{Key: "github.com/viaduct/proxy"}, {Key: "github.com/viaduct/unasked"}},
				Roles:             []*gromav1.RepositoryRole{{Key: "github.com/viaduct/proxy", Role: "data plane proxy"}},
			},
		},
	}
}
