package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"groma/bench"
)

// A screen is one thing to look at.
type screen struct {
	name  string
	needs func(*settings) (flag, value string)
	show  func(*pass, context.Context) ([]bench.Comparison, error)
}

var screens = []screen{
	{"P1", nil, (*pass).single},
	{"P2", needsList, (*pass).landscape},
	{"P3", needsList, (*pass).unchanged},
	{"P4", needsRemotes, (*pass).changed},
	{"P5", needsMemory, (*pass).counting},
}

func needsList(s *settings) (string, string) {
	return "-repositories", strings.Join(s.repositories, " ")
}

func needsRemotes(s *settings) (string, string) {
	if flag, value := needsList(s); value == "" {
		return flag, value
	}
	return "-remotes", s.remotes
}

func needsMemory(s *settings) (string, string) {
	if info, err := os.Stat(s.memory); err != nil || !info.IsDir() {
		return "-memory", ""
	}
	return "-memory", s.memory
}

// lacks names the flag that a screen needs and has not been given.
func (s screen) lacks(given *settings) string {
	if s.needs == nil {
		return ""
	}
	if flag, value := s.needs(given); value == "" {
		return flag
	}
	return ""
}

// A pass is one run of this command.
type pass struct {
	*settings
	self   string // this program
	folder string // in temp, removed at the end
	made   int    // names given in folder
}

func prepare(ctx context.Context, s *settings) (*pass, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(s.temp, "groma-bench-")
	if err != nil {
		return nil, err
	}
	p := &pass{settings: s, self: self, folder: folder}
	if err := p.build(ctx); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// build builds the programs to measure that were not given.
func (p *pass) build(ctx context.Context) (err error) {
	for _, program := range []struct {
		path *string
		from string
	}{{&p.groma, "groma/cmd/groma"}, {&p.counter, "groma/bench/count"}} {
		if *program.path != "" {
			continue
		}
		if *program.path, err = bench.Build(ctx, p.folder, program.from); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) close() error { return os.RemoveAll(p.folder) }

// fresh is a path in the temporary folder that nothing has used.
func (p *pass) fresh(name string) string {
	p.made++
	return filepath.Join(p.folder, fmt.Sprintf("%s-%d", name, p.made))
}

// tidy removes what a run has made and waits for the disks, so that the next
// run does not pay for it.
func tidy(path string) error {
	err := os.RemoveAll(path)
	syscall.Sync()
	return err
}

func (p *pass) say(text string) { bench.Say("%s", text) }

// measure shows the screens, prints the table and writes it. After a screen
// that fails the others are shown all the same, but nothing is written.
func (p *pass) measure(ctx context.Context) error {
	if err := p.served(ctx); err != nil {
		return err
	}
	facts, err := p.facts(ctx)
	if err != nil {
		return err
	}
	comparisons, failures := []bench.Comparison{}, []error{}
	for _, screen := range screens {
		if !slices.Contains(p.only, screen.name) {
			continue
		}
		p.say(screen.name)
		shown, err := screen.show(p, ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", screen.name, err))
			p.say(failures[len(failures)-1].Error())
		}
		comparisons = append(comparisons, shown...)
	}
	floor, err := bench.Floor(ctx)
	if err != nil {
		return errors.Join(append(failures, err)...)
	}
	text := fmt.Sprintf("%s, after %s\n\n%s\n%s\nPeaks below %s are not seen.\n",
		facts, bench.Load(), bench.Table(comparisons), notes, bench.Bytes(float64(floor)))
	fmt.Print(text)
	if len(failures) == 0 && p.write != "" {
		return bench.WriteSection(p.write, "pass", introduction, text)
	}
	return errors.Join(failures...)
}

// served checks that the hosts have what they will be asked for, so that a
// mistake in a list shows before the first round.
func (p *pass) served(ctx context.Context) error {
	asked := []string{p.host + "/" + p.repository}
	for _, repository := range p.repositories {
		asked = append(asked, p.host+"/"+repository)
	}
	if p.liveHost != "" {
		asked = append(asked, p.liveHost+"/"+p.repository)
	}
	missing := []error{}
	for _, address := range asked {
		if err := (receiver{address}).advertised(ctx); err != nil {
			missing = append(missing, err)
		}
	}
	return errors.Join(missing...)
}

// facts is what was measured, on what, and when.
func (p *pass) facts(ctx context.Context) (string, error) {
	versions := []string{}
	for _, asked := range [][]string{{p.groma, "version"}, {p.scc, "--version"}, {"git", "--version"}} {
		version, err := bench.Output(bench.Command(ctx, asked[0], asked[1:]...))
		if err != nil {
			return "", err
		}
		versions = append(versions, version)
	}
	landscape := ""
	if n := len(p.repositories); n > 0 {
		landscape = fmt.Sprintf("; P2 to P4: %d, %s", n, strings.Join(p.repositories, ", "))
	}
	return heading + "\n" + strings.Join([]string{
		fmt.Sprintf("- measured: %s, rounds: %d", time.Now().UTC().Format("2 January 2006, 15:04 MST"), p.pairs),
		"- machine: " + bench.Machine(),
		"- programs: " + strings.Join(versions, "; "),
		"- repositories: P1 and P5: " + p.repository + landscape,
		"- load average: before " + bench.Load(),
	}, "\n"), nil
}

const introduction = `# Performance

What Groma costs, measured. The tables are written by programs, between their
markers; how to run them stands in each program's comment.
`

const heading = `## The counting pass

What P1 to P5 are and how to measure them: ` + "`go doc ./bench/pass`" + `.
`

const notes = `Figures are medians of interleaved rounds, with least and most in brackets; a
ratio is the median of the rounds' ratios. CPU is user and system time of the
program and all it starts, without the host's. Peak memory is that of the
largest process. Written is what the kernel says became dirty on a disk.
Received is counted in an extra run without the clock, with HTTP's headers. P4
is one run, against a host that makes every pack anew. P5 is our counting alone,
all blobs in memory, beside scc's whole process, all files in memory; what it
costs us to start is in P1.`
