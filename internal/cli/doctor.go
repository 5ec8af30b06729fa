package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"groma/internal/doctor"
	"groma/internal/gitwire"
	"groma/internal/landscape"
	"groma/internal/report"
	"groma/internal/survey"
)

type doctorCommand struct {
	terminal Terminal
	askSettings
	git         gitSettings
	remote      string
	concurrency int
	json        bool
}

func newDoctor(terminal Terminal) *cobra.Command {
	c := &doctorCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that a survey needs, and say what is missing",
		Long: `Doctor looks at the data folder, the disks, storage, Temporal, NATS, git's
credentials, the clock and the machine, as a survey with the same flags would
use them. Whatever is not well comes with what to do next. It starts no engine,
leaves nothing behind and disturbs no survey that is running. With --server it
looks at that server, and at what this caller may do there.

Each flag that says where a server is and how it is asked has a variable of the
same name: GROMA_NATS_TLS_CA for --nats-tls-ca. A secret is in a variable or in a
file, never in a flag.

The exit status is 0 if a survey can be made, warnings or not, and 1 if not.`,
		Example: `  groma doctor
  groma doctor --remote https://github.com/tikv/tikv
  groma doctor --temporal temporal.example.org:7233 --temporal-tls-ca ca.pem
  groma doctor --nats tls://nats.example.org:4222 --nats-token-file token
  groma doctor --store 's3://groma/prod?endpoint=https://s3.example.org'
  groma doctor --server https://groma.example.org --server-token-file token
  groma doctor --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.remote, "remote", "", "ask this repository, too, which commit it has")
	flags.BoolVar(&c.json, "json", false, "print all checks as one JSON object, for programs")
	flags.IntVar(&c.concurrency, "concurrency", 2*runtime.NumCPU(), "how many repositories a survey would count at once")
	c.git.register(flags)
	c.askSettings.register(flags, terminal)
	for _, name := range accessFlags {
		flags.Lookup(name).Hidden = false
	}
	return cmd
}

func (c *doctorCommand) run(ctx context.Context) error {
	if c.concurrency < 1 {
		return usagef("--concurrency %d: want at least 1", c.concurrency)
	}
	config := doctor.Config{
		Engine: c.engine.config(c.terminal, nil),
		Hosts: func() ([]string, error) {
			return gitwire.Hosts(c.git.sources(c.terminal), variableNames())
		},
		Memory: int64(c.git.memory), Concurrency: c.concurrency, Beside: besideSurvey,
	}
	if c.server.address != "" {
		client, told, err := c.server.client(c.terminal)
		if err != nil {
			return err
		}
		config.Server = &doctor.Server{URL: strings.TrimSuffix(c.server.address, "/"), HTTP: client, Told: told}
	}
	if c.remote != "" {
		if err := c.askRemote(&config); err != nil {
			return err
		}
		defer config.Git.Close()
	}
	var checks []doctor.Check
	for check := range doctor.Examine(ctx, config) {
		checks = append(checks, check)
		if !c.json {
			printCheck(c.terminal.Out, check)
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("stopped before all was looked at: %w", err)
	}
	return c.conclude(checks)
}

// askRemote has the remote asked as a survey would ask it.
func (c *doctorCommand) askRemote(config *doctor.Config) (err error) {
	parsed, err := landscape.ParseAddress(c.remote)
	if err != nil {
		return usagef("--remote %s: %w", survey.Shown(c.remote), err)
	}
	config.Remote = parsed.Fetch
	config.Git, err = c.git.client(c.terminal, 1)
	return err
}

// conclude says in short what came of it.
func (c *doctorCommand) conclude(checks []doctor.Check) error {
	count := map[doctor.Verdict]int{}
	for _, check := range checks {
		count[check.Verdict]++
	}
	if c.json {
		out := json.NewEncoder(c.terminal.Out)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		answer := struct {
			OK     bool           `json:"ok"`
			Checks []doctor.Check `json:"checks"`
		}{count[doctor.Failed] == 0, checks}
		if err := out.Encode(answer); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.terminal.Out, "\n%d ok, %s, %d failed\n", count[doctor.OK],
			report.Plural(int64(count[doctor.Warning]), "warning", "warnings"), count[doctor.Failed])
	}
	if count[doctor.Failed] > 0 {
		return errSaid
	}
	return nil
}

// printCheck prints a check, and below it what to do, if there is something. In
// a terminal, lines that are too long go on in their column.
func printCheck(out io.Writer, check doctor.Check) {
	width := columns(out) - seenColumn
	fmt.Fprintf(out, "%-8s %-22s %s\n", check.Verdict, check.Name, inColumn(check.Seen, width))
	if check.Next != "" {
		fmt.Fprintf(out, "%-8s %-22s %s\n", "", "", inColumn("→ "+check.Next, width))
	}
}

// seenColumn is where what was seen begins.
const seenColumn = 8 + 1 + 22 + 1

// columns is how many a terminal has; what is no terminal has as many as needed.
func columns(out io.Writer) int {
	if r, ok := out.(*remembering); ok {
		out = r.to
	}
	if file, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width >= 2*seenColumn {
			return width
		}
	}
	return math.MaxInt
}

// inColumn breaks a text between words into lines of a width, each below the
// first. A word that is wider is left whole, to be copied.
func inColumn(text string, width int) string {
	var column strings.Builder
	for i, line := range strings.Split(printableLines(text), "\n") {
		if i > 0 {
			column.WriteString("\n" + strings.Repeat(" ", seenColumn))
		}
		at := 0
		for _, word := range strings.Fields(line) {
			long := utf8.RuneCountInString(word)
			switch {
			case at > 0 && at+1+long > width:
				column.WriteString("\n" + strings.Repeat(" ", seenColumn))
				at = 0
			case at > 0:
				column.WriteByte(' ')
				at++
			}
			column.WriteString(word)
			at += long
		}
	}
	return column.String()
}

// variableNames are those of all variables of this process.
func variableNames() []string {
	var names []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	return names
}
