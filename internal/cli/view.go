package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"groma/internal/canonical"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// A view shows how a survey gets on.
type view interface {
	show(*gromav1.Progress)
	tell(*gromav1.Notice)
	end()
}

// newView chooses by who is looking: a program, a person, or a log.
func newView(terminal Terminal, json bool, logs string) view {
	if json {
		return &events{out: terminal.Out}
	}
	if file, ok := terminal.Err.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &live{out: file, pace: pace{logs: logs}}
	}
	return &lines{out: terminal.Err, pace: pace{logs: logs}}
}

// letGo says what a survey that was cancelled waits for, if that takes a while.
type letGo struct {
	view
	out   io.Writer
	since time.Time
	said  bool
}

// aWhile is how long one waits without being told for what.
const aWhile = 2 * time.Second

func (v *letGo) show(p *gromav1.Progress) {
	if v.since.IsZero() {
		v.since = time.Now()
	}
	if p.Running > 0 && !v.said && time.Since(v.since) >= aWhile {
		v.said = true
		v.view.end()
		fmt.Fprintf(v.out, "Cancelled. Waiting for %s in flight, until the process that counts lets go or, if it was killed, has not been heard of for %s.\n",
			report.Plural(p.Running, "repository", "repositories"), workflows.Silence)
	}
	v.view.show(p)
}

// events prints every notice as a line of JSON.
type events struct{ out io.Writer }

func (v *events) show(*gromav1.Progress) {}
func (v *events) end()                   {}

func (v *events) tell(n *gromav1.Notice) {
	line, err := canonical.Marshal(n)
	if err != nil {
		return // a notice is never worth failing for
	}
	fmt.Fprintf(v.out, "%s\n", line)
}

// newEditionsView tells of editions as they are made.
type newEditionsView struct{ out io.Writer }

func (v *newEditionsView) show(*gromav1.Progress) {}
func (v *newEditionsView) end()                   {}

func (v *newEditionsView) tell(n *gromav1.Notice) {
	made := n.GetReported()
	if made == nil {
		return
	}
	text := "the survey's own"
	if len(made.Revised) > 0 {
		named := made.Revised[:min(len(made.Revised), mostNew)]
		text = "new: " + strings.Join(named, ", ")
		if more := len(made.Revised) - len(named); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	fmt.Fprintf(v.out, "%s %s edition %d, %s\n", n.At.AsTime().Format("15:04:05"), report.Printable(n.Survey), max(made.Edition, 1), report.Printable(text))
}

// lines prints a plain line every few seconds.
type lines struct {
	out     io.Writer
	pace    pace
	printed time.Time
}

// lineEvery is how often a line is printed.
const lineEvery = 5 * time.Second

func (v *lines) tell(*gromav1.Notice) {}
func (v *lines) end()                 {}

func (v *lines) show(p *gromav1.Progress) {
	if v.printed.IsZero() && p.Total == 0 {
		v.printed = time.Now() // planning mostly takes no time worth telling
	}
	if time.Since(v.printed) < lineEvery {
		return
	}
	v.printed = time.Now()
	fmt.Fprintf(v.out, "%s %s: %s; %s\n", v.printed.Format("15:04:05"), p.State, counts(p), v.pace.say(p))
}

// live redraws a few lines on a terminal.
type live struct {
	out   *os.File
	pace  pace
	drawn int // lines on the screen
}

func (v *live) tell(*gromav1.Notice) {}

func (v *live) end() { v.clear() }

func (v *live) clear() {
	if v.drawn > 0 {
		fmt.Fprintf(v.out, "\r\x1b[%dA\x1b[J", v.drawn) // a typed ^C has moved the cursor
	}
	v.drawn = 0
}

func (v *live) show(p *gromav1.Progress) {
	width, _, err := term.GetSize(int(v.out.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	var screen strings.Builder
	drawing := []string{
		fmt.Sprintf("%s %s %s", p.State, bar(p, 24), v.pace.say(p)),
		"  " + counts(p),
	}
	for _, running := range slowest(p, 4) {
		drawing = append(drawing, fmt.Sprintf("  %6s  %s", time.Since(running.Since.AsTime()).Round(time.Second), report.Printable(running.Key)))
	}
	for _, line := range drawing {
		screen.WriteString(clip(line, width-1) + "\n")
	}
	v.clear()
	io.WriteString(v.out, screen.String())
	v.drawn = len(drawing)
}

func clip(line string, width int) string {
	runes := []rune(line)
	if len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…"
}

func bar(p *gromav1.Progress, width int64) string {
	if p.Total == 0 {
		return strings.Repeat("░", int(width))
	}
	full := done(p) * width / p.Total
	return strings.Repeat("█", int(full)) + strings.Repeat("░", int(width-full))
}

// counts says where every repository is; the parts add up.
func counts(p *gromav1.Progress) string {
	parts := []string{fmt.Sprintf("%s of %s done", report.Number(done(p)), report.Plural(p.Total, "repository", "repositories"))}
	for _, outcome := range report.OutcomeOrder {
		if n := p.Outcomes[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", report.Number(n), outcome))
		}
	}
	if p.Running > 0 {
		parts = append(parts, fmt.Sprintf("%s in flight", report.Number(p.Running)))
	}
	if p.Waiting > 0 {
		parts = append(parts, fmt.Sprintf("%s waiting", report.Number(p.Waiting)))
	}
	return strings.Join(parts, ", ")
}

// pace is how fast a survey goes, since this command has watched it: one that
// goes on has some repositories done before.
type pace struct {
	logs   string // where to look when nothing moves
	since  time.Time
	before int64
	moved  time.Time // when last something was done, or was being done
	last   int64
}

// patience is how long nothing may move before that is said: storage or the
// engine is in trouble then, and activities wait.
const patience = 20 * time.Second

// say says how fast it goes and when it will be done at that rate.
func (v *pace) say(p *gromav1.Progress) string {
	if v.since.IsZero() {
		v.since, v.before = time.Now(), done(p)
	}
	if v.last != done(p) || p.Running > 0 || v.moved.IsZero() {
		v.last, v.moved = done(p), time.Now()
	}
	if still := time.Since(v.moved); still > patience && v.logs != "" {
		return fmt.Sprintf("nothing has moved for %s; why may stand in %s", still.Round(time.Second), v.logs)
	}
	elapsed, n := time.Since(v.since), done(p)-v.before
	if n <= 0 || elapsed < time.Second {
		return elapsed.Round(time.Second).String()
	}
	rate := float64(n) / elapsed.Seconds()
	text := fmt.Sprintf("%s, %.1f/s", elapsed.Round(time.Second), rate)
	if left := p.Total - done(p); left > 0 {
		text += fmt.Sprintf(", about %s left", time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
	}
	return text
}

func slowest(p *gromav1.Progress, most int) []*gromav1.Running {
	running := slices.Clone(p.Oldest)
	slices.SortStableFunc(running, func(a, b *gromav1.Running) int { return a.Since.AsTime().Compare(b.Since.AsTime()) })
	return running[:min(most, len(running))]
}
