// Command pass measures what the counting pass costs, on five screens:
//
//	P1  one repository: a census, beside a clone that is counted by scc, and
//	    beside receiving the same pack and throwing it away
//	P2  a landscape: a survey with its report, beside a loop of clone and scc
//	P3  the same landscape again, unchanged
//	P4  the same landscape after one new commit in every repository
//	P5  counting alone, from memory, beside scc over the same files
//
// Surveys are told --no-vitals: a clone of depth 1 learns nothing of histories.
//
// It measures against any git host that speaks protocol v2 over HTTP and has
// the repositories; the host's own work is part of every wall time. So best
// give two: -host, one that answers from memory, and -live-host, one that makes
// every pack anew.
//
//	go install github.com/boyter/scc/v3@v3.7.0
//	go run ./bench/pass -host http://127.0.0.1:8418 -only P1,P5
//	go run ./bench/pass -host http://127.0.0.1:8418 -live-host http://127.0.0.1:8419 \
//	    -repositories list.txt -remotes /srv/git -write docs/performance.md
//
// Before the rounds of a screen each contender runs once without the clock,
// through a proxy that counts what is received. Between runs what they have
// made is removed and the disks are synced.
package main

import (
	"context"

	"groma/bench"
)

func main() { bench.Main("pass", run) }

// run is the command, or the receiver that it starts itself as, so that it is
// measured as a process of its own, as the others are.
func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == receiving {
		return receive(ctx, args[1])
	}
	settings, err := parse(args)
	if err != nil {
		return err
	}
	p, err := prepare(ctx, settings)
	if err != nil {
		return err
	}
	defer p.close()
	return p.measure(ctx)
}
