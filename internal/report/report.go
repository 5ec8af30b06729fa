// Package report turns censuses into a report, and a report into Markdown.
//
// It is a function: the same censuses, in any order, give the same bytes.
// Every repository of the landscape has one row with one outcome, the outcomes
// add up to the repositories, and no line is counted twice.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// Build makes the report of a survey that ended at a time. Rows may come in
// any order; a repository without a row has failed, since somebody asked for
// it.
func Build(manifest *gromav1.Manifest, rows []*gromav1.Row, ended time.Time) *gromav1.Report {
	r := head(manifest, ended)
	byKey := make(map[string]*gromav1.Row, len(rows))
	for _, row := range rows {
		byKey[row.GetTaken().GetKey()] = row
	}
	for _, planned := range manifest.GetLandscape().GetRepositories() {
		r.Repositories = append(r.Repositories, repository(planned, byKey[planned.Key]))
	}
	settle(r)
	return r
}

// head is a report without its repositories.
func head(manifest *gromav1.Manifest, ended time.Time) *gromav1.Report {
	landscape := manifest.GetLandscape()
	return &gromav1.Report{
		Survey: &gromav1.SurveyFacts{
			Id:        manifest.Survey,
			StartedAt: manifest.StartedAt,
			EndedAt:   timestamppb.New(ended),
			Method:    manifest.Method,
			Source:    &gromav1.Source{Name: landscape.GetName(), Sha256: landscape.GetSha256()},
			AsOf:      manifest.GetSpec().GetAsOf(),
			Spec:      manifest.Spec,
		},
		Projects: landscape.GetProjects(),
		Warnings: landscape.GetWarnings(),
		LeftOut:  landscape.GetLeftOut(),

		Annotations: manifest.GetAnnotations(),
	}
}

// settle sorts a report's repositories, decides which of them is counted where
// several addresses lead to one, and adds up.
func settle(r *gromav1.Report) {
	slices.SortFunc(r.Repositories, func(a, b *gromav1.Repository) int { return cmp.Compare(a.Key, b.Key) })
	settleMoved(r.Repositories)
	r.Totals = totals(r)
}

// Single is the row of one repository that was counted by itself.
func Single(planned *gromav1.PlannedRepository, row *gromav1.Row) *gromav1.Repository {
	return repository(planned, row)
}

func repository(planned *gromav1.PlannedRepository, row *gromav1.Row) *gromav1.Repository {
	r := &gromav1.Repository{
		Key: planned.Key, Host: planned.Host, Owner: planned.Owner, Name: planned.Name,
		Address: planned.Address, Branch: planned.Branch, Aliases: planned.Aliases, Why: planned.Why,
		Outcome: planned.Outcome, Reason: planned.Reason,
		Wire: &gromav1.Wire{},
	}
	taken := row.GetTaken()
	switch {
	case taken != nil:
		take(r, taken)
	case r.Outcome == "":
		r.Outcome, r.Reason = "failed", "the survey ended before it was counted"
	}
	if census := row.GetCensus(); census != nil {
		r.Commit, r.CommittedAt, r.Method = census.Commit, census.CommittedAt, census.Method
		r.Files, r.Tally, r.Skipped, r.Packages = census.Files, census.Tally, census.Skipped, census.Packages
	}
	r.Vitals, r.Words, r.RescannedAt = row.GetVitals(), row.GetWords(), row.GetRescannedAt()
	return r
}

func take(r *gromav1.Repository, taken *gromav1.Taken) {
	r.Outcome, r.Reason, r.Commit, r.MovedTo = taken.Outcome, taken.Reason, taken.Commit, taken.MovedTo
	r.Attempts, r.Seconds, r.BlobsCounted = taken.Attempts, taken.Seconds, taken.BlobsCounted
	r.WithoutVitals = taken.WithoutVitals
	r.Wire = &gromav1.Wire{Requests: taken.Requests, BytesReceived: taken.BytesReceived}
	if taken.Branch != "" {
		r.Branch = taken.Branch
	}
	if taken.MovedTo != "" && !slices.Contains(r.Aliases, taken.MovedTo) {
		r.Aliases = append(slices.Clone(r.Aliases), taken.MovedTo)
		slices.Sort(r.Aliases)
	}
}

// settleMoved keeps one count of a repository that stands in the landscape
// under several addresses: the row of the address it has now, if there is one,
// else the first of those that lead there. The others are moved.
func settleMoved(repositories []*gromav1.Repository) {
	type place struct{ key, branch string } // another branch is another count
	home := map[place]*gromav1.Repository{}
	for _, r := range repositories {
		if r.MovedTo == "" && r.Commit != "" {
			home[place{r.Key, r.Branch}] = r
		}
	}
	for _, r := range repositories {
		if r.MovedTo == "" || r.Commit == "" {
			continue
		}
		at := home[place{r.MovedTo, r.Branch}]
		if at == nil {
			home[place{r.MovedTo, r.Branch}] = r
			continue
		}
		becomeMoved(r, at.Key)
	}
}

// becomeMoved takes a row's count away, since another row has it.
func becomeMoved(r *gromav1.Repository, home string) {
	r.Outcome, r.CountedAs = "moved", home
	r.Reason = fmt.Sprintf("it is %s now, which is counted as %s", r.MovedTo, home)
	r.Files, r.Tally, r.Skipped, r.Packages = 0, nil, nil, nil
	r.Vitals, r.Words = nil, nil
}

func totals(r *gromav1.Report) *gromav1.Totals {
	t := &gromav1.Totals{
		Projects:     int64(len(r.Projects)),
		Repositories: int64(len(r.Repositories)),
		Outcomes:     map[string]int64{},
	}
	for _, repository := range r.Repositories {
		t.Outcomes[repository.Outcome]++
	}
	return t
}
