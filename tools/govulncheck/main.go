// Command govulncheck says which known vulnerabilities are in programs of Go:
//
//	cd tools/govulncheck && go run . [-images 1.26.11] PROGRAM...
//
// It reads programs, with their symbols, instead of sources: the linker leaves
// out what nothing can call, so a vulnerable function that is in one may be
// called; and a call graph of the embedded servers takes more than 14 GB.
//
// The database is the public one, or GOVULNDB, an address that may be a folder
// (file:///…). Where the public one cannot be reached it is the copy that the Go
// module proxy has as golang.org/x/vulndb.
//
// It ends with 1 where a module has a vulnerability that may be called. Those of
// the standard library are told, and are a failure where the Go that images are
// built with (-images) has them, too: which Go a program here is built with is
// up to who builds it. Without a database it says so, and ends with 4.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	images := flag.String("images", "", "the version of Go that images are built with, as 1.26.11")
	flag.Parse()
	ctx := context.Background()
	at, err := database(ctx)
	if err != nil {
		fmt.Println("skipped: the database of vulnerabilities cannot be reached; where it can, run 'go run . PROGRAM' in tools/govulncheck, or say where a copy of it is: GOVULNDB=file:///FOLDER")
		os.Exit(4)
	}
	fmt.Println("database:", at)
	if err := run(ctx, at, *images, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "govulncheck:", err)
		os.Exit(1)
	}
}

// run looks at programs, and fails where something has to be done.
func run(ctx context.Context, at, images string, programs []string) error {
	ofImages, err := ofGo(ctx, at, images)
	if err != nil {
		return err
	}
	todo := 0
	for _, program := range programs {
		found, err := in(ctx, at, program)
		if err != nil {
			return err
		}
		for _, f := range found {
			ours := f.module != standard || slices.Contains(ofImages, f.id)
			if ours {
				todo++
			}
			fmt.Println(f.line(program, ours))
		}
		fmt.Printf("%s: %d vulnerabilities that may be called, %d of them in modules\n", program, len(found), len(slices.DeleteFunc(found, func(f finding) bool { return f.module == standard })))
	}
	if todo > 0 {
		return fmt.Errorf("%d vulnerabilities: upgrade what has them, in go.mod and in deploy/Dockerfile", todo)
	}
	return nil
}

// line tells of a finding.
func (f finding) line(program string, ours bool) string {
	fixed := "not fixed yet"
	if f.fixed != "" {
		fixed = "fixed in " + f.fixed
	}
	where := f.module + " " + f.version
	if !ours {
		fixed += ", and in the Go of images: build with it what you give away"
	}
	return strings.Join([]string{program, f.id, where, fixed, "calls of " + f.symbol}, ": ")
}
