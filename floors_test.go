package groma_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors says where each package stands. A package imports only from floors
// below its own; proto is no floor and may be imported from anywhere. Tests
// and what only tests and benchmarks import stand on the roof.
var floors = map[string]int{
	"cmd/groma":        7,
	"deploy/probe":     7,
	"internal/cli":     6,
	"internal/server":  5,
	"internal/service": 4,
	"internal/doctor":  4,
	"internal/form":    3,
	"internal/engine":  3,
	"workers":          3,
	"workflows":        2, // below workers, so that it cannot import them
	"internal/census":  2,
	"internal/survey":  2,
	"internal/gitwire": 1, "internal/artefact": 1, "internal/notice": 1, "internal/source": 1, "internal/world": 1, "internal/page": 1, "internal/telemetry": 1, "internal/secret": 1,
	"internal/sheet": 0, "internal/difference": 0, // what is made of reports
	"internal/push":    0, // what code hosts send
	"internal/outward": 0, // what may be asked
	"internal/sealed":  0, // what Temporal keeps
	"internal/report":  -1, "internal/annotation": -1,
	"internal/landscape": -2, "internal/packstream": -2, "internal/tally": -2, "internal/vitals": -2, "internal/words": -2, // what a report is made of
	"internal/fault": -3, "internal/canonical": -3, "internal/inflate": -3, "internal/conceal": -3, // the words that every floor speaks

	"internal/engine/enginetest": 6, "internal/artefact/artefacttest": 5, "internal/world/worldtest": 4, "internal/report/reporttest": 5, "internal/stranger": 4, "internal/secretstest": 4, "internal/goldentest": 4, "internal/browsertest": 4,
	"bench": 4, "bench/clock": 4, "bench/aggregate": 5, "bench/pass": 5, "bench/count": 5, "bench/flow": 5, "bench/scale": 5, "bench/fuzz": 5, "bench/storm": 5, "bench/strangers": 5,
}

// reserved are dependencies that one package alone may import: what it is for.
var reserved = map[string][]string{
	"go.temporal.io/server":            {"internal/engine"},
	"github.com/nats-io/nats-server":   {"internal/engine", "internal/engine/enginetest"},
	"github.com/nats-io/nkeys":         {"internal/engine"},
	"github.com/minio/minio-go":        {"internal/artefact"},
	"github.com/boyter/scc":            {"internal/tally"},
	"github.com/go-enry/go-enry":       {"internal/tally"},
	"github.com/spf13/cobra":           {"internal/cli"},
	"connectrpc.com/connect/v2":        {"internal/service", "internal/server", "internal/cli"},
	"github.com/nats-io/nats.go":       {"internal/engine", "internal/notice"},
	"go.temporal.io/sdk":               {"internal/engine", "workflows", "workers", "internal/service", "internal/cli", "internal/telemetry", "bench/flow"},
	"github.com/go-git/go-git/v5":      {"internal/gitwire", "internal/world", "internal/tally"},
	"github.com/parquet-go/parquet-go": {"internal/sheet"},
	"github.com/chromedp/chromedp":     {"internal/browsertest"}, // tests alone drive a browser
	"github.com/pjbgf/sha1cd":          {"internal/packstream"},
	"go.opentelemetry.io/otel":         {"internal/telemetry"},
	"github.com/prometheus":            {"internal/telemetry"},
	"golang.org/x/net":                 {"internal/vitals"}, // the public suffix list
}

// outside are standard packages that a package on floor 0 or below does
// without: it computes, and has no clock, disk, network or environment.
var outside = map[string]bool{"os": true, "net": true, "net/http": true, "os/exec": true, "io/ioutil": true}

func TestFloors(t *testing.T) {
	for file, imports := range sources(t) {
		pkg := path.Dir(file)
		if pkg == "." || strings.HasPrefix(pkg, "proto/") {
			continue
		}
		floor, ok := floors[pkg]
		if !ok {
			t.Errorf("%s: package %s stands on no floor: say in floors which", file, pkg)
			continue
		}
		for _, imported := range imports {
			if floor <= 0 && outside[imported] {
				t.Errorf("%s: %s only computes, yet it imports %s", file, pkg, imported)
			}
			below, ours := strings.CutPrefix(imported, "groma/")
			if ours && !strings.HasPrefix(below, "proto/") && floors[below] >= floor {
				t.Errorf("%s: %s (floor %d) imports %s (floor %d)", file, pkg, floor, below, floors[below])
			}
		}
	}
}

// TestNoClock: what only computes does not ask for the time. It may handle
// times that it is given.
func TestNoClock(t *testing.T) {
	for file := range sources(t) {
		if floor, ok := floors[path.Dir(file)]; !ok || floor > 0 {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, clock := range []string{"time.Now(", "time.Since(", "time.Until(", "time.Sleep(", "time.After("} {
			if strings.Contains(string(text), clock) {
				t.Errorf("%s only computes, yet it calls %s)", file, clock)
			}
		}
	}
}

func TestReserved(t *testing.T) {
	for file, imports := range sources(t) {
		pkg := path.Dir(file)
		for _, imported := range imports {
			for module, allowed := range reserved {
				if strings.HasPrefix(pkg, "proto/") {
					continue // generated
				}
				within := imported == module || strings.HasPrefix(imported, module+"/")
				if within && !slices.Contains(allowed, pkg) {
					t.Errorf("%s imports %s, which only %v may", file, imported, allowed)
				}
			}
		}
	}
}

// sources reads the imports of every Go file that is not a test. It parses
// instead of asking go list, since go test would remember the answer.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "tools" || strings.HasPrefix(entry.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, spec := range parsed.Imports {
			value, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, value)
		}
		found[filepath.ToSlash(name)] = imports
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("found %d source files: is this the module's root?", len(found))
	}
	return found
}
