package telemetry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"groma/internal/telemetry"
)

// before is how many arguments of a logger's method stand before the keys.
var before = map[string]int{
	"Debug": 1, "Info": 1, "Warn": 1, "Error": 1,
	"DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2,
	"Log": 3, "LogAttrs": 3, "With": 0,
}

// attributes are the functions of slog that begin with a key.
var attributes = map[string]bool{
	"String": true, "Int": true, "Int64": true, "Uint64": true, "Float64": true, "Bool": true, "Any": true, "Duration": true, "Time": true, "Group": true,
}

// TestKeys: whatever the program logs has a key of the one list.
func TestKeys(t *testing.T) {
	logged := 0
	for _, folder := range []string{"internal", "workers", "workflows", "cmd", "bench", "deploy"} {
		for at, keys := range loggedKeys(t, filepath.Join("../..", folder)) {
			for _, key := range keys {
				logged++
				if telemetry.Keys[key] == "" {
					t.Errorf("%s logs %q, which is no key of internal/telemetry/keys.go: is there one for it, or shall there be?", at, key)
				}
			}
		}
	}
	if logged < 20 {
		t.Errorf("%d keys are logged: is this where the sources are?", logged)
	}
}

// loggedKeys parses what is in a folder, and finds the keys of each call.
func loggedKeys(t *testing.T, folder string) map[string][]string {
	t.Helper()
	found, files := map[string][]string{}, token.NewFileSet()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "LogValue" {
				return false // settings
			}
			if call, ok := n.(*ast.CallExpr); ok {
				if keys := keysOf(call); len(keys) > 0 {
					found[files.Position(call.Pos()).String()] = keys
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// keysOf are the keys that a call logs, if it is one that does.
func keysOf(call *ast.CallExpr) (keys []string) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	on, _ := method.X.(*ast.Ident)
	if on != nil && on.Name == "slog" && attributes[method.Sel.Name] {
		return literals(call.Args[:1])
	}
	skip, ok := before[method.Sel.Name]
	if !ok || on != nil && on.Name == "http" || len(call.Args) < skip+2 {
		return nil
	}
	for i := skip; i+1 < len(call.Args); i += 2 {
		keys = append(keys, literals(call.Args[i:i+1])...)
	}
	return keys
}

func literals(of []ast.Expr) (texts []string) {
	for _, expression := range of {
		if literal, ok := expression.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err == nil && !strings.Contains(text, " ") { // which are messages, of others than loggers
				texts = append(texts, text)
			}
		}
	}
	return texts
}
