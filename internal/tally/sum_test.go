package tally

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

var summands = []*gromav1.FileCount{
	{Language: "Rust", Class: Source, Lines: 6, Code: 3, Comments: 2, Blanks: 1, Complexity: 4, Bytes: 60},
	{Language: "Go", Class: Test, Lines: 1, Code: 1, Bytes: 10},
	{Skipped: Symlink, Bytes: 5},
	{Language: "Rust", Class: Source, Lines: 2, Code: 1, Comments: 1, Complexity: 1, Bytes: 20},
	{Language: "Go", Class: Source, Bytes: 0},
	{Skipped: Binary, Bytes: 100},
	{Skipped: Binary, Bytes: 200},
}

func TestSum(t *testing.T) {
	wantTally := []*gromav1.Tally{
		{Language: "Go", Class: Source, Files: 1},
		{Language: "Go", Class: Test, Files: 1, Lines: 1, Code: 1, Bytes: 10},
		{Language: "Rust", Class: Source, Files: 2, Lines: 8, Code: 4, Comments: 3, Blanks: 1, Complexity: 5, Bytes: 80},
	}
	wantSkipped := []*gromav1.Skipped{{Why: Binary, Files: 2, Bytes: 300}, {Why: Symlink, Files: 1, Bytes: 5}}
	check := func(name string, sum *Sum) {
		t.Helper()
		if got := sum.Files(); got != 7 {
			t.Errorf("%s: %d files", name, got)
		}
		if got := sum.Tally(); !slices.EqualFunc(got, wantTally, equal) {
			t.Errorf("%s: got %v, want %v", name, got, wantTally)
		}
		if got := sum.Skipped(); !slices.EqualFunc(got, wantSkipped, equal) {
			t.Errorf("%s: got %v, want %v", name, got, wantSkipped)
		}
	}

	var forth, back, first, second, merged Sum
	for i, file := range summands {
		forth.Add(file)
		back.Add(summands[len(summands)-1-i])
		if i%2 == 0 {
			first.Add(file)
		} else {
			second.Add(file)
		}
	}
	merged.Merge(&first)
	merged.Merge(&second)
	merged.Merge(&Sum{})
	check("in order", &forth)
	check("in reverse", &back)
	check("merged", &merged)

	forth.Tally()[0].Files = 100
	forth.Skipped()[0].Files = 100
	check("after changing a result", &forth)
}

func equal[M proto.Message](a, b M) bool { return proto.Equal(a, b) }
