package service_test

import (
	"log/slog"
	"testing"

	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/service"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

// TestProgress_InFlight: a shard hands out more than its workers take at once, so
// that none waits for work; what waits for a worker is not in flight.
func TestProgress_InFlight(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), NATS: engine.Off})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	git := serveText(t, `-- repos/o/a/main.go --
package main
-- repos/o/a.repo --
delay 1h
-- repos/o/b/main.go --
package main
-- repos/o/b.repo --
delay 1h
-- repos/o/c/main.go --
package main
-- repos/o/c.repo --
delay 1h
`)
	log := slog.New(slog.DiscardHandler)
	worker := workers.New(e.Temporal, workers.Config{
		Taker: &census.Taker{Git: git, Store: e.Store}, Store: e.Store, Log: log, Concurrency: 1, Queue: workflows.ClusterQueue,
	})
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer worker.Stop()
	client := newClient(service.Config{Store: e.Store, Temporal: e.Temporal, Payloads: e.Payloads, Log: log})
	started, err := client.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{
		Spec:     &gromav1.SurveySpec{Source: "list", NoVitals: true},
		Document: []byte("https://github.com/o/a\nhttps://github.com/o/b\nhttps://github.com/o/c\n"), Window: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitRunning(t, client, started.Survey)
	got, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: started.Survey})
	if err != nil {
		t.Fatal(err)
	}
	if p := got.GetProgress(); p.GetTotal() != 3 || p.GetRunning() != 1 || p.GetWaiting() != 2 || len(p.GetOldest()) != 1 {
		t.Errorf("one worker counts one at a time, and it says %v", p)
	}
	if _, err := client.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: started.Survey}); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, client, started.Survey, "cancelled")
}
