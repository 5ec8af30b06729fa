package main

import (
	"context"
	"slices"

	"groma/bench"
)

// single shows P1: one repository, beside a clone and beside the wire alone.
func (p *pass) single(ctx context.Context) ([]bench.Comparison, error) {
	shown, err := p.singleAt(ctx, "P1", p.host, singleAims{
		wall: bench.RatioAtMost(0.3), cpu: bench.RatioAtMost(0.5),
		memory: bench.AtMost(256<<20, "≤ 256 MiB"), written: bench.AtMost(0, "0"),
	})
	if err != nil || p.liveHost == "" {
		return shown, err
	}
	live, err := p.singleAt(ctx, "P1 live", p.liveHost, singleAims{wire: bench.RatioAtMost(1.2)})
	walls := slices.DeleteFunc(live, func(c bench.Comparison) bool { return c.What != bench.Wall.Name })
	return append(shown, walls...), err
}

type singleAims struct{ wall, cpu, memory, written, wire bench.Aim }

func (p *pass) singleAt(ctx context.Context, name, host string, aims singleAims) ([]bench.Comparison, error) {
	contend := func(host string) []bench.Contender {
		return []bench.Contender{p.census(host), p.clone(host), p.discard(host)}
	}
	bytes, err := received(ctx, host, contend)
	if err != nil {
		return nil, err
	}
	series, err := bench.Interleave(ctx, p.pairs, p.say, contend(host)...)
	if err != nil {
		return nil, err
	}
	census, clone, discard := series[0], series[1], series[2]
	none := bench.Aim{}
	return []bench.Comparison{
		bench.Compare(name, bench.Wall, census, clone, aims.wall),
		bench.Compare(name, bench.CPU, census, clone, aims.cpu),
		bench.Compare(name, bench.Memory, census, clone, aims.memory),
		bench.Compare(name, bench.Written, census, clone, aims.written),
		bytesReceived(name, bytes[0], clone.Name, bytes[1], none),
		bench.Compare(name, bench.Wall, census, discard, aims.wire),
		bench.Compare(name, bench.CPU, census, discard, none),
		bytesReceived(name, bytes[0], discard.Name, bytes[2], none),
	}, nil
}

func bytesReceived(screen string, ours float64, than string, theirs float64, aim bench.Aim) bench.Comparison {
	return bench.Comparison{
		Screen: screen, What: "received", Unit: bench.Bytes, Aim: aim,
		Ours: []float64{ours}, Than: than, Theirs: []float64{theirs},
	}
}
