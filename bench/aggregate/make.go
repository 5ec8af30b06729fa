package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/canonical"
	gromav1 "groma/proto/groma/v1"
)

const (
	surveyID  = "synthetic-20260102-030405-1f0c"
	shardSize = 500
	method    = "g1-scc3.7.0-enry2.9.6-f10m"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// makeAll keeps a manifest of n repositories and the summaries of its shards.
func makeAll(folder string, n int, language string, vitals bool) error {
	store, err := artefact.NewFolder(folder)
	if err != nil {
		return err
	}
	ctx, random := context.Background(), rand.New(rand.NewPCG(1, uint64(n)))
	manifest := manifestOf(n, language)
	data, err := canonical.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := store.Create(ctx, artefact.ManifestKey(surveyID), data); err != nil {
		return err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	for shard, planned := range slices.Collect(slices.Chunk(manifest.Landscape.Repositories, shardSize)) {
		summary := &gromav1.ShardSummary{Survey: surveyID, Shard: int64(shard)}
		for _, p := range planned {
			summary.Rows = append(summary.Rows, rowOf(random, p.Key, vitals))
		}
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(summary)
		if err != nil {
			return err
		}
		if err := store.Create(ctx, artefact.ShardKey(surveyID, int64(shard)), encoder.EncodeAll(data, nil)); err != nil {
			return err
		}
	}
	return nil
}

func manifestOf(n int, language string) *gromav1.Manifest {
	m := &gromav1.Manifest{
		Survey: surveyID, StartedAt: timestamppb.New(began), Method: method, ShardSize: shardSize,
		Spec:      &gromav1.SurveySpec{Source: "synthetic.yml"},
		Landscape: &gromav1.Landscape{Name: "synthetic.yml", Sha256: strings.Repeat("ab", 32)},
	}
	if language != "" {
		m.Spec.Languages = []string{language}
	}
	var project *gromav1.Project
	for i := range n {
		if i%2 == 0 {
			project = projectOf(i / 2)
			m.Landscape.Projects = append(m.Landscape.Projects, project)
		}
		r := plannedOf(i)
		r.Why = []string{project.Slug + ": " + []string{"primary", "additional"}[i%2]}
		project.Repositories = append(project.Repositories, r.Key)
		m.Landscape.Repositories = append(m.Landscape.Repositories, r)
	}
	return m
}

func projectOf(i int) *gromav1.Project {
	return &gromav1.Project{
		Name: fmt.Sprintf("Project %06d", i), Slug: fmt.Sprintf("project-%06d", i), Maturity: []string{"graduated", "incubating", "sandbox"}[i%3],
		Accepted: fmt.Sprintf("20%02d-03-14", 15+i%11), Category: fmt.Sprintf("Category %d", i%12),
		Homepage:    fmt.Sprintf("https://project-%06d.example/", i),
		Description: "Carries records from where they rise to where they are needed, at any size that a synthetic project can have.",
	}
}

func plannedOf(i int) *gromav1.PlannedRepository {
	owner, name := fmt.Sprintf("owner-%05d", i/7), fmt.Sprintf("repository-%06d", i)
	return &gromav1.PlannedRepository{
		Key: "github.com/" + owner + "/" + name, Host: "github.com", Owner: owner, Name: name,
		Address: "https://github.com/" + owner + "/" + name,
	}
}

var languages = []string{
	"Go", "Rust", "Python", "TypeScript", "JavaScript", "Shell", "YAML", "JSON", "Markdown", "HTML", "CSS", "Dockerfile", "Makefile", "TOML",
	"C", "C Header", "C++", "Java", "Kotlin", "Protocol Buffers", "SQL", "Ruby", "Plain Text", "BASH", "Sass", "Vue", "Lua", "XML", "SVG", "License",
}

// rowOf is a repository that was counted, one in twenty that was not.
func rowOf(random *rand.Rand, key string, withVitals bool) *gromav1.Row {
	taken := &gromav1.Taken{Key: key, Outcome: "counted", Branch: "main", Attempts: 1, Requests: 3, BytesReceived: random.Int64N(1 << 24), Seconds: 0.25, Method: method}
	if random.IntN(20) == 0 {
		taken.Outcome, taken.Reason = "not-found", "there is no such repository, or only for those with credentials"
		return &gromav1.Row{Taken: taken}
	}
	taken.Commit = fmt.Sprintf("%016x%016x%08x", random.Uint64(), random.Uint64(), random.Uint32())
	row := &gromav1.Row{Taken: taken, Census: &gromav1.Census{
		Key: key, Commit: taken.Commit, CommittedAt: timestamppb.New(began.Add(-time.Duration(random.Int64N(1e15)))), Method: method,
		Tally: talliesOf(random), Packages: map[string]int64{"go": 1}, Wire: &gromav1.Wire{Requests: 3},
		Skipped: []*gromav1.Skipped{{Why: "binary", Files: 3, Bytes: 40_000}, {Why: "unknown-language", Files: 7, Bytes: 900}},
	}}
	for _, t := range row.Census.Tally {
		row.Census.Files += t.Files
	}
	if withVitals {
		row.Vitals = vitalsOf(random, key, taken.Commit)
	}
	return row
}

// talliesOf is a dozen tallies, more or less, sorted as a census has them.
func talliesOf(random *rand.Rand) (tallies []*gromav1.Tally) {
	var names []string
	for range 4 + random.IntN(4) {
		names = append(names, languages[min(random.IntN(len(languages)), random.IntN(len(languages)))])
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		for _, class := range classesOf(name) {
			if class != "source" && random.IntN(2) > 0 {
				continue
			}
			t := &gromav1.Tally{Language: name, Class: class, Files: 1 + random.Int64N(200), Code: random.Int64N(20_000), Comments: random.Int64N(2_000), Blanks: random.Int64N(2_000)}
			t.Lines, t.Complexity, t.Bytes = t.Code+t.Comments+t.Blanks, t.Code/10, 35*t.Code
			tallies = append(tallies, t)
		}
	}
	return tallies
}

// classesOf are the classes that files of a language have, sorted.
func classesOf(language string) []string {
	switch language {
	case "YAML", "JSON", "TOML", "XML":
		return []string{"configuration", "documentation", "generated", "vendored"}
	case "Markdown", "Plain Text", "License":
		return []string{"documentation", "vendored"}
	case "Protocol Buffers", "SQL", "SVG":
		return []string{"data", "vendored"}
	}
	return []string{"documentation", "generated", "source", "test", "vendored"}
}

// vitalsOf is a history of two windows.
func vitalsOf(random *rand.Rand, key, commit string) *gromav1.Vitals {
	v := &gromav1.Vitals{Key: key, Commit: commit, Branch: "main", Method: "v1", Rules: "v1", Repositories: 1, LastCommit: timestamppb.New(began)}
	for _, year := range []int{2024, 2025} {
		from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		s := &gromav1.Span{
			Window: &gromav1.Window{Name: fmt.Sprint(year), From: timestamppb.New(from), Until: timestamppb.New(from.AddDate(1, 0, 0))},
			Weeks:  53, ActiveWeeks: 53, Weekly: make([]int64, 53), LeftOut: &gromav1.LeftOut{},
		}
		for i := range s.Weekly {
			s.Weekly[i] = 1 + random.Int64N(9)
			s.Commits += s.Weekly[i]
		}
		s.PeopleCommits = s.Commits
		for i := range int64(6) {
			o := &gromav1.Organisation{Domain: fmt.Sprintf("organisation-%d.example", i), Authors: 3, Commits: s.Commits / 6}
			for range 3 {
				o.Contributors = append(o.Contributors, &gromav1.Contributor{Id: fmt.Sprintf("%016x", random.Uint64()), Commits: s.Commits / 18})
			}
			s.Organisations, s.Authors = append(s.Organisations, o), s.Authors+3
		}
		v.Spans = append(v.Spans, s)
	}
	return v
}
