package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A target is one fuzz test.
type target struct {
	folder string // of its package, within the module
	name   string
	holds  string // what its comment says that holds
}

// label is what a target is called in the table, and only it.
func (t target) label() string {
	return fmt.Sprintf("`%s` %s", strings.TrimPrefix(t.folder, "internal/"), t.name)
}

// targets are the fuzz tests of the module at root, in order of folder and name.
func targets(root string) ([]target, error) {
	var found []target
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && !ours(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		of, err := targetsOf(name, filepath.ToSlash(folder))
		found = append(found, of...)
		return err
	})
	slices.SortFunc(found, func(a, b target) int {
		return cmp.Or(strings.Compare(a.folder, b.folder), strings.Compare(a.name, b.name))
	})
	return found, err
}

// ours says whether a folder may have packages of the module.
func ours(name string) bool {
	return name != "testdata" && name != "tools" && name != "node_modules" && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_")
}

// targetsOf are the fuzz tests of one file.
func targetsOf(file, folder string) ([]target, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []target
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") || len(f.Type.Params.List) != 1 {
			continue
		}
		t := target{folder: folder, name: f.Name.Name, holds: sentence(f)}
		if t.holds == "" {
			return nil, fmt.Errorf("%s has no comment: say there what holds, whatever comes", path.Join(folder, t.name))
		}
		found = append(found, t)
	}
	return found, nil
}

// sentence is the first of a function's comment, without its name.
func sentence(f *ast.FuncDecl) string {
	text := new(doc.Package).Synopsis(f.Doc.Text())
	text = strings.TrimSuffix(text, ".")
	text = strings.TrimPrefix(strings.TrimPrefix(text, f.Name.Name), ":")
	return strings.TrimSpace(text)
}
