// Package worldtest serves worlds on the loopback interface to tests, until
// each has ended and all that it cleans up is done.
package worldtest

import (
	"context"
	"os"
	"testing"

	"groma/internal/world"
)

// Serve serves the repositories of a world.
func Serve(t testing.TB, text string) *world.Server {
	t.Helper()
	return serve(t, parse(t, []byte(text)))
}

// Tour serves the repositories of examples/tour, and is its landscape. Who
// asks is a package two folders below the module's own.
func Tour(t testing.TB) (server *world.Server, landscape []byte) {
	t.Helper()
	text, err := os.ReadFile("../../examples/tour/world.txtar")
	if err != nil {
		t.Fatal(err)
	}
	w := parse(t, text)
	landscape, _ = w.File("landscape.yml")
	return serve(t, w), landscape
}

func parse(t testing.TB, text []byte) *world.World {
	t.Helper()
	w, err := world.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func serve(t testing.TB, w *world.World) *world.Server {
	t.Helper()
	server, err := w.Serve(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}
