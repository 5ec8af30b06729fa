package census

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/telemetry"
	"groma/internal/vitals"
	"groma/internal/world"
	"groma/internal/world/worldtest"
	gromav1 "groma/proto/groma/v1"
)

const text = `
-- repos/o/good/src/main.rs --
// A comment.
fn main() {}

-- repos/o/good/src/lib.rs --
fn lib() {}
-- repos/o/good/third_party/a.rs --
fn theirs() {}
-- repos/o/good/mine/a.rs --
fn mine() {}
-- repos/o/good/.gitattributes --
mine/* linguist-vendored
-- repos/o/good/link [symlink] --
src/main.rs
-- repos/o/good/dep [submodule] --
0123456789012345678901234567890123456789
-- repos/o/good/picture.bin [base64] --
AAECAwQ=
-- repos/o/good/big.rs [repeat 300] --
fn big() {}
-- repos/o/good/Cargo.toml --
[package]
name = "good"
-- repos/o/good/what.ever --
unknown
-- repos/o/none.repo --
empty
-- repos/o/gone.repo --
missing
-- repos/o/closed.repo --
denied
-- repos/o/old.repo --
moved o/good
-- repos/o/stuck/a.rs --
fn a() {}
-- repos/o/stuck.repo --
hang
-- repos/o/broken/a.rs --
fn a() {}
-- repos/o/broken.repo --
status 500
`

// newTaker serves the world above and returns a taker that asks it.
func newTaker(t *testing.T) (*Taker, *world.Server) {
	t.Helper()
	server := worldtest.Serve(t, text)
	mirror, err := gitwire.ParseMirror("https://github.com/=" + server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	git := gitwire.New(gitwire.Config{Mirrors: []gitwire.Mirror{mirror}})
	t.Cleanup(git.Close)
	store := artefacttest.NewFolder(t)
	return &Taker{Git: git, Store: store}, server
}

func ask(survey, name string) Request {
	return Request{
		Survey: survey, Key: "github.com/o/" + name, Address: "https://github.com/o/" + name,
		Limits: &gromav1.Limits{FileBytes: 1000},
	}
}

func take(t *testing.T, taker *Taker, request Request) *gromav1.Taken {
	t.Helper()
	taken, err := taker.Take(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func TestTake_AccountsForEveryFile(t *testing.T) {
	taker, _ := newTaker(t)
	taken := take(t, taker, ask("s", "good"))
	if taken.Outcome != "counted" || taken.Branch != "main" || taken.Requests == 0 || taken.BytesReceived == 0 {
		t.Fatalf("taken is %v", taken)
	}
	census, err := taker.kept(t.Context(), "github.com/o/good", taken.Commit, "g1-scc3.7.0-enry2.9.6-f1000b")
	if err != nil || census == nil {
		t.Fatalf("the census is not kept: %v", err)
	}
	counts := map[string]int64{}
	for _, tally := range census.Tally {
		if tally.Code+tally.Comments+tally.Blanks != tally.Lines {
			t.Errorf("%v does not add up", tally)
		}
		counts[tally.Language+" "+tally.Class] += tally.Files
	}
	for _, skipped := range census.Skipped {
		counts[skipped.Why] += skipped.Files
	}
	want := map[string]int64{
		"Rust source": 2, "Rust vendored": 2, "TOML configuration": 1,
		"symlink": 1, "submodule": 1, "binary": 1, "too-large": 1, "unknown-language": 2,
	}
	var sum int64
	for what, n := range want {
		sum += n
		if counts[what] != n {
			t.Errorf("%d files are %s, want %d", counts[what], what, n)
		}
	}
	if census.Files != sum || len(counts) != len(want) {
		t.Errorf("%d files as %v, want %d as %v", census.Files, counts, sum, want)
	}
	if census.Packages["cargo"] != 1 {
		t.Errorf("packages are %v, want one of cargo", census.Packages)
	}
	checkFiles(t, taker, census)
}

// checkFiles: the file list is sorted, whole, and what the census is the sum
// of.
func checkFiles(t *testing.T, taker *Taker, census *gromav1.Census) {
	t.Helper()
	packed, err := taker.Store.Get(t.Context(), artefact.FilesKey(census.Key, census.Commit, census.Method))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var files, lines int64
	last := ""
	for scanner := bufio.NewScanner(reader); scanner.Scan(); {
		var file gromav1.FileCount
		if err := json.Unmarshal(scanner.Bytes(), &file); err != nil {
			t.Fatal(err)
		}
		if file.Path <= last || len(file.Blob) != 40 {
			t.Errorf("%v comes after %s", &file, last)
		}
		last = file.Path
		files++
		lines += file.Lines
	}
	var want int64
	for _, tally := range census.Tally {
		want += tally.Lines
	}
	if files != census.Files || lines != want {
		t.Errorf("the list has %d files and %d lines, want %d and %d", files, lines, census.Files, want)
	}
}

func TestTake_Reuse(t *testing.T) {
	taker, server := newTaker(t)
	if got := take(t, taker, ask("one", "good")).Outcome; got != "counted" {
		t.Errorf("the first time it is %s", got)
	}
	asked := len(server.Requests())
	if got := take(t, taker, ask("one", "good")).Outcome; got != "counted" {
		t.Errorf("tried again in the same survey it is %s, want counted", got)
	}
	if got := take(t, taker, ask("two", "good")).Outcome; got != "reused" {
		t.Errorf("in another survey it is %s, want reused", got)
	}
	if n := len(server.Requests()) - asked; n != 4 {
		t.Errorf("two reuses took %d requests, want a probe of two each", n)
	}
	before := take(t, taker, ask("two", "good")).Commit
	if _, err := server.Commit("o/good", "-- new.rs --\nfn new() {}\n"); err != nil {
		t.Fatal(err)
	}
	after := take(t, taker, ask("two", "good"))
	if after.Outcome != "counted" || after.Commit == before {
		t.Errorf("a new commit is %v, want it counted", after)
	}
	other := ask("two", "good")
	other.Limits = &gromav1.Limits{FileBytes: 2000}
	if got := take(t, taker, other).Outcome; got != "counted" {
		t.Errorf("by another method it is %s, want counted", got)
	}
}

func TestTake_Outcomes(t *testing.T) {
	taker, _ := newTaker(t)
	for name, want := range map[string]string{"none": "empty", "gone": "not-found", "closed": "denied", "old": "counted"} {
		taken := take(t, taker, ask("s", name))
		if taken.Outcome != want {
			t.Errorf("%s is %s, want %s", name, taken.Outcome, want)
		}
		if (taken.Reason == "") != (want == "counted") {
			t.Errorf("%s has the reason %q", name, taken.Reason)
		}
	}
	taker, _ = newTaker(t) // which has no census of it yet
	small := ask("s", "good")
	small.Limits.RepositoryBytes = 100
	if got := take(t, taker, small).Outcome; got != "too-large" {
		t.Errorf("beyond its limit it is %s, want too-large", got)
	}
}

func TestTake_Moved(t *testing.T) {
	taker, _ := newTaker(t)
	old := take(t, taker, ask("s", "old"))
	if old.MovedTo != "github.com/o/good" {
		t.Errorf("it moved to %q, want github.com/o/good", old.MovedTo)
	}
	// Kept under the address it has now, so that it is there already.
	if good := take(t, taker, ask("other", "good")); good.Outcome != "reused" || good.Commit != old.Commit {
		t.Errorf("at its new address it is %v, want it reused", good)
	}
}

func TestTake_Error(t *testing.T) {
	taker, _ := newTaker(t)
	if taken, err := taker.Take(t.Context(), ask("s", "broken")); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a broken host: %v, %v, want unavailable", taken, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if taken, err := taker.Take(cancelled, ask("s", "good")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v, want context.Canceled", taken, err)
	}
}

func TestTake_TimedOut(t *testing.T) {
	taker, _ := newTaker(t)
	request := ask("s", "stuck")
	request.Limits.Seconds = 1
	taken := take(t, taker, request)
	if taken.Outcome != "timed-out" || !strings.Contains(taken.Reason, "longer than the 1s") {
		t.Errorf("taken is %v, want it timed out", taken)
	}
}

// TestCount_SameAgain: a census is a function of the commit and the method.
func TestCount_SameAgain(t *testing.T) {
	taker, _ := newTaker(t)
	count := func() *gromav1.Census {
		remote, err := taker.Git.Probe(t.Context(), gitwire.Request{Address: "https://github.com/o/good"})
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		counted, err := Count(t.Context(), remote, &gromav1.Limits{FileBytes: 1000}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		counted.Census.Wire, counted.Census.Seconds = nil, 0
		return counted.Census
	}
	if first, second := count(), count(); !proto.Equal(first, second) {
		t.Errorf("first %v, then %v", first, second)
	}
}

// TestTake_New: of a new commit only what is new is brought and read; what
// another repository has is not read again.
func TestTake_New(t *testing.T) {
	taker, server := newTaker(t)
	taker.Contents = NewContents(1 << 20)
	first := take(t, taker, ask("one", "good"))
	if first.BlobsCounted != 8 {
		t.Errorf("%d contents were counted at first, want 8: each that is no link, no submodule and not too large", first.BlobsCounted)
	}
	if _, err := server.Commit("o/good", "-- new.rs --\nfn new() {}\n-- moved/lib.rs --\nfn lib() {}\n"); err != nil {
		t.Fatal(err)
	}
	second := take(t, taker, ask("two", "good"))
	census, err := taker.kept(t.Context(), second.Key, second.Commit, second.Method)
	if err != nil {
		t.Fatal(err)
	}
	if second.BlobsCounted != 1 || census.BlobsCounted != 1 || census.BuiltOn != first.Commit {
		t.Errorf("%d contents were counted, built on %q, want 1, built on %s", second.BlobsCounted, census.BuiltOn, first.Commit)
	}
	// A fork, for which there is no earlier census.
	if _, err := server.Commit("o/stuck", "-- lib.rs --\nfn lib() {}\n-- fork.rs --\nfn fork() {}\n"); err != nil {
		t.Fatal(err)
	}
	if err := server.Set("o/stuck", "well"); err != nil {
		t.Fatal(err)
	}
	taker.Metrics = telemetry.NewMetrics("test", "test")
	if fork := take(t, taker, ask("two", "stuck")); fork.BlobsCounted != 3 {
		t.Errorf("%d contents of a fork are new, want 3: what another repository has is new to this one", fork.BlobsCounted)
	}
	answer := httptest.NewRecorder()
	taker.Metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if want := `groma_contents_total{how="read"} 2`; !strings.Contains(answer.Body.String(), want) {
		t.Errorf("the metrics do not say %s: of a fork, its own are read", want)
	}
}

// TestTake_LostList: a file list that is not there, or no list, costs work only.
func TestTake_LostList(t *testing.T) {
	taker, server := newTaker(t)
	last := take(t, taker, ask("one", "good"))
	whole := taker.Store
	for name, data := range map[string][]byte{"lost": nil, "damaged": []byte("no zstd"), "empty": {}} {
		taker.Store = without{whole, artefact.FilesKey(last.Key, last.Commit, last.Method), data}
		if _, err := server.Commit("o/good", "-- new.rs --\nfn "+name+"() {}\n"); err != nil {
			t.Fatal(err)
		}
		taken := take(t, taker, ask("two", "good"))
		census, err := taker.kept(t.Context(), taken.Key, taken.Commit, taken.Method)
		if err != nil || taken.Outcome != "counted" {
			t.Errorf("%s: %v, %v", name, taken, err)
		}
		if census.BuiltOn == last.Commit {
			t.Errorf("%s: the census is built on a list that nobody can read", name)
		}
		last = taken
	}
}

// without is a store in which something else is kept under a key, or nothing.
type without struct {
	artefact.Store
	key  string
	data []byte
}

func (w without) Get(ctx context.Context, key string) ([]byte, error) {
	switch {
	case key != w.key:
		return w.Store.Get(ctx, key)
	case w.data == nil:
		return nil, artefact.ErrMissing
	}
	return w.data, nil
}

func TestTake_Recount(t *testing.T) {
	taker, _ := newTaker(t)
	first := take(t, taker, ask("one", "good"))
	again := ask("two", "good")
	again.Recount = true
	if taken := take(t, taker, again); taken.Outcome != "counted" || taken.BlobsCounted != first.BlobsCounted {
		t.Errorf("counted again it is %v, want as %v", taken, first)
	}
	key := artefact.CensusKey(first.Key, first.Commit, first.Method)
	data, err := taker.Store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"other lines": {bytes.Replace(data, []byte(`"blanks": 1,`), []byte(`"blanks": 3,`), 1), "lines of Rust"},
		"other files": {bytes.Replace(data, []byte(`"files": 11,`), []byte(`"files": 12,`), 1), "11 files, and 12 are kept"},
		"no census":   {[]byte("{"), "damaged"},
	} {
		other := &Taker{Git: taker.Git, Store: without{taker.Store, key, test.data}}
		taken := take(t, other, again)
		if taken.Outcome != "failed" || !strings.Contains(taken.Reason, test.want) || !strings.Contains(taken.Reason, "delete census/") {
			t.Errorf("%s: %v, want a failure with %q", name, taken, test.want)
		}
	}
}

// TestTake_Killed: a census that was killed before any of its artefacts is taken
// again as if nothing had been kept.
func TestTake_Killed(t *testing.T) {
	for kept := range 4 {
		taker, server := newTaker(t)
		first := take(t, taker, ask("one", "good"))
		if _, err := server.Commit("o/good", "-- new.rs --\nfn new() {}\n"); err != nil {
			t.Fatal(err)
		}
		killed := &Taker{Git: taker.Git, Store: &dying{Store: taker.Store, left: kept}}
		again := ask("two", "good")
		again.Words = true
		if taken, err := killed.Take(t.Context(), again); err == nil {
			t.Fatalf("with %d artefacts kept it is %v, want a failure", kept, taken)
		}
		taken := take(t, taker, again)
		census, err := taker.kept(t.Context(), taken.Key, taken.Commit, taken.Method)
		if err != nil || taken.BlobsCounted != 1 || census.BlobsCounted != 1 || census.BuiltOn != first.Commit {
			t.Errorf("after %d artefacts %d contents were counted, built on %q, want 1, built on %s: %v", kept, taken.BlobsCounted, census.GetBuiltOn(), first.Commit, err)
		}
	}
}

// dying is a store that keeps a few artefacts more.
type dying struct {
	artefact.Store
	left int
}

func (d *dying) Create(ctx context.Context, key string, data []byte) error {
	if d.left--; d.left < 0 {
		return errors.New("killed")
	}
	return d.Store.Create(ctx, key, data)
}

// TestTake_GoingOnRefused: where a host does not do what going on takes, a
// census is taken all the same, from everything.
func TestTake_GoingOnRefused(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"an error":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"forbidden": func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"too large": func(w http.ResponseWriter) { w.WriteHeader(http.StatusRequestEntityTooLarge) },
		"its words": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			io.WriteString(w, "0011ERR not today")
		},
	} {
		t.Run(name, func(t *testing.T) {
			taker, server := newTaker(t)
			taker.Git = between(t, server.URL, refuse)
			take(t, taker, ask("one", "good"))
			if _, err := server.Commit("o/good", "-- new.rs --\nfn new() {}\n"); err != nil {
				t.Fatal(err)
			}
			taken := take(t, taker, ask("two", "good"))
			census, err := taker.kept(t.Context(), taken.Key, taken.Commit, taken.Method)
			if err != nil || taken.Outcome != "counted" || census.BuiltOn != "" || taken.BlobsCounted != 1 {
				t.Errorf("it is %v, built on %q: %v", taken, census.GetBuiltOn(), err)
			}
		})
	}
}

// between is a client of a host that refuses to hand out single contents.
func between(t *testing.T, url string, refuse func(http.ResponseWriter)) *gitwire.Client {
	t.Helper()
	host, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(host)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(asked, []byte("command=fetch")) && !bytes.Contains(asked, []byte("deepen 1")) {
			refuse(w)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(asked))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	mirror, err := gitwire.ParseMirror("https://github.com/=" + server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	git := gitwire.New(gitwire.Config{Mirrors: []gitwire.Mirror{mirror}})
	t.Cleanup(git.Close)
	return git
}

// TestTake_NewLargeFile: a file that a census from nothing would leave where it
// is does not make one that goes on fail.
func TestTake_NewLargeFile(t *testing.T) {
	taker, server := newTaker(t)
	take(t, taker, ask("one", "good"))
	noise := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	if _, err := server.Commit("o/good", "-- large.bin [base64] --\n"+base64.StdEncoding.EncodeToString(noise)+"\n"); err != nil {
		t.Fatal(err)
	}
	request := ask("two", "good")
	request.Limits.RepositoryBytes = 1 << 20
	fresh := &Taker{Git: taker.Git, Store: artefacttest.NewFolder(t)}
	want, got := take(t, fresh, request), take(t, taker, request)
	if got.Outcome != want.Outcome {
		t.Errorf("going on it is %v, from nothing %v", got, want)
	}
}

// TestTake_Vitals: what a history says is kept once; that of a shallow clone is
// asked for again, since it may be there one day.
func TestTake_Vitals(t *testing.T) {
	taker, server := newTaker(t)
	request := ask("one", "good")
	request.Windows = vitals.Windows(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	first := take(t, taker, request)
	if first.Vitals != vitals.Method(request.Windows) || first.WithoutVitals != "" {
		t.Errorf("taken is %v, want it with vitals", first)
	}
	request.Survey = "two"
	if again := take(t, taker, request); again.Vitals != first.Vitals || again.Requests >= first.Requests {
		t.Errorf("again it is %v, after %v", again, first)
	}
	commit, err := server.Commit("o/good", "-- new.rs --\nfn new() {}\n")
	if err != nil {
		t.Fatal(err)
	}
	git := filepath.Join(server.Dir, "o/good.git")
	boundary, parent := filepath.Join(git, "shallow"), filepath.Join(git, "objects", first.Commit[:2], first.Commit[2:])
	if err := errors.Join(os.WriteFile(boundary, []byte(commit+"\n"), 0o644), os.Rename(parent, parent+".away")); err != nil {
		t.Fatal(err)
	}
	if taken := take(t, taker, request); taken.Vitals != first.Vitals+"-shallow" {
		t.Errorf("of a shallow clone it is %v", taken)
	}
	if err := errors.Join(os.Remove(boundary), os.Rename(parent+".away", parent)); err != nil {
		t.Fatal(err)
	}
	if taken := take(t, taker, request); taken.Vitals != first.Vitals {
		t.Errorf("with its history it is %v", taken)
	}
}

// TestTake_VitalsForTheMoment: a history that cannot be had for the moment is
// asked for in every try that there is; after the last, the count stands alone.
func TestTake_VitalsForTheMoment(t *testing.T) {
	taker, server := newTaker(t)
	taker.Git = between(t, server.URL, func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
	request := ask("one", "good")
	request.Windows = vitals.Windows(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	for try := range 4 {
		if taken, err := taker.Take(t.Context(), request); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("try %d ends in %v: %v, want it to be tried again", try+1, taken, err)
		}
	}
	request.Last = true
	taken := take(t, taker, request)
	if taken.Outcome != "counted" || taken.Vitals != "" || !strings.Contains(taken.WithoutVitals, "502") {
		t.Errorf("after the last try it is %v, want it counted, without vitals, and why", taken)
	}
}
