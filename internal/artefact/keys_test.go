package artefact

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestKeys(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{CensusKey("github.com/tikv/tikv", "ede1a4", "g1-scc3.7.0"), "census/github.com/tikv/tikv/ede1a4/g1-scc3.7.0.json"},
		{WordsKey("h/o/n", "c", "words/1"), "words/h/o/n/c/words%2F1.json"},
		{FilesKey("127.0.0.1:8418/a/b", "ede1a4", "g1"), "census/127.0.0.1%3A8418/a/b/ede1a4/g1.files.zst"},
		{CensusKey("h/../.git/x y", "c", "m"), "census/h/%2E./%2Egit/x%20y/c/m.json"},
		{CensusKey("h//", "", "m"), "census/h/%/%/%/m.json"},
		{VitalsKey("github.com/tikv/tikv", "ede1a4", "v1-20250101_20260101"), "vitals/github.com/tikv/tikv/ede1a4/v1-20250101_20260101.json"},
		{SourceKey("s"), "surveys/s/source"},
		{ManifestKey("s/t"), "surveys/s%2Ft/manifest.json"},
		{ShardKey("s", 12), "surveys/s/shards/000012.zst"},
		{EditionKey("s", FirstEdition, "report.json"), "surveys/s/editions/0001/report.json"},
		{EditionKey("s", "..", "x"), "surveys/s/editions/%2E./x"},
		{EditionsKey("s"), "surveys/s/editions.json"},
		{ReportedKey("s-1"), "reported/s-1.json"},
		{ReportedOf(ReportedKey("s-1")), "s-1"},
		{RevisedShardKey("s", "0002-1f0c3a7b", 12), "surveys/s/editions/0002-1f0c3a7b/shards/000012.zst"},
	} {
		if test.got != test.want {
			t.Errorf("got  %s\nwant %s", test.got, test.want)
		}
	}
}

func TestSurveyOf(t *testing.T) {
	survey, rest, ok := SurveyOf(ManifestKey("cncf-1"))
	if survey != "cncf-1" || rest != "manifest.json" || !ok {
		t.Errorf("SurveyOf = %q, %q, %v", survey, rest, ok)
	}
	if _, _, ok := SurveyOf("census/x"); ok {
		t.Error("a census key is no survey's")
	}
}

// FuzzSegment: whatever the word, it is one valid part of a key, short enough
// for any file system, and no two words share one.
func FuzzSegment(f *testing.F) {
	f.Add("..", ".")
	f.Add("a/b", "a%2Fb")
	f.Add(strings.Repeat("x", 300), strings.Repeat("x", 301))
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, word := range []string{a, b} {
			got := segment(word)
			if err := validKey(got); err != nil || strings.Contains(got, "/") || len(got) > longest {
				t.Errorf("segment(%q) = %q: %v", word, got, err)
			}
		}
		if a != b && segment(a) == segment(b) {
			t.Errorf("%q and %q share %q", a, b, segment(a))
		}
	})
}

// The youngest commit comes first, whatever its time.
func TestCountedKey(t *testing.T) {
	var keys []string
	for i, at := range []time.Time{time.Unix(1<<40, 0), time.Unix(1700000001, 0), time.Unix(1700000000, 0), {}} {
		commit := strings.Repeat(fmt.Sprint(i), 40)
		key := CountedKey("github.com/o/r-1", commit, "g1", at)
		if err := validKey(key); err != nil || !strings.HasPrefix(key, CountedPrefix("github.com/o/r-1", "g1")) || CountedCommit(key) != commit {
			t.Errorf("%s of %s: %v", key, CountedCommit(key), err)
		}
		keys = append(keys, key)
	}
	if !slices.IsSorted(keys) {
		t.Errorf("keys are not sorted by age: %q", keys)
	}
}

func TestCountedOf(t *testing.T) {
	const repository, commit, method = "h/o/n.e", "c0ffee", "g1-scc3.7.0-f10m"
	want := CountedAs(repository, commit, method)
	for _, key := range []string{
		CensusKey(repository, commit, method), FilesKey(repository, commit, method),
		CountedKey(repository, commit, method, time.Unix(1, 0)), WordsKey(repository, commit, method), VitalsKey(repository, commit, method),
	} {
		if got, ok := CountedOf(key); !ok || got != want {
			t.Errorf("%s: %v, %v", key, got, ok)
		}
	}
	for _, key := range []string{"census/a", "surveys/a/b/c", "census", "probe/x/y/z"} {
		if got, ok := CountedOf(key); ok {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// FuzzKeys: whatever the words, keys are valid, lie where their kind lies, are
// taken apart into what they were made of, and no two are the same.
func FuzzKeys(f *testing.F) {
	f.Add("github.com/tikv/tikv", "ede1a4", "g1-scc3.7.0", int64(1))
	f.Add("h/../.git/x y", "..", "a/b", int64(-1))
	f.Add("surveys/x", "", strings.Repeat("x", 300), int64(1<<62))
	f.Fuzz(func(t *testing.T, repository, commit, method string, number int64) {
		of := CountedAs(repository, commit, method)
		at := time.Unix(number, 0)
		kinds := map[string][]string{
			"census/": {CensusKey(repository, commit, method), FilesKey(repository, commit, method)},
			"vitals/": {VitalsKey(repository, commit, method)},
			"words/":  {WordsKey(repository, commit, method)},
		}
		counted := CountedKey(repository, strings.ReplaceAll(commit, "-", ""), method, at)
		kinds["counted/"] = []string{counted}
		seen := map[string]bool{}
		for kind, keys := range kinds {
			for _, key := range keys {
				checkKey(t, key, kind, seen)
				got, ok := CountedOf(key)
				if kind == "counted/" {
					of.Commit = segment(strings.ReplaceAll(commit, "-", ""))
				} else {
					of.Commit = segment(commit)
				}
				// A method that ends as a file name does is none of ours.
				if strings.HasSuffix(method, ".json") || strings.HasSuffix(method, ".files.zst") {
					continue
				}
				if !ok || got != of {
					t.Errorf("%q is of %q, want %q", key, got, of)
				}
			}
		}
		for _, key := range []string{
			RequestKey(repository), SourceKey(repository), JoinedKey(repository), AnnotationsKey(repository), ManifestKey(repository), ShardKey(repository, max(number, 0)),
			EditionsKey(repository), EditionKey(repository, commit, method), RevisedShardKey(repository, commit, max(number, 0)),
		} {
			checkKey(t, key, SurveysPrefix+segment(repository)+"/", nil)
			if survey, _, ok := SurveyOf(key); !ok || survey != segment(repository) {
				t.Errorf("%q is of the survey %q", key, survey)
			}
		}
	})
}

func checkKey(t *testing.T, key, prefix string, seen map[string]bool) {
	t.Helper()
	if err := validKey(key); err != nil || !strings.HasPrefix(key, prefix) {
		t.Errorf("%q, which begins with %q: %v", key, prefix, err)
	}
	if seen != nil {
		if seen[key] {
			t.Errorf("%q is the key of two things", key)
		}
		seen[key] = true
	}
}
