package main

import (
	"context"

	"groma/bench"
)

// landscape shows P2: a whole survey, engine and report included.
func (p *pass) landscape(ctx context.Context) ([]bench.Comparison, error) {
	contend := func(host string) []bench.Contender {
		return []bench.Contender{p.survey(host), p.loop(host)}
	}
	bytes, err := received(ctx, p.host, contend)
	if err != nil {
		return nil, err
	}
	series, err := bench.Interleave(ctx, p.pairs, p.say, contend(p.host)...)
	if err != nil {
		return nil, err
	}
	survey, loop := series[0], series[1]
	return []bench.Comparison{
		bench.Compare("P2", bench.Wall, survey, loop, bench.RatioAtMost(0.3)),
		bench.Compare("P2", bench.CPU, survey, loop, bench.Aim{}),
		bench.Compare("P2", bench.Memory, survey, loop, bench.Aim{}),
		bench.Compare("P2", bench.Written, survey, loop, bench.Aim{}),
		bytesReceived("P2", bytes[0], loop.Name, bytes[1], bench.Aim{}),
	}, nil
}
