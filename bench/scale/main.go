// Command scale measures P7: what more workers give. For each number of workers
// it starts a cluster of its own on the loopback interface (Temporal, NATS, S3,
// a server that counts nothing, so many worker processes), surveys a list of
// repositories through its server, and deletes the cluster.
//
//	go run ./bench/scale -list list.txt -mirror https://github.com/=http://127.0.0.1:8418/ \
//	    -note "a host that waits 300 ms before each answer" -write docs/performance.md
//
// The git host is to be slow and far, as hosts are: one that answers at once
// shows how many processors this machine has. It is to have every repository of
// the list. First one process surveys the list without a cluster and without the
// clock, so that the host has made its answers. Every cluster must count all,
// and make the report of that one process, ids, times and attempts apart.
//
// It needs bash, curl and Linux, which tells what processes of others use.
package main

import (
	"context"

	"groma/bench"
)

func main() { bench.Main("scale", run) }

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
