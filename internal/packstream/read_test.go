package packstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"groma/internal/fault"
)

// Contents that the packs below are made of.
var (
	one   = "fn one() {}\n" + strings.Repeat("// the first\n", 300)
	two   = one + "fn two() {}\n"
	three = two + strings.Repeat("fn three() {}\n", 20)
	stray = "nobody names me"
	root  = tree([2]string{"1.rs", one}, [2]string{"2.rs", two}, [2]string{"3.rs", three}, [2]string{"also.rs", one})
	more  = tree([2]string{"three.txt", three}, [2]string{"3.rs", three})
)

// packs are all ways to send the same objects.
func packs() map[string][]byte {
	commit := "tree " + named(Tree, root).String() + "\n"
	return map[string][]byte{
		"trees first": newBuilder().whole(Commit, commit).whole(Tree, root).whole(Tree, more).
			whole(Blob, one).whole(Blob, two).whole(Blob, three).whole(Blob, stray).pack(),
		"trees last": newBuilder().whole(Blob, one).whole(Blob, two).whole(Blob, three).whole(Blob, stray).
			whole(Commit, commit).whole(Tree, root).whole(Tree, more).pack(),
		"deltas by offset": newBuilder().whole(Commit, commit).whole(Tree, root).whole(Tree, more).
			whole(Blob, one).upon(3, appended(one, two[len(one):])).upon(4, appended(two, three[len(two):])).whole(Blob, stray).pack(),
		"deltas by name": newBuilder().whole(Commit, commit).whole(Tree, root).whole(Tree, more).
			whole(Blob, one).uponName(named(Blob, one), appended(one, two[len(one):])).
			uponName(named(Blob, two), appended(two, three[len(two):])).whole(Blob, stray).pack(),
		"deltas before their bases": newBuilder().whole(Commit, commit).
			uponName(named(Blob, two), appended(two, three[len(two):])).
			uponName(named(Blob, one), appended(one, two[len(one):])).
			whole(Tree, root).whole(Tree, more).whole(Blob, stray).whole(Blob, one).pack(),
		"an offset upon a name": newBuilder().whole(Commit, commit).whole(Tree, root).
			uponName(named(Blob, one), appended(one, two[len(one):])).upon(2, appended(two, three[len(two):])).
			whole(Blob, one).whole(Tree, more).whole(Blob, stray).pack(),
	}
}

// TestRead reads the same objects sent in every way, with budgets from ample
// to absurd: what comes out is the same.
func TestRead(t *testing.T) {
	want := map[string]int64{}
	for _, blob := range []string{one, two, three, stray} {
		want[named(Blob, blob).String()+" blob"] = int64(len(blob))
	}
	want[named(Tree, root).String()+" tree"] = int64(len(root))
	want[named(Tree, more).String()+" tree"] = int64(len(more))
	for name, data := range packs() {
		for _, memory := range []int64{1 << 20, 40 << 10, 4 << 10, 1} {
			t.Run(fmt.Sprint(name, memory), func(t *testing.T) {
				p, err := Read(t.Context(), bytes.NewReader(data), config(t, memory))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				got := map[string]int64{}
				for i := range p.count {
					check(t, p, i)
					if o := p.object(i); o.Kind != Commit {
						got[fmt.Sprint(p.at(i).name, " ", o.Kind)] = o.Size
					}
				}
				if !maps.Equal(got, want) {
					t.Errorf("objects are %v, want %v", got, want)
				}
			})
		}
	}
}

// check reads an object in both ways: it is what its name says.
func check(t *testing.T, p *Pack, i int32) {
	t.Helper()
	data, err := p.ReadAll(i)
	if err != nil {
		t.Fatal(err)
	}
	o := p.at(i)
	if got := named(o.kind, string(data)); got != o.name {
		t.Errorf("object %d has the contents of %s, not %s", i, got, o.name)
	}
	if found, ok := p.Find(o.name); !ok || found.Size != int64(len(data)) {
		t.Errorf("object %d is found as %v, %v", i, found, ok)
	}
	r, err := p.Open(i)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if again, err := io.ReadAll(r); err != nil || !bytes.Equal(again, data) {
		t.Errorf("object %d opened has %d bytes, %v, want %d", i, len(again), err, len(data))
	}
}

// taking collects what is handed out.
type taking struct {
	mu    sync.Mutex
	names map[string][]string // by content
}

func (c *taking) take(name Hash, names []string, content []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if named(Blob, string(content)) != name {
		names = []string{"wrong content"}
	}
	c.names[string(content)] = append(c.names[string(content)], slices.Sorted(slices.Values(names))...)
}

func TestRead_Take(t *testing.T) {
	all := map[string]string{one: "[1.rs also.rs]", two: "[2.rs]", three: "[3.rs three.txt]"}
	for name, want := range map[string]map[string]string{
		"trees first":               all,
		"deltas by offset":          all,
		"deltas by name":            all,
		"deltas before their bases": all,
		"an offset upon a name":     all,
	} {
		c := taking{names: map[string][]string{}}
		read := config(t, 1<<20)
		read.Take, read.Most = c.take, 1<<20
		p, err := Read(t.Context(), bytes.NewReader(packs()[name]), read)
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
		got := map[string]string{}
		for content, names := range c.names {
			got[content] = fmt.Sprint(names)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: handed out %d contents, called %v; want %v", name, len(got), slices.Sorted(maps.Values(got)), slices.Sorted(maps.Values(want)))
		}
	}
}

func TestRead_TakeNotTooLarge(t *testing.T) {
	c := taking{names: map[string][]string{}}
	read := config(t, 1<<20)
	read.Take, read.Most = c.take, int64(len(two))
	p, err := Read(t.Context(), bytes.NewReader(packs()["deltas by offset"]), read)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if len(c.names) != 2 || c.names[three] != nil {
		t.Errorf("handed out %d, among them the large one %d times", len(c.names), len(c.names[three]))
	}
	if o, ok := p.Find(named(Blob, three)); !ok || o.Size != int64(len(three)) {
		t.Errorf("the large one is found as %v, %v", o, ok)
	}
}

// A pack that ends anywhere, or has any byte wrong, is no pack.
func TestRead_Cut(t *testing.T) {
	for name, whole := range packs() {
		for n := range whole {
			_, err := Read(t.Context(), bytes.NewReader(whole[:n]), config(t, 8<<10))
			if n == 0 && err == io.ErrUnexpectedEOF {
				continue
			}
			if got := fault.KindOf(err); got != fault.Unavailable {
				t.Fatalf("%s cut after %d bytes: %v (%q)", name, n, err, got)
			}
			broken := bytes.Clone(whole)
			broken[n] ^= 0x11
			if p, err := Read(t.Context(), bytes.NewReader(broken), config(t, 8<<10)); err == nil {
				p.Close()
				t.Fatalf("%s broken at byte %d is taken for whole", name, n)
			}
		}
	}
}

func TestRead_Error(t *testing.T) {
	tooFar := []byte{3, 200, 1, 0x80 | 1 | 16, 2, 200}
	for name, test := range map[string]struct {
		pack []byte
		want fault.Kind
	}{
		"no pack":            {[]byte("<html>nothing here</html>"), fault.Unavailable},
		"version":            {sealed([]byte("PACK\x00\x00\x00\x09\x00\x00\x00\x00")), fault.Unsupported},
		"too many objects":   {sealed([]byte("PACK\x00\x00\x00\x02\xff\xff\xff\xff")), fault.TooLarge},
		"checksum":           {append(packs()["trees first"][:100:100], make([]byte, 20)...), fault.Unavailable},
		"bytes after it":     {append(packs()["trees first"], 0), fault.Unavailable},
		"says it is smaller": {newBuilder().object(Blob, 3, nil, []byte("four")).pack(), fault.Unavailable},
		"says it is larger":  {newBuilder().object(Blob, 5, nil, []byte("four")).pack(), fault.Unavailable},
		"large, smaller":     {newBuilder().object(Blob, 8000, nil, make([]byte, 9000)).pack(), fault.Unavailable},
		"large, larger":      {newBuilder().object(Blob, 9000, nil, make([]byte, 8000)).pack(), fault.Unavailable},
		"beyond the limit":   {newBuilder().object(Blob, 1<<25, nil, nil).pack(), fault.TooLarge},
		"beyond, by delta":   {newBuilder().whole(Blob, "abc").upon(0, []byte{3, 0x80, 0x80, 0x80, 0x10, 1}).pack(), fault.TooLarge},
		"no such kind":       {newBuilder().object(5, 1, nil, []byte("x")).pack(), fault.Unavailable},
		"no base":            {newBuilder().uponName(named(Blob, one), appended(one, "x")).pack(), fault.Unavailable},
		"itself":             {newBuilder().uponName(named(Blob, "x"), appended("x", "y")).pack(), fault.Unavailable},
		"each other": {newBuilder().uponName(named(Blob, one+"x"), appended(one+"x", "y")).
			uponName(named(Blob, one+"xy"), appended(one+"xy", "z")).pack(), fault.Unavailable},
		"offset into nowhere": {newBuilder().object(offsetDelta, 1, []byte{1}, []byte("x")).pack(), fault.Unavailable},
		"offset of itself":    {newBuilder().object(offsetDelta, 1, []byte{0}, []byte("x")).pack(), fault.Unavailable},
		"copies beyond":       {newBuilder().whole(Blob, "abc").upon(0, tooFar).pack(), fault.Unavailable},
		"other base":          {newBuilder().whole(Blob, "abc").upon(0, appended("abcd", "e")).pack(), fault.Unavailable},
		"chain":               {chain(longestChain + 1).pack(), fault.Invalid},
	} {
		for _, memory := range []int64{1 << 20, 40 << 10} {
			p, err := Read(t.Context(), bytes.NewReader(test.pack), config(t, memory))
			if err == nil {
				p.Close()
			}
			if got := fault.KindOf(err); got != test.want && got != fault.Invalid {
				t.Errorf("%s with %d: %v (%q), want %q", name, memory, err, got, test.want)
			}
		}
	}
}

// Each object has a checksum of its own, of what it inflates to.
func TestRead_ObjectSum_Error(t *testing.T) {
	for name, built := range map[string]*builder{
		"blob":  newBuilder().whole(Blob, one),
		"tree":  newBuilder().whole(Tree, tree([2]string{"a", one})),
		"delta": newBuilder().whole(Blob, one).upon(0, appended(one, "x")),
	} {
		for _, memory := range []int64{1 << 20, 40 << 10} {
			pack := built.pack()
			data := pack[:len(pack)-20]
			data[len(data)-1] ^= 1
			p, err := Read(t.Context(), bytes.NewReader(sealed(data)), config(t, memory))
			if err == nil {
				p.Close()
			}
			if got := fault.KindOf(err); got != fault.Unavailable {
				t.Errorf("%s with %d: %v (%q), want it taken for cut", name, memory, err, got)
			}
		}
	}
}

// chain is a chain of so many deltas.
func chain(n int) *builder {
	b, content := newBuilder().whole(Blob, "0"), "0"
	for i := range n {
		b.upon(i, appended(content, "x"))
		content += "x"
	}
	return b
}

func TestRead_LongestChain(t *testing.T) {
	p, err := Read(t.Context(), bytes.NewReader(chain(longestChain).pack()), config(t, 32<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	check(t, p, longestChain)
}

func TestRead_Stopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, bytes.NewReader(packs()["trees first"]), config(t, 1<<20)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// A full disk is a failure of this machine.
func TestRead_NoRoom(t *testing.T) {
	read := config(t, 1)
	read.Temp = func() (File, error) { return nil, errors.New("disk full") }
	if _, err := Read(t.Context(), bytes.NewReader(packs()["trees first"]), read); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without room: %v", err)
	}
}

func TestHasher(t *testing.T) {
	name, err := newHasher().of(Blob, []byte("hello\n"))
	if want := "ce013625030ba8dba906f756967f9e9ca394464a"; err != nil || name.String() != want {
		t.Errorf("%s, %v, want %s", name, err, want)
	}
	if ParseHash(name.String()) != name || ParseHash("ce01") != (Hash{}) || ParseHash(strings.Repeat("x", 40)) != (Hash{}) {
		t.Error("names are not read as they are written")
	}
}
