package groma_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"
)

// goroutines are the files that begin any, how many, and why a panic on one of
// them does not end the process, with what it does for all others.
var goroutines = map[string]struct {
	begun int
	why   string
}{
	"internal/census/readings.go":     {1, "each call has fault.Catch"},
	"internal/packstream/contents.go": {1, "applyDelta has fault.Catch"},
	"internal/packstream/hands.go":    {1, "each blob has fault.Catch"},
	"internal/survey/verify_rows.go":  {1, "each row has fault.Catch"},
	"internal/service/list.go":        {1, "each survey has fault.Catch"},
	"internal/service/watch.go":       {3, "each has fault.Catch"},
	"internal/notice/answer.go":       {1, "each call has fault.Catch"},
	"internal/cli/serve.go":           {2, "the queue and the answers have fault.Catch; net/http catches"},
	"internal/server/serve.go":        {1, "net/http catches"},
	"internal/server/events.go":       {1, "hands on what this process has made"},
	"internal/world/serve.go":         {2, "serves examples; net/http catches"},
	"internal/doctor/doctor.go":       {1, "a command that somebody waits for; what asks git has fault.Catch"},
	"internal/gitwire/ssh.go":         {2, "wait and close"},
	"internal/gitwire/stream.go":      {3, "wait and close"},
	"internal/gitwire/tap.go":         {1, "closes"},
	"internal/artefact/s3.go":         {1, "cancels"},
	"internal/server/call.go":         {1, "cancels"},
	"internal/engine/clock.go":        {1, "looks at the clock"},
	"internal/cli/run.go":             {1, "waits"},
	"internal/cli/cli.go":             {1, "waits for signals"},
	"workers/workers.go":              {1, "tells that it is alive"},
}

// TestGoroutines: nobody begins one without having thought of panics.
func TestGoroutines(t *testing.T) {
	found := map[string]int{}
	for file := range sources(t) {
		pkg := path.Dir(file)
		if pkg == "workflows" || pkg == "internal/stranger" || strings.HasSuffix(pkg, "test") || strings.HasPrefix(file, "bench/") || strings.HasPrefix(file, "deploy/") {
			continue // the library's own, which are none, and what only tests and benchmarks run
		}
		if n := begunIn(t, file); n > 0 {
			found[file] = n
		}
	}
	for file, n := range found {
		if n != goroutines[file].begun {
			t.Errorf("%s begins %d goroutines, and %d are known: see that a panic there ends nothing (fault.Catch), and say how in this file", file, n, goroutines[file].begun)
		}
	}
	for file := range goroutines {
		if found[file] == 0 {
			t.Errorf("%s begins no goroutine any more", file)
		}
	}
}

// begunIn counts go statements, and calls that come to the same.
func begunIn(t *testing.T, file string) (n int) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			n++
		case *ast.CallExpr:
			if method, ok := node.Fun.(*ast.SelectorExpr); ok && (method.Sel.Name == "Go" || method.Sel.Name == "AfterFunc") {
				n++
			}
		}
		return true
	})
	return n
}
