package landscape

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// checkLandscape checks what the package promises of any landscape.
func checkLandscape(t *testing.T, l *gromav1.Landscape) {
	t.Helper()
	if _, err := proto.Marshal(l); err != nil {
		t.Errorf("it cannot be kept: %v", err)
	}
	checkRepositories(t, l)
	var slugs []string
	left := int64(len(l.Projects))
	for _, p := range l.Projects {
		slugs = append(slugs, p.Slug)
		if p.Name == "" || strings.Trim(p.Slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || p.Slug == "" {
			t.Errorf("project %q has slug %q", p.Name, p.Slug)
		}
	}
	checkSortedOnce(t, "slugs", slugs)
	for _, n := range l.LeftOut {
		left += n
	}
	if left != l.Items {
		t.Errorf("%d items are surveyed or left out, of %d", left, l.Items)
	}
	if !slices.IsSortedFunc(l.Warnings, compareWarnings) {
		t.Errorf("warnings are not sorted")
	}
}

func checkRepositories(t *testing.T, l *gromav1.Landscape) {
	t.Helper()
	reasons := map[string]int{} // projects of each repository
	for _, p := range l.Projects {
		for i, key := range p.Repositories {
			reasons[key]++
			if slices.Contains(p.Repositories[:i], key) {
				t.Errorf("project %q has %q twice", p.Slug, key)
			}
		}
	}
	var keys []string
	for _, r := range l.Repositories {
		keys = append(keys, r.Key)
		if reasons[r.Key] == 0 || len(r.Why) < reasons[r.Key] {
			t.Errorf("%q is of %d projects and has the reasons %q", r.Key, reasons[r.Key], r.Why)
		}
		delete(reasons, r.Key)
		if (r.Outcome == "unsupported") != (r.Reason != "") || (r.Outcome == "") != (r.Name != "") {
			t.Errorf("%q has name %q, outcome %q, reason %q", r.Key, r.Name, r.Outcome, r.Reason)
		}
		checkSortedOnce(t, "aliases", r.Aliases)
		if slices.Contains(r.Aliases, r.Address) {
			t.Errorf("%q has its address among its aliases", r.Key)
		}
		if a, err := ParseAddress(r.Address); r.Outcome == "" && (err != nil || a.Key != r.Key) {
			t.Errorf("%q has the address %q, which is %q, %v", r.Key, r.Address, a.Key, err)
		}
	}
	checkSortedOnce(t, "keys", keys)
	for key := range reasons {
		t.Errorf("%q is in a project and not in the repositories", key)
	}
}

func checkSortedOnce(t *testing.T, what string, words []string) {
	t.Helper()
	if !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != len(words) {
		t.Errorf("%s are not sorted, or stand twice: %q", what, words)
	}
}

// FuzzRead: whatever the documents hold, there is an error or a landscape that
// keeps every promise; and a password in an address is nowhere in it.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"oddities.yml", "aliases.yml"} {
		d := fuzzDocument(f, name)
		f.Add(uint8(0), d, fuzzDocument(f, "oddities.clomonitor.yaml"), true)
		f.Add(uint8(0), d, []byte(nil), false)
	}
	f.Add(uint8(1), fuzzDocument(f, "simple.list"), []byte(nil), true)
	f.Add(uint8(2), fuzzDocument(f, "simple.folder"), []byte(nil), true)
	f.Add(uint8(3), []byte("https://u:p@h.example/o/n"), []byte(nil), true)
	kinds := []Kind{KindLandscape, KindList, KindFolder, KindRepository}
	f.Fuzz(func(t *testing.T, kind uint8, source, clomonitor []byte, all bool) {
		var joined *Document
		if len(clomonitor) > 0 {
			joined = &Document{"clomonitor", clomonitor}
		}
		filter := &gromav1.Filter{AllItems: all, Archived: all}
		l, err := Read(kinds[int(kind)%len(kinds)], Document{"source", source}, joined, filter)
		if err != nil {
			return
		}
		checkLandscape(t, l)
	})
}

// FuzzClomonitor: whatever CLOMonitor's file holds, a landscape keeps its items
// and their own repositories, and gets no more than the file has room for.
func FuzzClomonitor(f *testing.F) {
	oddities := fuzzDocument(f, "oddities.yml")
	f.Add(fuzzDocument(f, "oddities.clomonitor.yaml"))
	f.Add([]byte("- name: one\n  repositories:\n  - name: a\n    url: https://github.com/o/a\n    check_sets: [code]\n"))
	f.Add([]byte("- &p {name: one, repositories: &r [{url: https://u:p@h.example/o/n}, {url: 'file:///x'}]}\n- {<<: *p, name: two}\n"))
	filter := &gromav1.Filter{AllItems: true, Archived: true}
	small := []byte("landscape:\n- name: C\n  subcategories:\n  - name: S\n    items:\n" +
		"    - {name: One, repo_url: https://github.com/o/one, extra: {clomonitor_name: one}}\n" +
		"    - {name: Two, repo_url: https://github.com/o/two, extra: {clomonitor_name: two}}\n    - {name: Three}\n")
	sources := [][]byte{small, oddities}
	var alone []*gromav1.Landscape
	for _, source := range sources {
		l, err := Read(KindLandscape, Document{"source", source}, nil, filter)
		if err != nil {
			f.Fatal(err)
		}
		alone = append(alone, l)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for i, source := range sources {
			l, err := Read(KindLandscape, Document{"source", source}, &Document{"clomonitor", data}, filter)
			if err != nil {
				return
			}
			checkLandscape(t, l)
			checkJoined(t, alone[i], l, len(data))
		}
	})
}

// checkJoined checks that a landscape has what it had before so many bytes were
// joined, and how much it got.
func checkJoined(t *testing.T, alone, joined *gromav1.Landscape, size int) {
	t.Helper()
	if joined.Items != alone.Items || len(joined.Projects) != len(alone.Projects) {
		t.Errorf("%d items and %d projects, without CLOMonitor %d and %d", joined.Items, len(joined.Projects), alone.Items, len(alone.Projects))
	}
	has := map[string]bool{}
	for _, r := range joined.Repositories {
		has[r.Key] = true
	}
	for _, r := range alone.Repositories {
		if !has[r.Key] {
			t.Errorf("it lost %q", r.Key)
		}
	}
	if more := len(joined.Repositories) - len(alone.Repositories); more > size/4 {
		t.Errorf("%d repositories came of %d bytes", more, size)
	}
}

func fuzzDocument(f *testing.F, name string) []byte {
	f.Helper()
	data, err := readFixture(name)
	if err != nil {
		f.Fatal(err)
	}
	return data
}

// TestRead_NoCredentials puts a password wherever an address may stand.
func TestRead_NoCredentials(t *testing.T) {
	const secret = "hunter2"
	for _, name := range []string{"oddities.yml", "simple.list"} {
		data, err := readFixture(name)
		if err != nil {
			t.Fatal(err)
		}
		kind := KindLandscape
		if name == "simple.list" {
			kind = KindList
		}
		with := strings.NewReplacer("https://user:hunter2@", "https://user:hunter2@", "https://", "https://u:"+secret+"@", "http://", "http://u:"+secret+"@").Replace(string(data))
		l, err := Read(kind, Document{"https://u:" + secret + "@example.org/source", []byte(with)}, nil, &gromav1.Filter{AllItems: true, Archived: true})
		if err != nil {
			t.Fatal(err)
		}
		checkLandscape(t, l)
		if text := l.String(); strings.Contains(text, secret) {
			i := strings.Index(text, secret)
			t.Errorf("the password is in …%s…", text[max(0, i-100):min(len(text), i+100)])
		}
	}
}
