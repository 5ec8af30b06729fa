package world

import (
	"bytes"
	"strings"
)

// textFile is one file of a txtar archive.
type textFile struct {
	name string
	data []byte
}

// split reads a txtar archive: files, each after a line "-- NAME --". What
// stands before the first such line is a comment. No text is an error.
func split(archive []byte) []textFile {
	var files []textFile
	for len(archive) > 0 {
		line := archive
		if i := bytes.IndexByte(archive, '\n'); i >= 0 {
			line = archive[:i+1]
		}
		archive = archive[len(line):]
		if name, ok := marker(string(line)); ok {
			files = append(files, textFile{name: name})
		} else if n := len(files); n > 0 {
			files[n-1].data = append(files[n-1].data, line...)
		}
	}
	return files
}

func marker(line string) (name string, ok bool) {
	line = strings.TrimRight(line, "\r\n")
	rest, ok := strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(rest, " --")
	name = strings.TrimSpace(name)
	return name, ok && name != ""
}
