package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"groma/bench"
)

// counting shows P5: counting alone, all blobs in memory, beside scc over the
// same files in a checkout in memory.
func (p *pass) counting(ctx context.Context) ([]bench.Comparison, error) {
	folder, err := os.MkdirTemp(p.memory, "groma-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	checkout := filepath.Join(folder, "checkout")
	if _, err := bench.Output(bench.Command(ctx, "git", "clone", "--quiet", "--depth", "1", p.host+"/"+p.repository, checkout)); err != nil {
		return nil, err
	}
	counter, scc := p.countOver(checkout), p.sccOver(checkout)
	for _, contender := range []bench.Contender{counter, scc} { // once, to warm up
		if _, err := contender.Run(ctx); err != nil {
			return nil, err
		}
	}
	series, err := bench.Interleave(ctx, p.pairs, p.say, counter, scc)
	if err != nil {
		return nil, err
	}
	return []bench.Comparison{
		bench.Compare("P5", bench.Wall, series[0], series[1], bench.RatioAtMost(1)),
		bench.Compare("P5", bench.CPU, series[0], series[1], bench.RatioAtMost(1)),
	}, nil
}

// countOver counts in a process that has read all blobs before its clock starts.
func (p *pass) countOver(checkout string) bench.Contender {
	return bench.Contender{Name: "internal/tally", Run: func(ctx context.Context) (bench.Sample, error) {
		cmd := bench.Command(ctx, p.counter, checkout)
		var out bytes.Buffer
		cmd.Stdout = &out
		sample, err := bench.Run(cmd)
		if err != nil {
			return bench.Sample{}, err
		}
		var c bench.Counted
		if err := json.Unmarshal(out.Bytes(), &c); err != nil {
			return bench.Sample{}, fmt.Errorf("what the counter prints: %w", err)
		}
		p.say(fmt.Sprintf("counted %d of %d files, %s", c.Counted, c.Files, bench.Bytes(float64(c.Bytes))))
		sample.Wall, sample.CPU = c.Wall, c.CPU
		return sample, nil
	}}
}

func (p *pass) sccOver(checkout string) bench.Contender {
	return bench.Contender{Name: "scc", Run: func(ctx context.Context) (bench.Sample, error) {
		return bench.Run(bench.Command(ctx, p.scc, checkout))
	}}
}
