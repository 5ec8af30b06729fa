package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"groma/bench"
)

// Exits of a survey, as 'groma survey --help' has them.
const (
	exitDone = 0
	exitGaps = 3
)

// A life is one process that surveys, from its start to its end.
type life struct {
	cmd   *exec.Cmd
	begun time.Time
	born  chan struct{} // closed at the first sign of life
	ended chan struct{} // closed when it is no more
	err   error         // why, once ended is closed
	mu    sync.Mutex
	said  []string // lines of standard error
	taken int      // repositories that it told of
	bad   []string // what became of those that were not counted
}

// begin starts a survey of the list in dir, where its data and its report are
// unless flags say otherwise.
func (s *storm) begin(ctx context.Context, dir string, flags ...string) (*life, error) {
	args := []string{"survey", s.list, "--json", "--format", "facts", "--out", filepath.Join(dir, "report")}
	return s.beginCommand(ctx, append(args, flags...))
}

// beginCommand starts groma so that it can be killed with all it has started.
func (s *storm) beginCommand(ctx context.Context, args []string, environment ...string) (*life, error) {
	l := &life{cmd: bench.Command(ctx, s.groma, args...), begun: time.Now(), born: make(chan struct{}), ended: make(chan struct{})}
	l.cmd.Env = append(l.cmd.Env, environment...)
	out, outErr := l.cmd.StdoutPipe()
	said, saidErr := l.cmd.StderrPipe()
	if err := errors.Join(outErr, saidErr, l.cmd.Start()); err != nil {
		return nil, err
	}
	var once sync.Once
	sign := func() { once.Do(func() { close(l.born) }) }
	var readers sync.WaitGroup
	readers.Go(func() { l.read(out, l.hear, sign) })
	readers.Go(func() { l.read(said, l.note, sign) })
	go func() {
		readers.Wait()
		l.err = l.cmd.Wait()
		close(l.ended)
	}()
	return l, nil
}

// alone are the flags of a survey in one process with its data in dir.
func (s *storm) alone(dir string, more ...string) []string {
	return append([]string{"--data", filepath.Join(dir, "data"), s.mirror()}, more...)
}

func (s *storm) mirror() string { return "--mirror=" + s.from + "=" + s.host.address }

func (l *life) read(from io.Reader, each func(string), sign func()) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		each(lines.Text())
		sign()
	}
	_, _ = io.Copy(io.Discard, from)
}

func (l *life) note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, line)
}

// hear hears of a notice.
func (l *life) hear(line string) {
	var notice struct {
		Taken *struct{ Key, Outcome, Reason, WithoutVitals string }
	}
	if json.Unmarshal([]byte(line), &notice) != nil || notice.Taken == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken++
	if t := notice.Taken; t.Outcome != "counted" || t.WithoutVitals != "" {
		l.bad = append(l.bad, strings.Join([]string{t.Key, t.Outcome, t.Reason, t.WithoutVitals}, " "))
	}
}

func (l *life) saying() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(append(l.said, l.bad...), "\n")
}

// kill ends a life without letting it know, and waits until it is over.
func (l *life) kill() {
	_ = l.cmd.Cancel()
	<-l.ended
}

// wait waits for the end of a survey, which is to have counted all.
func (l *life) wait(patience time.Duration) error { return l.waitFor(exitDone, patience) }

func (l *life) waitFor(exit int, patience time.Duration) error {
	select {
	case <-l.ended:
	case <-time.After(patience):
		l.kill()
		return fmt.Errorf("it has not ended in %s and is killed; it said:\n%s", patience, l.saying())
	}
	if got := l.cmd.ProcessState.ExitCode(); got != exit {
		return fmt.Errorf("it ended with %d, want %d (%v); it said:\n%s", got, exit, l.err, l.saying())
	}
	return nil
}

// live waits until a survey has told of so many repositories, which it fails
// to if it ends before.
func (l *life) live(repositories int) error {
	for {
		l.mu.Lock()
		taken := l.taken
		l.mu.Unlock()
		if taken >= repositories {
			return nil
		}
		select {
		case <-l.ended:
			return fmt.Errorf("it ended with %d repositories told of, want %d: %v\n%s", taken, repositories, l.err, l.saying())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kept are the repositories, as OWNER/NAME, of which all that is asked for is
// kept in a store's folder: the count and the history.
func kept(store string) (map[string]bool, error) {
	censuses, err := keptOf(filepath.Join(store, "census"))
	if err != nil {
		return nil, err
	}
	vitals, err := keptOf(filepath.Join(store, "vitals"))
	both := map[string]bool{}
	for name := range censuses {
		if vitals[name] {
			both[name] = true
		}
	}
	return both, err
}

// keptOf are the repositories of which there is a file HOST/OWNER/NAME/COMMIT/….json.
func keptOf(root string) (map[string]bool, error) {
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // not yet, or not any more
		}
		relative, _ := filepath.Rel(root, path)
		parts := strings.Split(filepath.ToSlash(relative), "/")
		if err == nil && len(parts) == 5 && strings.HasSuffix(path, ".json") {
			found[parts[1]+"/"+parts[2]] = true
		}
		return err
	})
	return found, err
}

// reported is the timeless report in a folder.
func reported(dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, "report", "report.json"))
	if err != nil {
		return nil, err
	}
	return bench.Timeless(data)
}

// same fails if the report in dir is not that of the undisturbed survey.
func (s *storm) same(dir string) error {
	got, err := reported(dir)
	if err != nil {
		return err
	}
	if err := bench.SameReport(s.want, got); err != nil {
		return fmt.Errorf("the report differs from the undisturbed one: %w", err)
	}
	return nil
}
