package main

import (
	"context"
	"os"

	"groma/bench"
)

// unchanged shows P3: the landscape again, with nothing new in it.
func (p *pass) unchanged(ctx context.Context) ([]bench.Comparison, error) {
	data := p.fresh("data")
	defer os.RemoveAll(data)
	contend := func(host string) []bench.Contender {
		return []bench.Contender{p.again(host, data)}
	}
	full, err := received(ctx, p.host, contend) // nothing is there yet
	if err != nil {
		return nil, err
	}
	bytes, err := received(ctx, p.host, contend)
	if err != nil {
		return nil, err
	}
	series, err := bench.Interleave(ctx, p.pairs, p.say, p.again(p.host, data), p.loop(p.host))
	if err != nil {
		return nil, err
	}
	again, loop := series[0], series[1]
	n := float64(len(p.repositories))
	each := bytesReceived("P3", bytes[0]/n, "the first survey", full[0]/n, bench.AtMost(1000, "≤ 1 KB"))
	each.What = "received a repository"
	return []bench.Comparison{
		bench.Compare("P3", bench.Wall, again, loop, bench.RatioAtMost(0.02)),
		bench.Compare("P3", bench.CPU, again, loop, bench.Aim{}),
		bench.Compare("P3", bench.Memory, again, loop, bench.Aim{}),
		bench.Compare("P3", bench.Written, again, loop, bench.Aim{}),
		each,
	}, nil
}
