package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"groma/internal/canonical"
	"groma/internal/census"
	"groma/internal/gitwire"
	"groma/internal/landscape"
	"groma/internal/report"
	"groma/internal/survey"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

type censusCommand struct {
	terminal       Terminal
	git            gitSettings
	limits         limitSettings
	commit, branch string
	asOf           instant
	json, files    bool
}

func newCensus(terminal Terminal) *cobra.Command {
	c := &censusCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "census REPOSITORY",
		Short: "Count one repository, without an engine and without keeping anything",
		Long: `Census fetches one commit of a repository (an https, ssh or git address, or a
local path) and counts it. Nothing is checked out and nothing is kept.`,
		Example: `  groma census https://github.com/tikv/tikv
  groma census . --json
  groma census https://github.com/kube-rs/kube --commit 8b31a534f65459aa52c0de9861d0a842e19df5a4
  groma census . --as-of 2026-01-01
  groma census . --files`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.commit, "commit", "", "count exactly this commit (a full hash)")
	flags.StringVar(&c.branch, "branch", "", "count the head of this branch (default: the remote's default branch)")
	flags.Var(&c.asOf, "as-of", asOfUsage)
	flags.BoolVar(&c.json, "json", false, "print the repository as one JSON object, as it stands in report.json")
	flags.BoolVar(&c.files, "files", false, "print every file of the tree, one line each, tab-separated")
	c.git.register(flags)
	c.limits.register(flags)
	cmd.MarkFlagsMutuallyExclusive("commit", "branch")
	cmd.MarkFlagsMutuallyExclusive("commit", "as-of")
	cmd.MarkFlagsMutuallyExclusive("json", "files")
	return cmd
}

var isCommit = regexp.MustCompile(`^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$`) // of the longer, gitwire says that it cannot be read

func (c *censusCommand) run(ctx context.Context, address string) error {
	if isFolder(address) {
		abs, err := filepath.Abs(address)
		if err != nil {
			return err
		}
		address = abs
	}
	parsed, err := landscape.ParseAddress(address)
	if err != nil {
		return usagef("%s: %w; there is no folder of that name here either", survey.Shown(address), err)
	}
	if c.commit != "" && !isCommit.MatchString(c.commit) {
		return usagef("--commit %s: want a full hash of 40 hexadecimal digits", c.commit)
	}
	limits, err := c.limits.limits()
	if err != nil {
		return err
	}
	c.git.limitMemory(c.terminal, besideCensus)
	client, err := c.git.client(c.terminal, 1)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.timeout)
	defer cancel()
	remote, err := client.Probe(ctx, gitwire.Request{
		Address: parsed.Fetch, Branch: cmp.Or(c.branch, parsed.Branch), Commit: c.commit, AsOf: c.asOf.Time,
	})
	if err != nil {
		return err
	}
	defer remote.Close()
	counted, err := census.Count(ctx, remote, limits, census.Options{})
	if err != nil {
		return err
	}
	counted.Census.Method = tally.Method(limits.FileBytes)
	return c.print(repositoryRow(parsed, remote, counted.Census), counted.Files)
}

// repositoryRow is the row that a report would have.
func repositoryRow(parsed landscape.Address, remote *gitwire.Remote, counted *gromav1.Census) *gromav1.Repository {
	planned := &gromav1.PlannedRepository{
		Key: parsed.Key, Host: parsed.Host, Owner: parsed.Owner, Name: parsed.Name, Address: parsed.Fetch,
		Why: []string{parsed.Name + ": given"},
	}
	taken := &gromav1.Taken{
		Key: parsed.Key, Outcome: "counted", Commit: counted.Commit, Branch: remote.Head.Branch, Attempts: 1,
		MovedTo:  movedTo(parsed, remote),
		Requests: counted.Wire.Requests, BytesReceived: counted.Wire.BytesReceived, Seconds: counted.Seconds,
		BlobsCounted: counted.BlobsCounted,
	}
	return report.Single(planned, &gromav1.Row{Taken: taken, Census: counted})
}

func movedTo(parsed landscape.Address, remote *gitwire.Remote) string {
	to, err := landscape.ParseAddress(remote.MovedTo)
	if err != nil || to.Key == parsed.Key {
		return ""
	}
	return to.Key
}

func (c *censusCommand) print(r *gromav1.Repository, files []*gromav1.FileCount) error {
	switch {
	case c.json:
		data, err := canonical.MarshalIndent(r)
		if err != nil {
			return err
		}
		_, err = c.terminal.Out.Write(data)
		return err
	case c.files:
		return printFiles(c.terminal.Out, files)
	}
	return printRepository(c.terminal.Out, r)
}

func printFiles(out io.Writer, files []*gromav1.FileCount) error {
	fmt.Fprintln(out, "path\tskipped\tlanguage\tclass\tlines\tcode\tcomments\tblanks\tcomplexity\tbytes\tblob")
	for _, f := range files {
		_, err := fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n",
			report.Printable(f.Path), f.Skipped, f.Language, f.Class, f.Lines, f.Code, f.Comments, f.Blanks, f.Complexity, f.Bytes, f.Blob)
		if err != nil {
			return err
		}
	}
	return nil
}

// printRepository prints the headline by language, then all the rest of the
// tree, so that every file is seen to be accounted for.
func printRepository(out io.Writer, r *gromav1.Repository) error {
	fmt.Fprintf(out, "%s at %s", report.Printable(r.Key), r.Commit)
	if r.Branch != "" {
		fmt.Fprintf(out, " (%s)", report.Printable(r.Branch))
	}
	fmt.Fprintf(out, ", committed %s\n\n", r.CommittedAt.AsTime().Format("2006-01-02"))
	headline := report.NewColumns("language", "files", "code", "comments", "blanks", "lines", "complexity", "bytes")
	rest := report.NewColumns("also in the tree", "files", "lines", "bytes")
	for _, t := range sumBy(r.Tally, func(t *gromav1.Tally) string { return t.Language }, true) {
		headline.Row(t.Language, t.Files, t.Code, t.Comments, t.Blanks, t.Lines, t.Complexity, t.Bytes)
	}
	for _, t := range sumBy(r.Tally, func(t *gromav1.Tally) string { return t.Class }, false) {
		rest.Row(t.Language, t.Files, t.Lines, t.Bytes)
	}
	for _, s := range r.Skipped {
		rest.Row(s.Why, s.Files, "", s.Bytes)
	}
	fmt.Fprint(out, headline)
	if rest.Len() > 0 {
		fmt.Fprintln(out)
		fmt.Fprint(out, rest)
	}
	fmt.Fprintf(out, "\n%s in the tree; the first table has source and test files. Method %s.\n", report.Plural(r.Files, "file", "files"), r.Method)
	return nil
}

// sumBy sums the tallies that are in the headline, or those that are not, by a
// name, the most lines of code first.
func sumBy(tallies []*gromav1.Tally, name func(*gromav1.Tally) string, headline bool) []*gromav1.Tally {
	sums := map[string]*gromav1.Tally{}
	var order []*gromav1.Tally
	for _, t := range tallies {
		if report.Headline(t.Class) != headline {
			continue
		}
		sum := sums[name(t)]
		if sum == nil {
			sum = &gromav1.Tally{Language: name(t)}
			sums[name(t)] = sum
			order = append(order, sum)
		}
		tally.Add(sum, t)
	}
	slices.SortFunc(order, func(a, b *gromav1.Tally) int {
		return cmp.Or(cmp.Compare(b.Code, a.Code), cmp.Compare(a.Language, b.Language))
	})
	return order
}
