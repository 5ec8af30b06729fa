package artefact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"
)

// CensusKey is where the census of a commit is kept. It is written once, last
// of all that belongs to it: if it exists, the commit is counted.
func CensusKey(repository, commit, method string) string {
	return "census/" + path(repository) + "/" + segment(commit) + "/" + segment(method) + ".json"
}

// FilesKey is where the file list of a census is kept: zstd over one JSON
// object a line, sorted by path.
func FilesKey(repository, commit, method string) string {
	return "census/" + path(repository) + "/" + segment(commit) + "/" + segment(method) + ".files.zst"
}

// CountedKey is where it is noted that a commit was counted by a method, so that
// the youngest commits of a repository come first in [CountedPrefix]. It is
// written after the file list and before the census.
func CountedKey(repository, commit, method string, committed time.Time) string {
	age := uint64(math.MaxInt64) - uint64(max(committed.Unix(), 0))
	return fmt.Sprintf("%s%016x-%s", CountedPrefix(repository, method), age, segment(commit))
}

// CountedPrefix is what the counted keys of a repository and a method begin with.
func CountedPrefix(repository, method string) string {
	return "counted/" + path(repository) + "/" + segment(method) + "/"
}

// CountedCommit is the commit of a counted key.
func CountedCommit(key string) string { return key[strings.LastIndexByte(key, '-')+1:] }

// VitalsKey is where the vitals of a commit are kept: what the history that ends
// there says. The method names rules and windows. It is written once.
func VitalsKey(repository, commit, method string) string {
	return "vitals/" + path(repository) + "/" + segment(commit) + "/" + segment(method) + ".json"
}

// WordsKey is where the words of a commit are kept: what its documents say, by
// these rules. It is written once.
func WordsKey(repository, commit, rules string) string {
	return "words/" + path(repository) + "/" + segment(commit) + "/" + segment(rules) + ".json"
}

// SurveysPrefix is what the keys of all surveys begin with.
const SurveysPrefix = "surveys/"

// RequestKey is where it is kept that a survey was asked for: a SurveyRequest,
// written after the survey's sources and before its workflow begins.
func RequestKey(survey string) string { return surveyKey(survey, "request.json") }

// SourceKey is where a survey's source is kept as it was read.
func SourceKey(survey string) string { return surveyKey(survey, "source") }

// JoinedKey is where the CLOMonitor file that was joined in is kept.
func JoinedKey(survey string) string { return surveyKey(survey, "clomonitor.yaml") }

// AnnotationsKey is where an analyst's words are kept as they were read.
func AnnotationsKey(survey string) string { return surveyKey(survey, "annotations.yml") }

// ManifestKey is where a survey's manifest is kept. It is written before any
// repository is asked for: what was set out to do.
func ManifestKey(survey string) string { return surveyKey(survey, "manifest.json") }

// ShardKey is where the summary of a shard is kept: zstd over one protobuf
// message. It is written last of its shard: if it exists, every repository of
// the shard has its outcome.
func ShardKey(survey string, shard int64) string {
	return surveyKey(survey, fmt.Sprintf("shards/%06d.zst", shard))
}

// EditionsKey is where it is kept which editions the report of a survey has. It
// is swapped last of an edition: an edition that it names is whole.
func EditionsKey(survey string) string { return surveyKey(survey, "editions.json") }

// ReportedPrefix is what the keys begin with under which it is kept that a survey
// has a report.
const ReportedPrefix = "reported/"

// ReportedKey is where it is kept that a survey has a report, and what rescans
// ask of it. It is written after the report of the survey's first edition.
func ReportedKey(survey string) string { return ReportedPrefix + segment(survey) + ".json" }

// OlderKey is where it is kept that every survey of a version that did not write
// [ReportedKey] has got one. Delete it after such surveys were copied in.
const OlderKey = "older-reported"

// ReportedOf is the survey whose reported key this is.
func ReportedOf(key string) string {
	return strings.TrimSuffix(strings.TrimPrefix(key, ReportedPrefix), ".json")
}

// FirstEdition is the name of the edition that a survey ends with.
const FirstEdition = "0001"

// EditionKey is where something of an edition is kept, by the edition's name:
// report.json, which is written last of it, and report.md.
func EditionKey(survey, edition, name string) string {
	return surveyKey(survey, "editions/"+segment(edition)+"/"+segment(name))
}

// RevisedShardKey is where the summary of a shard is kept in which an edition
// has rows of its own, as [ShardKey] has the first.
func RevisedShardKey(survey, edition string, shard int64) string {
	return surveyKey(survey, fmt.Sprintf("editions/%s/shards/%06d.zst", segment(edition), shard))
}

// A Counted is what a key of census/, counted/, words/ or vitals/ is of, each
// part as it stands in keys.
type Counted struct{ Repository, Commit, Method string }

// CountedAs is the repository, commit and method whose census has a key.
func CountedAs(repository, commit, method string) Counted {
	return Counted{path(repository), segment(commit), segment(method)}
}

// RepositoryPath is a repository as it stands in keys.
func RepositoryPath(repository string) string { return path(repository) }

// CountedOf takes a key of census/, counted/, words/ or vitals/ apart. The method
// of words is their rules.
func CountedOf(key string) (of Counted, ok bool) {
	kind, rest, _ := strings.Cut(key, "/")
	rest, last, ok := cutLast(rest)
	repository, middle, found := cutLast(rest)
	if !ok || !found {
		return Counted{}, false
	}
	switch kind {
	case "counted":
		return Counted{repository, CountedCommit(key), middle}, true
	case "census", "words", "vitals":
		last = strings.TrimSuffix(strings.TrimSuffix(last, ".json"), ".files.zst")
		return Counted{repository, middle, last}, true
	}
	return Counted{}, false
}

// SurveyOf returns the survey whose key this is, and what follows it.
func SurveyOf(key string) (survey, rest string, ok bool) {
	after, ok := strings.CutPrefix(key, SurveysPrefix)
	if !ok {
		return "", "", false
	}
	return strings.Cut(after, "/")
}

func surveyKey(survey, rest string) string { return SurveysPrefix + segment(survey) + "/" + rest }

// path makes each part of a name with slashes safe by itself.
func path(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = segment(part)
	}
	return strings.Join(parts, "/")
}

// longest is how long a segment may be: file systems stop at 255 bytes.
const longest = 200

// segment makes a stranger's word safe as one part of a key, different words
// staying different: what is no letter, digit, dot, hyphen or underscore
// becomes %XX, and so does a dot that begins a word or "." and ".." would not
// be names. A word that grows too long ends in its digest.
func segment(word string) string {
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		c := word[i]
		if plain(c) && (c != '.' || i > 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() == 0 {
		return "%"
	}
	if b.Len() > longest {
		sum := sha256.Sum256([]byte(word))
		return b.String()[:longest-65] + "%" + hex.EncodeToString(sum[:])
	}
	return b.String()
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}

// validKey refuses what no key function makes, so that no store ever sees a
// path that leaves it.
func validKey(key string) error {
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' {
			return fmt.Errorf("artefact: %q is no key", key)
		}
		for i := 0; i < len(part); i++ {
			if !plain(part[i]) && part[i] != '%' {
				return fmt.Errorf("artefact: %q is no key", key)
			}
		}
	}
	return nil
}
