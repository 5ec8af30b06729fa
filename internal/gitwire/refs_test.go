package gitwire

import (
	"path/filepath"
	"strings"
	"testing"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

const history = `
-- repos/o/past/one --
1
-- repos/o/past.repo --
tag v1
-- repos/o/lone.repo --
detached
-- repos/o/lone/a --
a
-- repos/o/trunk.repo --
branch trunk
-- repos/o/trunk/a --
a
`

// A repository of three commits: tag v1 is the first, branch old the second,
// main the last.
func TestProbe_Refs(t *testing.T) { bothVersions(t, testProbe_Refs) }

func testProbe_Refs(t *testing.T, client newClient) {
	s := worldtest.Serve(t, history)
	dir := filepath.Join(s.Dir, "o/past.git")
	first := git(t, "-C", dir, "rev-parse", "main")
	second, err := s.Commit("o/past", "-- two --\n2\n")
	if err != nil {
		t.Fatal(err)
	}
	git(t, "-C", dir, "branch", "old")
	third, err := s.Commit("o/past", "-- three --\n3\n")
	if err != nil {
		t.Fatal(err)
	}
	tag := git(t, "-C", dir, "rev-parse", "v1")
	c := client(t, Config{})
	for _, test := range []struct {
		name    string
		request Request
		want    Head
		files   int
	}{
		{"HEAD", Request{Address: "past"}, Head{third, "main"}, 3},
		{"a branch", Request{Address: "past", Branch: "old"}, Head{second, "old"}, 2},
		{"an annotated tag", Request{Address: "past", Branch: "v1"}, Head{first, "v1"}, 1},
		{"a whole ref", Request{Address: "past", Branch: "refs/heads/old"}, Head{second, "refs/heads/old"}, 2},
		{"a commit that a ref names", Request{Address: "past", Commit: second}, Head{second, ""}, 2},
		{"a commit that none names", Request{Address: "past", Commit: first}, Head{first, ""}, 1},
		{"a commit in capitals", Request{Address: "past", Commit: strings.ToUpper(first)}, Head{first, ""}, 1},
		{"a commit on a branch", Request{Address: "past", Branch: "main", Commit: first}, Head{first, "main"}, 1},
		{"a tag's own hash", Request{Address: "past", Commit: tag}, Head{tag, ""}, 1},
		{"a detached HEAD", Request{Address: "lone"}, Head{git(t, "-C", filepath.Join(s.Dir, "o/lone.git"), "rev-parse", "HEAD"), ""}, 1},
		{"another default branch", Request{Address: "trunk"}, Head{git(t, "-C", filepath.Join(s.Dir, "o/trunk.git"), "rev-parse", "HEAD"), "trunk"}, 1},
	} {
		for _, base := range []string{s.URL + "/o/", s.Dir + "/o/"} {
			t.Run(test.name+" "+base[:4], func(t *testing.T) {
				request := test.request
				request.Address = base + request.Address
				head, files, err := take(t.Context(), c, request)
				if err != nil {
					t.Fatal(err)
				}
				if head != test.want || len(files) != test.files {
					t.Errorf("head = %v with %q; want %v with %d files", head, files, test.want, test.files)
				}
			})
		}
	}
	for name, request := range map[string]Request{
		"no such commit":        {Address: s.URL + "/o/past", Commit: strings.Repeat("1", 40)},
		"no such commit, local": {Address: dir, Commit: strings.Repeat("1", 40)},
		"no such branch":        {Address: dir, Branch: "none"},
	} {
		if _, _, err := take(t.Context(), c, request); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v (%q)", name, err, fault.KindOf(err))
		}
	}
	tree := git(t, "-C", dir, "rev-parse", "main^{tree}")
	if _, _, err := take(t.Context(), c, Request{Address: dir, Commit: tree}); !fault.KindOf(err).Permanent() {
		t.Errorf("a tree for a commit: %v (%q)", err, fault.KindOf(err))
	}
}
