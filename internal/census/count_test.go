package census

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"groma/internal/gitwire"
	"groma/internal/tally"
	"groma/internal/world/worldtest"
	gromav1 "groma/proto/groma/v1"
)

// Whatever makes a file count otherwise than it looked on its way: attributes,
// other names of the same content, names that come late.
const odd = `
-- repos/o/odd/a.rs --
// One content,
fn main() {}
-- repos/o/odd/b.rs --
// One content,
fn main() {}
-- repos/o/odd/c.py --
// One content,
fn main() {}
-- repos/o/odd/what --
// One content,
fn main() {}
-- repos/o/odd/target [symlink] --
// One content,
fn main() {}
-- repos/o/odd/z/.gitattributes --
*.inc linguist-language=Rust
*.rs linguist-language=C++
gen/* linguist-generated
ours/** -linguist-vendored
theirs/** linguist-vendored
-- repos/o/odd/z/one.inc --
// One content,
fn main() {}
-- repos/o/odd/z/two.rs --
// One content,
fn main() {}
-- repos/o/odd/z/gen/d.rs --
// One content,
fn main() {}
-- repos/o/odd/package.json --
{"name": "mine"}
-- repos/o/odd/node_modules/x/package.json --
{"name": "mine"}
-- repos/o/odd/z/theirs/package.json --
{"name": "mine"}
-- repos/o/odd/z/ours/vendor/package.json --
{"name": "mine"}
-- repos/o/odd/z/package-like.json --
{"name": "mine"}
-- repos/o/odd/x/one.csproj --
<Project/>
-- repos/o/odd/x/two.csproj --
<Project/>
-- repos/o/odd/x/setup.py --
setup()
-- repos/o/odd/x/setup.cfg --
[metadata]
-- repos/o/odd/go.mod --
module m
-- repos/o/odd/empty.go --
-- repos/o/odd/empty --
-- repos/o/odd/pointer.c --
version https://git-lfs.github.com/spec/v1
oid sha256:0
-- repos/o/odd/run [executable] --
#!/usr/bin/env python
# one
-- repos/o/odd/run.sh [executable] --
#!/usr/bin/env python
# one
-- repos/o/odd/big.rs [repeat 300] --
fn big() {}
-- repos/o/odd/sub [submodule] --
0123456789012345678901234567890123456789
`

// TestCount_Plainly: reading contents while they arrive makes no difference,
// whatever there is memory for.
func TestCount_Plainly(t *testing.T) {
	server := worldtest.Serve(t, odd)
	limits := &gromav1.Limits{FileBytes: 1000}
	for _, memory := range []int64{0, 64 << 10, 1} {
		git := gitwire.New(gitwire.Config{MemoryBytes: memory, TempDir: t.TempDir()})
		defer git.Close()
		probe := func() *gitwire.Remote {
			remote, err := git.Probe(t.Context(), gitwire.Request{Address: server.URL + "/o/odd"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { remote.Close() })
			return remote
		}
		counted, err := Count(t.Context(), probe(), limits, Options{})
		if err != nil {
			t.Fatal(err)
		}
		files, packages := plainly(t, probe(), limits)
		if !slices.EqualFunc(counted.Files, files, func(a, b *gromav1.FileCount) bool { return proto.Equal(a, b) }) {
			t.Errorf("with %d of memory files are not those counted plainly: %s", memory, firstOther(counted.Files, files))
		}
		if got, want := fmt.Sprint(counted.Census.Packages), "map[go:1 npm:2 nuget:2 pypi:1]"; got != want || fmt.Sprint(packages) != want {
			t.Errorf("with %d of memory packages are %s, counted plainly %v, want %s", memory, got, packages, want)
		}
	}
}

// firstOther says where two file lists differ first.
func firstOther(got, want []*gromav1.FileCount) string {
	for i := range min(len(got), len(want)) {
		if !proto.Equal(got[i], want[i]) {
			return fmt.Sprintf("%v, want %v", got[i], want[i])
		}
	}
	return fmt.Sprintf("%d files, want %d", len(got), len(want))
}

// plainly counts one file after the other, once all is there.
func plainly(t *testing.T, remote *gitwire.Remote, limits *gromav1.Limits) (files []*gromav1.FileCount, packages map[string]int64) {
	t.Helper()
	snapshot, err := remote.Fetch(t.Context(), gitwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	counter, attributes := tally.New(tally.Options{FileBytes: limits.FileBytes}), tally.NewAttributes()
	contents := map[string][]byte{}
	var all []tally.Entry
	err = snapshot.Files(t.Context(), func(f gitwire.File) error {
		entry := entryOf(f)
		all = append(all, entry)
		if _, skip := counter.Skip(entry); skip {
			return nil
		}
		content, err := f.Read()
		contents[f.Path] = content
		if tally.IsAttributes(f.Path) {
			attributes.Add(f.Path, content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var found tally.Packages
	for _, entry := range all {
		overrides := attributes.For(entry.Path)
		file := counter.Count(entry, overrides, contents[entry.Path])
		if content, read := contents[entry.Path]; read {
			found.Add(entry.Path, overrides, content)
			file.Ecosystem, _ = tally.Package(entry.Path, tally.Overrides{Vendored: tally.No}, content)
		}
		files = append(files, file)
	}
	return files, found.Count()
}
