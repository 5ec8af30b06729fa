package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/vuln/scan"
)

const (
	public   = "https://vuln.go.dev"
	copied   = "golang.org/x/vulndb@latest"
	standard = "stdlib"
)

// Times that a database is waited for: to answer, and to be downloaded.
const (
	answers   = 20 * time.Second
	downloads = 2 * time.Minute
)

// database is the address of a database that can be read.
func database(ctx context.Context) (string, error) {
	if at := os.Getenv("GOVULNDB"); at != "" {
		return at, nil
	}
	limited, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	if _, err := messages(limited, public, "-mode", "query", standard+"@go1.26.0"); err == nil {
		return public, nil
	}
	limited, cancel = context.WithTimeout(ctx, downloads)
	defer cancel()
	cmd := exec.CommandContext(limited, "go", "mod", "download", "-json", copied)
	cmd.Dir = os.TempDir() // no module's: it has to be the newest
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	var module struct{ Version, Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", err
	}
	fmt.Println("the public database cannot be reached: this is", copied[:strings.IndexByte(copied, '@')], module.Version)
	return "file://" + filepath.ToSlash(filepath.Join(module.Dir, "data", "osv")), nil
}

// A message is a part of what govulncheck prints.
type message struct {
	OSV *struct {
		ID string `json:"id"`
	} `json:"osv"`
	Finding *struct {
		OSV   string `json:"osv"`
		Fixed string `json:"fixed_version"`
		Trace []struct{ Module, Version, Package, Function, Receiver string }
	} `json:"finding"`
}

// messages are what govulncheck says.
func messages(ctx context.Context, at string, args ...string) (all []message, err error) {
	var out, said bytes.Buffer
	cmd := scan.Command(ctx, append([]string{"-db", at, "-json"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := errors.Join(cmd.Start(), cmd.Wait()); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	for decoder := json.NewDecoder(&out); ; {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
}

// A finding is a vulnerability of which a function is in a program.
type finding struct{ id, module, version, fixed, symbol string }

// in are the findings in a program, one for each vulnerability and module.
func in(ctx context.Context, at, program string) (found []finding, err error) {
	all, err := messages(ctx, at, "-mode", "binary", program)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.Finding == nil || len(m.Finding.Trace) == 0 || m.Finding.Trace[0].Function == "" {
			continue // it names a module or a package, and nothing that is called
		}
		t := m.Finding.Trace[0]
		found = append(found, finding{m.Finding.OSV, t.Module, t.Version, m.Finding.Fixed, t.Package + "." + strings.TrimPrefix(t.Receiver+"."+t.Function, ".")})
	}
	slices.SortFunc(found, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.module, b.module), strings.Compare(a.id, b.id), strings.Compare(a.symbol, b.symbol))
	})
	return slices.CompactFunc(found, func(a, b finding) bool { return a.id == b.id && a.module == b.module }), nil
}

// ofGo are the vulnerabilities of a version of Go, none without a version.
func ofGo(ctx context.Context, at, version string) (ids []string, err error) {
	if version == "" {
		return nil, nil
	}
	all, err := messages(ctx, at, "-mode", "query", standard+"@go"+version)
	for _, m := range all {
		if m.OSV != nil {
			ids = append(ids, m.OSV.ID)
		}
	}
	return ids, err
}
