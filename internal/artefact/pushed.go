package artefact

import "time"

// PushedPrefix is what the keys begin with under which it is kept that somebody
// asked for rescans.
const PushedPrefix = "pushed/"

// PushedIn is what the keys of one hour begin with.
func PushedIn(at time.Time) string { return PushedPrefix + at.UTC().Format("20060102-15") + "/" }

// PushedKey is where it is kept that somebody asked for a repository's rescan
// within an hour. It is written before it is looked for the surveys that have the
// repository, so that one which is reported meanwhile finds it.
func PushedKey(at time.Time, repository string) string { return PushedIn(at) + path(repository) }
