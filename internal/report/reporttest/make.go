package reporttest

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

// commit is a hash that looks like one.
func commit(n int) string {
	sum := sha1.Sum([]byte{byte(n), byte(n >> 8)})
	return hex.EncodeToString(sum[:])
}

// project adds a project; its first repository is its main one.
func project(r *gromav1.Report, name, maturity, category, accepted, incubating, graduated, description string, repositories ...*gromav1.Repository) {
	p := &gromav1.Project{
		Name: name, Slug: landscape.Slug(name), Maturity: maturity, Accepted: accepted, Incubating: incubating, Graduated: graduated,
		Category: category, Description: description, Homepage: "https://" + landscape.Slug(name) + ".example/",
	}
	for i, repository := range repositories {
		role := "additional"
		if i == 0 {
			role = "primary"
		}
		repository.Why = append(repository.Why, p.Slug+": "+role)
		p.Repositories = append(p.Repositories, repository.Key)
	}
	r.Projects = append(r.Projects, p)
	slices.SortFunc(r.Projects, func(a, b *gromav1.Project) int { return cmp.Compare(a.Slug, b.Slug) })
}

// repository adds a repository with tallies such as "Rust source 470000 62000":
// language, class, lines of code and of comments.
func repository(r *gromav1.Report, key string, tallies ...string) *gromav1.Repository {
	row := row(r, key)
	row.Outcome, row.Commit, row.Method = "counted", commit(len(r.Repositories)), method
	row.CommittedAt = timestamppb.New(Began.AddDate(0, 0, -len(r.Repositories)))
	for _, text := range tallies {
		t := tallyOf(text)
		row.Tally = append(row.Tally, t)
		row.Files += t.Files
	}
	slices.SortFunc(row.Tally, func(a, b *gromav1.Tally) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Class, b.Class))
	})
	return row
}

func tallyOf(text string) *gromav1.Tally {
	words := strings.Fields(text)
	n := len(words)
	t := &gromav1.Tally{Language: strings.Join(words[:n-3], " "), Class: words[n-3]}
	fmt.Sscan(words[n-2], &t.Code)
	fmt.Sscan(words[n-1], &t.Comments)
	t.Blanks, t.Files, t.Complexity = t.Code/9, 1+t.Code/400, t.Code/12
	t.Lines = t.Code + t.Comments + t.Blanks
	t.Bytes = 38*t.Code + 51*t.Comments + t.Blanks
	return t
}

func gone(r *gromav1.Report, key, outcome, reason string) *gromav1.Repository {
	row := row(r, key)
	row.Outcome, row.Reason = outcome, reason
	return row
}

func row(r *gromav1.Report, key string) *gromav1.Repository {
	host, rest, _ := strings.Cut(key, "/")
	at := strings.LastIndexByte(rest, '/')
	row := &gromav1.Repository{
		Key: key, Host: host, Owner: rest[:at], Name: rest[at+1:], Address: "https://" + key, Branch: "main",
		Attempts: 1, Seconds: 0.5, Wire: &gromav1.Wire{Requests: 3, BytesReceived: 1 << 20},
	}
	r.Repositories = append(r.Repositories, row)
	slices.SortFunc(r.Repositories, func(a, b *gromav1.Repository) int { return cmp.Compare(a.Key, b.Key) })
	return row
}

func named(r *gromav1.Report, key string) *gromav1.Repository {
	return r.Repositories[slices.IndexFunc(r.Repositories, func(row *gromav1.Repository) bool { return row.Key == key })]
}

// said gives a repository a README that says something, and adopters.
func said(row *gromav1.Repository, sentences ...string) *gromav1.Repository {
	readme := &gromav1.Document{Path: "README.md", Blob: commit(700), Kind: "readme", SayingsCount: int64(len(sentences)) + 1}
	for i, text := range sentences {
		readme.Sayings = append(readme.Sayings, &gromav1.Saying{Languages: []string{"Rust"}, Text: text, Line: int64(10 + 20*i), Weight: int64(3 - i%3)})
	}
	readme.Sayings = append(readme.Sayings, &gromav1.Saying{Languages: []string{"Go"}, Text: "A client for Go stands elsewhere.", Line: 90, Weight: 2})
	adopters := &gromav1.Document{Path: "docs/ADOPTERS list.md", Blob: commit(701), Kind: "adopters", AdoptersCount: 103}
	for i := range 15 {
		adopters.Adopters = append(adopters.Adopters, &gromav1.Adopter{Name: fmt.Sprintf("Adopter %c", 'A'+i), Line: int64(i)})
	}
	row.Words = &gromav1.Words{Key: row.Key, Commit: row.Commit, Rules: "w1", Documents: []*gromav1.Document{adopters, readme}, Read: 4}
	return row
}

// vital gives a repository a history of two windows with so many commits,
// authors and releases a year, and packages such as "cargo 12 helm 1".
func vital(row *gromav1.Repository, commits, authors, releases int64, packages string) *gromav1.Repository {
	words := strings.Fields(packages)
	row.Packages = map[string]int64{}
	for i := 0; i+1 < len(words); i += 2 {
		var n int64
		fmt.Sscan(words[i+1], &n)
		row.Packages[words[i]] = n
	}
	year := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	row.Vitals = &gromav1.Vitals{
		Key: row.Key, Commit: row.Commit, Branch: "main", Method: "v1", Rules: "v1", Repositories: 1, Wire: &gromav1.Wire{},
		LastCommit:  row.CommittedAt,
		LastRelease: &gromav1.Release{Tag: "v1.2.3", At: timestamppb.New(Began.AddDate(0, -1, 0)), Commit: row.Commit, Tags: 1},
		Spans: []*gromav1.Span{
			span(row.Key, "2024", year, year.AddDate(1, 0, 0), commits-commits/5, authors, releases),
			span(row.Key, "2025", year.AddDate(1, 0, 0), year.AddDate(2, 0, 0), commits, authors, releases),
		},
	}
	return row
}

// span spreads commits, authors and releases evenly.
func span(key, name string, from, until time.Time, commits, authors, releases int64) *gromav1.Span {
	s := &gromav1.Span{
		Window:  &gromav1.Window{Name: name, From: timestamppb.New(from), Until: timestamppb.New(until)},
		Commits: commits, PeopleCommits: commits - commits/10, BotCommits: commits / 10,
		Weeks: 53, Weekly: make([]int64, 53), Authors: authors, LeftOut: &gromav1.LeftOut{},
		Releases: releases, ReleaseDays: releases,
	}
	for i := range commits {
		s.Weekly[i%53]++
	}
	for _, n := range s.Weekly {
		if n > 0 {
			s.ActiveWeeks++
		}
	}
	for i := range releases {
		s.ReleasedOn = append(s.ReleasedOn, int32(i*365/releases))
	}
	if releases > 1 {
		between := float64(365 / releases)
		s.MedianDaysBetween = &between
	}
	s.Organisations = organisations(key, s.PeopleCommits, authors)
	return s
}

// organisations shares commits out to two domains and to nobody's.
func organisations(key string, commits, authors int64) []*gromav1.Organisation {
	parts := []int64{commits * 5 / 10, commits * 3 / 10, 0}
	parts[2] = commits - parts[0] - parts[1]
	people := []int64{max(1, authors/3), max(1, authors/3), 0}
	people[2] = authors - people[0] - people[1]
	var found []*gromav1.Organisation
	for i, domain := range []string{"example.org", "example.com", "public"} {
		o := &gromav1.Organisation{Domain: domain, Commits: parts[i], Authors: people[i]}
		for n := range people[i] {
			o.Contributors = append(o.Contributors, &gromav1.Contributor{Id: fmt.Sprintf("%s-%s-%d", key, domain, n), Commits: 1})
		}
		found = append(found, o)
	}
	return found
}
