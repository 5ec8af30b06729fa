package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// builds are what groma is built for, each of which links a little else. The
// list is the same on any machine.
var builds = [][]string{
	{"GOOS=linux", "GOARCH=amd64"},
	{"GOOS=linux", "GOARCH=arm64"},
	{"GOOS=darwin", "GOARCH=arm64"},
}

// programs are what is given away: see deploy/Dockerfile.
var programs = []string{"./cmd/groma", "./deploy/probe"}

// A module is one that a program is linked of.
type module struct {
	Path, Version, Dir string
	Main               bool
	packages           map[string]bool // folders of those that are linked
	files              []file
	terms              []string // SPDX identifiers
}

// linked are the modules of all builds, in order, and the standard library.
func linked(root string) ([]module, error) {
	found := map[string]*module{}
	for _, build := range builds {
		if err := listBuild(root, build, found); err != nil {
			return nil, err
		}
	}
	modules := []module{}
	for _, m := range found {
		modules = append(modules, *m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return modules, nil
}

// listBuild adds what one build links to the modules that are found.
func listBuild(root string, environment []string, found map[string]*module) error {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, programs...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = root, append(os.Environ(), append(environment, "CGO_ENABLED=0")...), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list for %v: %w", environment, err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *module
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		add(found, p.Module, p.Dir, p.Standard)
	}
}

// standard is what the standard library is called here. It has the version of
// whoever builds.
const standard = "std"

func add(found map[string]*module, m *module, folder string, isStandard bool) {
	if isStandard {
		root, _, _ := strings.Cut(folder, string(filepath.Separator)+"src"+string(filepath.Separator))
		m = &module{Path: standard, Version: "of the Go that builds it", Dir: root}
		folder = root // what it has of others is under its own terms
	}
	if m == nil || m.Main {
		return
	}
	if found[m.Path] == nil {
		m.packages = map[string]bool{}
		found[m.Path] = m
	}
	found[m.Path].packages[folder] = true
}
