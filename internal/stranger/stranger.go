// Package stranger is a corpus of hostile and odd inputs, all made by code, and
// what is to come of each.
//
// Each goes the way of every repository: over HTTP on loopback, through gitwire,
// packstream and census, into a store; documents go through source, landscape
// and annotation. What comes of one is an outcome, exact figures where it is
// counted, within bounds of memory and time. Whatever it is, the repository that
// is asked for after it is counted right.
package stranger

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/census"
	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// A Case is one input and what is to come of it.
type Case struct {
	Name string // what it is, for people
	// Heavy says that it takes more than a moment.
	Heavy bool
	// Outcome is what is to come of it: that of a census; unavailable, which a
	// survey tries again a few times before it gives up; or, of a document, read
	// or refused.
	Outcome string
	// Says is a part of the reason, or of the figures: "2 files, 3 = 1+1+1 lines,
	// binary 1". Of a repository that is counted it is all of them.
	Says string
	// Memory is how many bytes the heap may grow; zero means 96 MiB.
	Memory int64
	// Time is how long it may take; zero means 30 seconds.
	Time time.Duration

	repository func() *repository
	limits     gromav1.Limits
	vitals     bool          // ask for these, too
	idle       time.Duration // how long a remote may send nothing; zero means 20 seconds
	prepare    func(folder string) error
	document   func(folder string) (says string, err error)
}

// A Result is what has come of a case.
type Result struct {
	Outcome string
	Says    string
	Memory  int64 // by which the heap has grown at most, garbage included
	Time    time.Duration
	Wrong   []string // what should not be
}

const (
	mostMemory = 96 << 20
	mostTime   = 30 * time.Second
)

// Run runs a case in a folder of its own.
func (c *Case) Run(ctx context.Context, folder string) Result {
	site := newSite()
	defer site.Close()
	address := ""
	if c.repository != nil {
		address = site.add("odd", c.repository())
	}
	site.add("good", good())
	if c.prepare != nil {
		if err := c.prepare(folder); err != nil {
			return Result{Wrong: []string{err.Error()}}
		}
	}
	watch := newWatch()
	r := c.run(ctx, folder, address)
	r.Memory, r.Time = watch.stop()
	r.check(c)
	if c.repository != nil {
		after := take(ctx, &Case{}, folder, site.URL+"/stranger/good")
		if after.Outcome != "counted" || after.Says != goodFigures {
			r.Wrong = append(r.Wrong, fmt.Sprintf("a good repository is %s after it: %s", after.Outcome, after.Says))
		}
	}
	return r
}

func (c *Case) run(ctx context.Context, folder, address string) Result {
	if c.document == nil {
		return take(ctx, c, folder, address)
	}
	says, err := c.document(folder)
	if err != nil {
		return Result{Outcome: "refused", Says: err.Error()}
	}
	return Result{Outcome: "read", Says: says}
}

// check holds a result to what was to come.
func (r *Result) check(c *Case) {
	wrong := func(format string, args ...any) { r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...)) }
	if r.Outcome != c.Outcome {
		wrong("it is %s (%s), want %s", r.Outcome, r.Says, c.Outcome)
	}
	if !strings.Contains(r.Says, c.Says) || c.Outcome == "counted" && r.Says != c.Says {
		wrong("it says %q, want %q", r.Says, c.Says)
	}
	if most := cmp.Or(c.Memory, mostMemory); r.Memory > most {
		wrong("it took %d MiB of memory, and may take %d", r.Memory>>20, most>>20)
	}
	if most := cmp.Or(c.Time, mostTime); r.Time > most {
		wrong("it took %s, and may take %s", r.Time, most)
	}
	for _, c := range strings.ReplaceAll(r.Says, "\n", " ") { // annotations have a line for each mistake
		if c < ' ' || c == 0x7f || 0x80 <= c && c < 0xa0 || c == '\u202e' {
			wrong("it says the character %U", c)
		}
	}
}

// good is a repository with nothing odd about it.
func good() *repository {
	o := newObjects()
	return o.of(o.commit(o.files("a.rs", "// A comment.\nfn a() {}\n\n", "b.bin", "\x00\x01")))
}

const goodFigures = "2 files, 3 = 1+1+1 lines, binary 1"

// take takes the census of a repository as a worker does.
func take(ctx context.Context, c *Case, folder, address string) (r Result) {
	temp := filepath.Join(folder, "temp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return Result{Says: err.Error()}
	}
	git := gitwire.New(gitwire.Config{TempDir: temp, IdleTimeout: cmp.Or(c.idle, 20*time.Second)})
	defer git.Close()
	store, err := artefact.NewFolder(filepath.Join(folder, "data"))
	if err != nil {
		return Result{Says: err.Error()}
	}
	taker := &census.Taker{Git: git, Store: store, Contents: census.NewContents(4 << 20)}
	request := census.Request{Survey: "s", Key: "stranger.example/o/" + filepath.Base(address), Address: address, Limits: &c.limits, Words: true, Last: true}
	if c.vitals {
		request.Windows = []vitals.Window{{Name: "2023", From: day(2023), Until: day(2024)}}
	}
	taken, err := taker.Take(ctx, request)
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d files are left behind", len(left)))
	}
	switch {
	case err != nil:
		r.Outcome, r.Says = cmp.Or(string(fault.KindOf(err)), "unknown"), strings.TrimPrefix(err.Error(), address+": ")
	case taken.Outcome != "counted":
		r.Outcome, r.Says = taken.Outcome, taken.Reason
	default:
		r.Outcome = taken.Outcome
		r.figures(ctx, store, taken)
	}
	return r
}

func day(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

// figures reads what is kept of a repository that was counted, and holds it to
// what any census promises.
func (r *Result) figures(ctx context.Context, store artefact.Store, taken *gromav1.Taken) {
	kept := &gromav1.Census{}
	data, err := store.Get(ctx, artefact.CensusKey(taken.Key, taken.Commit, taken.Method))
	if err == nil {
		err = canonical.Unmarshal(data, kept)
	}
	if err != nil {
		r.Wrong = append(r.Wrong, fmt.Sprintf("its census: %v", err))
		return
	}
	sum, says := sumOf(kept)
	listed := &gromav1.Tally{}
	for file, err := range census.Files(ctx, store, taken.Key, taken.Commit, taken.Method) {
		if err != nil {
			r.Wrong = append(r.Wrong, err.Error())
			return
		}
		listed.Files++
		listed.Lines += file.Lines
		listed.Code += file.Code
	}
	if kept.Files != sum.Files || kept.Files != listed.Files || sum.Lines != sum.Code+sum.Comments+sum.Blanks || sum.Lines != listed.Lines || sum.Code != listed.Code {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d files are %v in sum and %v in the list", kept.Files, sum, listed))
	}
	r.Says = says + r.vitals(ctx, store, taken)
}

// sumOf adds up a census, and says what it comes to.
func sumOf(c *gromav1.Census) (sum *gromav1.Tally, says string) {
	sum = &gromav1.Tally{}
	for _, t := range c.Tally {
		sum.Files += t.Files
		sum.Lines += t.Lines
		sum.Code += t.Code
		sum.Comments += t.Comments
		sum.Blanks += t.Blanks
	}
	says = fmt.Sprintf("%d = %d+%d+%d lines", sum.Lines, sum.Code, sum.Comments, sum.Blanks)
	for _, s := range c.Skipped {
		sum.Files += s.Files
		says += fmt.Sprintf(", %s %d", s.Why, s.Files)
	}
	for _, ecosystem := range slices.Sorted(maps.Keys(c.Packages)) {
		says += fmt.Sprintf(", %s packages %d", ecosystem, c.Packages[ecosystem])
	}
	return sum, fmt.Sprintf("%d files, ", c.Files) + says
}

// vitals says what is kept of a history.
func (r *Result) vitals(ctx context.Context, store artefact.Store, taken *gromav1.Taken) string {
	if taken.WithoutVitals != "" {
		return "; without vitals: " + taken.WithoutVitals
	}
	if taken.Vitals == "" {
		return ""
	}
	v := &gromav1.Vitals{}
	data, err := store.Get(ctx, artefact.VitalsKey(taken.Key, taken.Commit, taken.Vitals))
	if err == nil {
		err = canonical.Unmarshal(data, v)
	}
	if err != nil || len(v.Spans) != 1 {
		r.Wrong = append(r.Wrong, fmt.Sprintf("its vitals: %d spans, %v", len(v.Spans), err))
		return ""
	}
	says := fmt.Sprintf("; %d commits of %d authors", v.Spans[0].Commits, v.Spans[0].Authors)
	for _, b := range v.Bounds {
		says += ", bound " + b.What
	}
	return says
}

// watch watches the heap and the clock.
type watch struct {
	before, most int64
	start        time.Time
	done, ended  chan struct{}
}

func newWatch() *watch {
	runtime.GC()
	w := &watch{before: heap(), start: time.Now(), done: make(chan struct{}), ended: make(chan struct{})}
	go w.run() // until stop
	return w
}

func (w *watch) run() {
	defer close(w.ended)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		w.most = max(w.most, heap()-w.before)
		select {
		case <-tick.C:
		case <-w.done:
			return
		}
	}
}

func (w *watch) stop() (memory int64, took time.Duration) {
	took = time.Since(w.start)
	close(w.done)
	<-w.ended
	return w.most, took
}

func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// Serve serves the repositories of the corpus until ctx ends, those whose name
// has only in it, and writes their addresses, one a line, as a list to survey.
func Serve(ctx context.Context, out io.Writer, only string) {
	site := newSite()
	defer site.Close()
	for i, c := range Corpus() {
		if c.repository != nil && strings.Contains(c.Name, only) {
			fmt.Fprintf(out, "# %s: %s\n%s\n", c.Name, c.Outcome, site.add(fmt.Sprintf("s%03d", i), c.repository()))
		}
	}
	<-ctx.Done()
	site.CloseClientConnections()
}
