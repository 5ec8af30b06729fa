package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"groma/internal/world"
)

// makeHost makes repositories, serves them, and lists them, as if they were of a
// host on the network.
func (s *storm) makeHost(ctx context.Context) error {
	text, list := made(s.made)
	w, err := world.Parse([]byte(text))
	if err != nil {
		return err
	}
	if s.world, err = w.Serve(ctx); err != nil {
		return err
	}
	if s.to, err = url.Parse(s.world.URL); err != nil {
		return err
	}
	s.from, s.list = "https://github.com/", filepath.Join(s.folder, "list.txt")
	return os.WriteFile(s.list, []byte(list), 0o644)
}

// made is a world of repositories, no two alike, and a list of them. Each has a
// few languages and documents, some dozen files, some ten thousand lines, and one
// file that hardly compresses, so that packs are of a size.
func made(repositories int) (text, list string) {
	var files, names strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for r := range repositories {
		name := fmt.Sprintf("storm/repository-%02d", r+1)
		fmt.Fprintf(&names, "https://github.com/%s\n", name)
		fmt.Fprintf(&files, "-- repos/%s/README.md --\n# Repository %d\n\nIt is written in Rust and Go.\n", name, r+1)
		fmt.Fprintf(&files, "-- repos/%s/data/noise.txt --\n", name)
		for range 20_000 {
			fmt.Fprintf(&files, "%016x%016x\n", random.Uint64(), random.Uint64())
		}
		for f := range 12 + r%5 {
			fmt.Fprintf(&files, "-- repos/%s/src/part%d.rs [repeat %d] --\n// Part %d.\nfn part() -> u32 {\n\n    %d\n}\n", name, f, 50+10*r, f, r*100+f)
			fmt.Fprintf(&files, "-- repos/%s/cmd/part%d/main.go [repeat %d] --\n// Part %d.\nvar part%d = %d\n\n", name, f, 100+r, f, f, r)
		}
	}
	return files.String(), names.String()
}
