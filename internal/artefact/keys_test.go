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
