package report

import (
	"cmp"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// quote adds what a project's documents say: the sentences that say the most
// of the language, and adopters. Among equals the main repository comes first,
// and its README before its docs.
func (l *ledger) quote(a *gromav1.ProjectAnalysis) {
	said := map[string]bool{}
	var quotes []weighed
	for _, r := range a.Repositories {
		row := l.named[r.Key]
		for _, d := range readmeFirst(row.GetWords().GetDocuments()) {
			quotes = append(quotes, l.quotesOf(row, d, said)...)
			if len(d.Adopters) > 0 || d.AdoptersCount > 0 {
				a.Adopters = append(a.Adopters, adoptersOf(row, d))
			}
		}
	}
	slices.SortStableFunc(quotes, func(x, y weighed) int { return cmp.Compare(y.weight, x.weight) })
	a.SayingsCount = int64(len(quotes))
	for _, q := range quotes[:min(len(quotes), mostQuotes)] {
		a.Sayings = append(a.Sayings, q.quote)
	}
}

// A weighed quote knows how much it says.
type weighed struct {
	quote  *gromav1.Quote
	weight int64
}

func readmeFirst(documents []*gromav1.Document) []*gromav1.Document {
	order := map[string]int{"readme": 0, "docs": 1, "adopters": 2}
	return slices.SortedStableFunc(slices.Values(documents), func(a, b *gromav1.Document) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(a.Path, b.Path))
	})
}

// quotesOf are the sentences of a document that name the language and have not
// been said before.
func (l *ledger) quotesOf(row *gromav1.Repository, d *gromav1.Document, said map[string]bool) (quotes []weighed) {
	if l.language == "" {
		return nil
	}
	commit := row.Words.Commit
	for _, s := range d.Sayings {
		if said[s.Text] || !slices.Contains(s.Languages, l.language) {
			continue
		}
		said[s.Text] = true
		quotes = append(quotes, weighed{weight: s.Weight, quote: &gromav1.Quote{
			Text: s.Text, Key: row.Key, Commit: commit, Path: d.Path, Line: s.Line, Link: lineLink(row, commit, d.Path, s.Line),
		}})
	}
	return quotes
}

func adoptersOf(row *gromav1.Repository, d *gromav1.Document) *gromav1.AdopterList {
	commit := row.Words.Commit
	list := &gromav1.AdopterList{
		Key: row.Key, Commit: commit, Path: d.Path, Link: lineLink(row, commit, d.Path, 0),
		Count: max(d.AdoptersCount, int64(len(d.Adopters))),
	}
	for _, adopter := range d.Adopters[:min(len(d.Adopters), mostNames)] {
		list.Names = append(list.Names, adopter.Name)
	}
	return list
}
