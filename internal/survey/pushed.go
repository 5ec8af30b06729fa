package survey

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"groma/internal/artefact"
)

// KeepPushed keeps that a repository's rescan is asked for, before anybody looks
// for the surveys that have it: see [Pushed].
func KeepPushed(ctx context.Context, store artefact.Store, repository string, at time.Time) error {
	return createOnce(ctx, store, artefact.PushedKey(at, repository), []byte(repository+"\n"))
}

const (
	// mostPushed bounds how many rescans one survey asks for.
	mostPushed = 20_000
	// longestSurvey bounds how far back it looks.
	longestSurvey = 60 * 24 * time.Hour
)

// Pushed are the repositories of a survey whose rescan was asked for from the
// hour before it began until now, sorted: while it ran it had no report, so that
// those rescans were for others. Asked after its report is kept it misses none,
// since whoever asks for a rescan keeps that before looking for reports. It has
// at most 20,000; the error says if there are more.
func Pushed(ctx context.Context, store artefact.Store, id string, began, now time.Time) ([]string, error) {
	m, err := indexOf(store).members(ctx, store, id)
	if err != nil {
		return nil, err
	}
	asked := map[string]string{} // by how it stands in keys
	for _, r := range m.repositories {
		asked[artefact.RepositoryPath(r.key)] = r.key
	}
	for _, moved := range m.moved {
		asked[artefact.RepositoryPath(moved.MovedTo)] = moved.MovedTo
	}
	began = latest(began, now.Add(-longestSurvey))
	found := map[string]bool{}
	for hour := began.Add(-time.Hour); !hour.After(now.Add(time.Hour)); hour = hour.Add(time.Hour) { // clocks differ
		prefix := artefact.PushedIn(hour)
		for key, err := range store.List(ctx, prefix) {
			if err != nil {
				return nil, err
			}
			if repository, ok := asked[strings.TrimPrefix(key, prefix)]; ok {
				found[repository] = true
			}
		}
	}
	return bounded(found)
}

func bounded(found map[string]bool) ([]string, error) {
	repositories := make([]string, 0, len(found))
	for repository := range found {
		repositories = append(repositories, repository)
	}
	slices.Sort(repositories)
	if n := len(repositories); n > mostPushed {
		return repositories[:mostPushed], fmt.Errorf("%d repositories were pushed to while they were surveyed, of which %d are rescanned", n, mostPushed)
	}
	return repositories, nil
}
