// Command licences says under which terms the modules are that a groma is
// linked of. It makes two files: docs/licences.md, the list of them, and
// internal/cli/licences.txt, their texts, which the program carries within it,
// since most of the terms are that whoever gets the program gets them, too.
//
//	cd tools/licences && go run .          # after any change of go.mod
//	cd tools/licences && go run . -check   # changes nothing, and fails where they are out of date
//
// It fails where a module's terms are not among those that are allowed, or
// cannot be told.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "change nothing; fail where the files are out of date")
	flag.Parse()
	if err := run("../..", *check); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// run makes both files of the module at root.
func run(root string, check bool) error {
	modules, err := linked(root)
	if err != nil {
		return err
	}
	var refused []error
	for i := range modules {
		if err := modules[i].read(); err != nil {
			refused = append(refused, err)
		}
	}
	if err := errors.Join(refused...); err != nil {
		return err
	}
	own, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		return err
	}
	ours := module{Path: "groma", Version: "itself", files: []file{{"LICENSE", tidy(own)}}}
	put := write
	if check {
		put = compare
	}
	return errors.Join(
		put(filepath.Join(root, "docs", "licences.md"), list(modules)),
		put(filepath.Join(root, "internal", "cli", "licences.txt"), texts(append([]module{ours}, modules...))),
	)
}

func write(path string, data []byte) error {
	return os.WriteFile(path, data, 0o644)
}

func compare(path string, data []byte) error {
	old, err := os.ReadFile(path)
	if err == nil && !bytes.Equal(old, data) {
		err = fmt.Errorf("%s is out of date: run 'go run .' in tools/licences and read what it changes", path)
	}
	return err
}
