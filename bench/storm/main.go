// Command storm injects faults into surveys, and shows that they survive them.
// Each fault is a scenario with a name:
//
//	killed      kill -9 of a survey at random moments, and the same command again, fifty times
//	workers     kill -9 of the workers of a cluster
//	server      kill -9 of a server in mid-survey, and while webhooks are being done
//	host        a host that answers three requests of ten with 503, and cuts three packs of ten
//	stuck       a host that falls silent, and one that sends a byte a second
//	nats        NATS of a cluster killed and started again; and storage, temporal, all
//	quiet       no notices at all: NATS off, and NATS killed for the rest of a survey
//	disk        a data folder whose disk is full for a while; and temporary files'
//	readonly    a data folder that cannot be written
//	two         two processes on one data folder
//	clock       a clock that is set ahead and back, and a cluster whose clocks disagree
//
//	go run ./bench/storm -list list.txt -mirror https://github.com/=http://127.0.0.1:8418/ -write docs/reliability.md
//
//	go run ./bench/storm -made 12 -short -kills 5 -longest 2s
//
// Storm stands between groma and the host that -mirror names, or one that it makes: it does the host's
// part of the faults, and counts who is asked for a pack, and when. First the
// list is surveyed undisturbed. Every other survey of it must make the same
// report, byte for byte, but for ids, times, attempts and what travelled. And
// what was kept when a life began must not be asked for again: a repository is
// counted again only if it was killed while it was being counted.
//
// What is random comes from -seed. The times at which things happen are this
// machine's, so that the same seed is the same weather, not the same run.
//
// It needs bash and curl for the clusters, and for full and read-only disks
// Linux and root, who alone may mount, for clocks Linux on amd64; else those are
// skipped, and it says so.
package main

import (
	"context"

	"groma/bench"
)

func main() { bench.Main("storm", run) }

func run(ctx context.Context, args []string) error {
	settings, err := parse(args)
	if err != nil {
		return err
	}
	s, err := prepare(ctx, settings)
	if err != nil {
		return err
	}
	defer s.close()
	return s.measure(ctx)
}
