package tally

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// sccFile is a file in the report of scc --by-file.
type sccFile struct {
	Language                                       string
	Location                                       string
	Lines, Code, Comment, Blank, Complexity, Bytes int64
}

// runSCC checks files out into a folder and lets scc count them, by path.
func runSCC(t *testing.T, scc string, files []treeFile, args ...string) map[string]sccFile {
	t.Helper()
	dir := t.TempDir()
	for _, file := range files {
		name := filepath.Join(dir, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch file.Mode {
		case SymbolicLink:
			err = os.Symlink(string(file.content), name)
		case Regular, Executable:
			err = os.WriteFile(name, file.content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(scc, append([]string{"--by-file", "--format", "json"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var report []struct{ Files []sccFile }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	counted := map[string]sccFile{}
	for _, language := range report {
		for _, file := range language.Files {
			counted[path.Clean(filepath.ToSlash(file.Location))] = file
		}
	}
	return counted
}

// sccExcludes is the names that scc leaves out unless told otherwise.
var sccExcludes = []string{
	"package-lock.json", "Cargo.lock", "yarn.lock", "pubspec.lock", "Podfile.lock", "pnpm-lock.yaml",
}

// sccPicks is the languages among which scc chooses as its maps fall.
var sccPicks = []string{"TeX", "LaTeX", "HEEx", "Phoenix LiveView", "TemplateToolkit", "Treetop"}

// explain names the known difference between our count of a file and scc's;
// empty where they agree. Every name here is a row of
// docs/decisions/0003-differences-from-scc.md.
func explain(ours *gromav1.FileCount, theirs sccFile, counted bool) (difference string, known bool) {
	same := sccFile{
		Language: ours.Language, Location: theirs.Location, Lines: ours.Lines, Code: ours.Code,
		Comment: ours.Comments, Blank: ours.Blanks, Complexity: ours.Complexity, Bytes: ours.Bytes,
	}
	switch {
	case ours.Skipped == "" && counted && same == theirs, ours.Skipped != "" && !counted:
		return "", true
	case ours.Skipped == LFSPointer:
		return "Git LFS pointers", true
	case ours.Skipped == TooLarge:
		return "large files", true
	case !counted && (ours.Language == "gitignore" || ours.Language == "ignore"):
		return "ignore files", true
	case !counted && slices.Contains(sccExcludes, path.Base(ours.Path)):
		return "lock files", true
	case counted && ours.Lines == theirs.Lines+1 && ours.Code+ours.Blanks == theirs.Code+theirs.Blank+1:
		return "last line", true
	case counted && theirs.Lines == ours.Lines+1 && theirs.Comment == ours.Comments+1:
		return "comment opened by the last byte", true
	case counted && slices.Contains(sccPicks, ours.Language) && slices.Contains(sccPicks, theirs.Language):
		return "ambiguous languages", true
	}
	return "unknown", false
}

// TestSCC compares every file of real trees with scc's count of a checkout.
func TestSCC(t *testing.T) {
	scc := outside(t, "GROMA_TEST_SCC", "the scc program, version "+sccVersion)
	remotes := outside(t, "GROMA_TEST_REMOTES", "a folder of bare repositories, owner/name.git")
	for _, o := range readOracles(t) {
		t.Run(o.repository, func(t *testing.T) {
			files := readTree(t, filepath.Join(remotes, o.repository+".git"), o.commit)
			theirs := runSCC(t, scc, files)
			differences := map[string]int{}
			for _, ours := range countTree(files) {
				their, counted := theirs[ours.Path]
				difference, known := explain(ours, their, counted)
				if !known {
					t.Errorf("%s:\n got %v\nwant %+v (counted: %v)", ours.Path, ours, their, counted)
				}
				if difference != "" {
					differences[difference]++
				}
			}
			t.Logf("%d files, differing: %v", len(files), differences)
		})
	}
}
