package census

import (
	"groma/internal/gitwire"
	"groma/internal/tally"
)

// entryOf is a file of a snapshot as tally looks at it.
func entryOf(file gitwire.File) tally.Entry {
	return tally.Entry{Path: file.Path, Mode: modes[file.Mode], Blob: file.Blob, Size: file.Size}
}

// modes: what git has no other name for is a regular file.
var modes = map[gitwire.Mode]tally.Mode{
	gitwire.Regular:    tally.Regular,
	gitwire.Executable: tally.Executable,
	gitwire.Symlink:    tally.SymbolicLink,
	gitwire.Submodule:  tally.Gitlink,
}
