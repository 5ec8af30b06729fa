package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"groma/internal/artefact"
	"groma/internal/census"
	"groma/internal/gitwire"
	"groma/internal/report"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

type verifyCommand struct {
	terminal Terminal
	engine   engineSettings
	git      gitSettings
	edition  int64
	recount  int
	seed     uint64
	json     bool
}

func newVerify(terminal Terminal) *cobra.Command {
	c := &verifyCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "verify [SURVEY]",
		Short: "Recheck a survey from what is kept, and count a sample of it anew (default: the latest)",
		Long: `Verify reads everything that a survey names: sources, manifest, summaries,
censuses, file lists, words, vitals and reports. Each must be there, have its
checksum, and be what the others say: a census the sum of its file list, a row
its census, the report what the summaries give, outcomes and editions complete.
Nothing is changed. It reads storage alone, so it is run where that can be
reached, and has no --server; it works while surveys run.

With --recount it also counts so many repositories, drawn at random, anew from
their remotes at the commits that were counted, and compares every figure. That
a remote does not hand out a commit any more is said, and nothing wrong.

The exit status is 0 if all is well and 1 if something was found.`,
		Example: `  groma verify
  groma verify cncf-landscape-20261122-073345-1f0c --edition 2
  groma verify --recount 10
  groma verify --recount 10 --seed 7 --json
  groma verify --store 's3://groma/prod?endpoint=https://s3.example.org'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("seed") {
				c.seed = rand.Uint64N(1 << 32)
			}
			if err := c.engine.alone(cmd, terminal, false); err != nil {
				return err
			}
			return c.run(cmd.Context(), argument(args))
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&c.edition, "edition", 0, "look at this edition only (default: all of them)")
	flags.IntVar(&c.recount, "recount", 0, "count so many repositories anew from their remotes, and compare")
	flags.Uint64Var(&c.seed, "seed", 0, "draw the sample by this number (default: another each time, which is printed)")
	flags.BoolVar(&c.json, "json", false, "print what was seen as one JSON object, for programs")
	c.git.register(flags)
	c.engine.register(flags, terminal)
	return cmd
}

func (c *verifyCommand) run(ctx context.Context, beginning string) error {
	if c.recount < 0 || c.edition < 0 {
		return usagef("--recount and --edition want a number from 1")
	}
	store, err := c.engine.openStore(ctx, c.terminal)
	if err != nil {
		return err
	}
	id, err := survey.Find(ctx, store, beginning)
	if err != nil {
		return err
	}
	v, err := c.verify(ctx, store, id)
	if errors.Is(err, artefact.ErrMissing) {
		return fmt.Errorf("survey %s has no report, or not that edition, which could be verified: 'groma watch %s' says how it stands", id, id)
	}
	if err != nil {
		return err
	}
	if c.json {
		err = printJSON(c.terminal.Out, v)
	} else {
		c.print(v)
	}
	if err == nil && !v.Well() {
		return errSaid
	}
	return err
}

func (c *verifyCommand) verify(ctx context.Context, store artefact.Store, id string) (*survey.Verification, error) {
	request := survey.VerifyRequest{Survey: id, Edition: c.edition, Files: census.Files, Recount: c.recount, Seed: c.seed}
	if c.recount > 0 {
		c.git.limitMemory(c.terminal, besideCensus)
		client, err := c.git.client(c.terminal, 1)
		if err != nil {
			return nil, err
		}
		defer client.Close()
		request.Count = func(ctx context.Context, address, commit string, limits *gromav1.Limits) (*gromav1.Census, error) {
			return countAnew(ctx, client, address, commit, limits)
		}
	}
	return survey.Verify(ctx, store, request)
}

// countAnew counts one commit of a repository from everything, as its survey
// would have.
func countAnew(ctx context.Context, client *gitwire.Client, address, commit string, limits *gromav1.Limits) (*gromav1.Census, error) {
	patience := census.DefaultTime
	if s := limits.GetSeconds(); s > 0 {
		patience = time.Duration(s) * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	remote, err := client.Probe(ctx, gitwire.Request{Address: address, Commit: commit})
	if err != nil {
		return nil, err
	}
	defer remote.Close()
	counted, err := census.Count(ctx, remote, limits, census.Options{})
	if err != nil {
		return nil, err
	}
	return counted.Census, nil
}

func printJSON(to io.Writer, value any) error {
	out := json.NewEncoder(to)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(value)
}

func (c *verifyCommand) print(v *survey.Verification) {
	out := c.terminal.Out
	for _, f := range v.Findings {
		fmt.Fprintf(out, "%s %s\n    %s\n", report.Printable(f.Key), report.Printable(f.Wrong), report.Printable(f.Do))
	}
	if v.More > 0 {
		fmt.Fprintf(out, "and %s more\n", report.Number(v.More))
	}
	for _, note := range v.Notes {
		fmt.Fprintf(out, "note: %s\n", report.Printable(note))
	}
	c.printRecounted(v)
	l := v.Looked
	fmt.Fprintf(out, "%s: %s of %s; %s with %s, %s of words, %s of vitals; %s read\n", report.Printable(v.Survey),
		report.Plural(l.Editions, "edition", "editions"), report.Plural(l.Repositories, "repository", "repositories"),
		report.Plural(l.Censuses, "census", "censuses"), report.Plural(l.Files, "file", "files"), report.Number(l.Words), report.Number(l.Vitals),
		report.Plural(l.Artefacts, "artefact", "artefacts"))
	if l.Unchecked > 0 {
		fmt.Fprintf(out, "%s kept without a checksum, by an earlier version or on a file system that has no room for it\n", report.Plural(l.Unchecked, "artefact is", "artefacts are"))
	}
	switch n := int64(len(v.Findings)) + v.More; {
	case n > 0:
		fmt.Fprintf(out, "%s wrong\n", report.Plural(n, "thing is", "things are"))
	default:
		fmt.Fprintln(out, "nothing is wrong")
	}
}

func (c *verifyCommand) printRecounted(v *survey.Verification) {
	if c.recount == 0 {
		return
	}
	same := int64(0)
	for _, r := range v.Recounted {
		what := "another count"
		switch {
		case r.Same:
			what = "the same: " + report.Plural(r.Lines, "line", "lines")
			same++
		case r.Why != "":
			what = "not counted anew: " + r.Why
		}
		fmt.Fprintf(c.terminal.Out, "%s at %s: %s\n", report.Printable(r.Key), report.Printable(short(r.Commit)), report.Printable(what))
	}
	fmt.Fprintf(c.terminal.Out, "%s of %s counted anew and the same (--seed %d)\n", report.Number(same), report.Number(int64(len(v.Recounted))), v.Seed)
}
